"""Single records over REST: create, read, replace, change, delete, and everything that is refused."""

from typing import Any

import pytest

from bronze.models import RawRecord
from bronze.repositories import RawRecords
from tests.integration.api.client import Api, assert_problem, at, client_of, rules
from tests.integration.bronze.intake import Intake
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
BANK = valid_row("user_bank_info")
JOB = valid_row("employment_info")


@pytest.fixture
def user(curator: Api) -> None:
    assert curator.post("/users", USER).status_code == 201


@pytest.mark.parametrize(
    ("dataset", "key", "field", "value"),
    [
        ("users", "1001", "city", "Bonn"),
        ("user_bank_info", "1001", "bank_name", "Other Bank"),
        ("employment_info", "5001", "salary", "70000.00"),
    ],
)
def test_create_read_replace_change_delete(
    admin: Api, dataset: str, key: str, field: str, value: str
) -> None:
    if dataset != "users":
        admin.post("/users", USER)
    row = valid_row(dataset)
    created = admin.post(f"/{dataset}", row)
    assert (created.status_code, created["Location"]) == (201, f"/api/v1/bronze/{dataset}/{key}")
    read = admin.get(f"/{dataset}/{key}")
    about = read.json()["_record"]
    assert read.json() == row | {"_record": about}
    assert (about["key"], about["status"], about["errors"], about["source_file"]) == (key, "valid", [], None)
    assert read["ETag"] == f'"{about["revision"]}"'

    replaced = admin.put(f"/{dataset}/{key}", row | {field: value})
    assert (replaced.status_code, replaced.json()[field]) == (200, value)
    assert replaced["ETag"] != read["ETag"]
    changed = admin.patch(f"/{dataset}/{key}", {field: row[field]})
    assert {name: changed.json()[name] for name in row} == row
    assert admin.get(f"/{dataset}", **{field: row[field]}).json()["count"] == 1

    assert admin.delete(f"/{dataset}/{key}").status_code == 204
    assert_problem(admin.get(f"/{dataset}/{key}"), 404, "record_not_found")
    assert_problem(admin.put(f"/{dataset}/{key}", row), 404, "record_not_found")
    assert_problem(admin.patch(f"/{dataset}/{key}", {}), 404, "record_not_found")
    assert_problem(admin.delete(f"/{dataset}/{key}"), 404, "record_not_found")
    assert admin.get(f"/{dataset}").json() == {"items": [], "count": 0}
    assert admin.get(f"/{dataset}", record_status="deleted").json()["count"] == 1

    assert admin.post(f"/{dataset}", row).status_code == 201
    assert admin.get(f"/{dataset}/{key}").json()["_record"]["status"] == "valid"


def test_a_key_that_is_taken(curator: Api, user: None) -> None:
    body = assert_problem(curator.post("/users", USER | {"city": "Bonn"}), 409, "record_exists")
    assert "PUT" in body["detail"]
    assert curator.get("/users/1001").json()["city"] == "Berlin"


def test_every_error_of_a_row_is_named(curator: Api) -> None:
    body = assert_problem(
        curator.post("/users", USER | {"email": "x", "country": "XX", "city": None}),
        422,
        "contract_violation",
    )
    assert rules(body) == [("email", "pattern"), ("city", "required"), ("country", "country")]
    assert [error["pointer"] for error in body["errors"]] == ["/email", "/city", "/country"]
    assert not RawRecord.objects.exists()


def test_an_empty_row(curator: Api) -> None:
    body = assert_problem(curator.post("/departments", {}), 422, "contract_violation")
    assert rules(body) == [("id", "required"), ("department", "required")]


def test_a_reference_to_a_user_that_is_missing(curator: Api) -> None:
    body = assert_problem(curator.post("/employment_info", JOB), 422, "contract_violation")
    assert rules(body) == [("user_id", "reference")]


def test_a_user_in_use_stays(curator: Api, user: None) -> None:
    curator.post("/employment_info", JOB | {"user_id": " 1001 "})
    body = assert_problem(curator.delete("/users/1001"), 409, "record_in_use")
    assert "1 in employment_info" in body["detail"]
    assert curator.delete("/employment_info/5001").status_code == 204
    assert curator.delete("/users/1001").status_code == 204


def test_what_is_created_again_has_no_edits_of_old(curator: Api, user: None) -> None:
    RawRecord.objects.filter(key="1001").update(patch={"city": "Ulm"}, errors=[{"message": "old"}])
    curator.delete("/users/1001")
    assert curator.post("/users", USER).status_code == 201
    again = curator.get("/users/1001").json()
    assert (again["city"], again["_record"]["errors"]) == ("Berlin", [])


def test_put_takes_the_place_of_edits_that_were_wrong(curator: Api, user: None) -> None:
    RawRecord.objects.filter(key="1001").update(
        patch={"country": "XX"}, status="quarantined", errors=[{"message": "?"}]
    )
    replaced = curator.put("/users/1001", USER).json()
    assert (replaced["country"], replaced["_record"]["status"], replaced["_record"]["errors"]) == (
        "DE",
        "valid",
        [],
    )


def test_a_change_keeps_the_other_fields_and_null_empties_one(curator: Api, user: None) -> None:
    RawRecord.objects.update(payload=USER | {"nickname": "Ada"})
    changed = curator.patch("/users/1001", {"phone": None, "city": "Bonn"}).json()
    del changed["_record"]
    assert changed == USER | {"phone": None, "city": "Bonn", "nickname": "Ada"}
    assert_problem(curator.patch("/users/1001", {"city": None}), 422, "contract_violation")
    assert curator.get("/users/1001").json()["city"] == "Bonn"


def test_writing_the_same_again_is_no_new_revision(curator: Api, user: None) -> None:
    before = RawRecord.objects.get()
    assert curator.put("/users/1001", USER).status_code == 200
    assert curator.patch("/users/1001", {"city": "Berlin"}).status_code == 200
    after = RawRecord.objects.get()
    assert (after.revision, after.xid) == (before.revision, before.xid)


def test_numbers_may_be_numbers_or_texts(curator: Api, user: None) -> None:
    assert curator.post("/departments", {"id": 7, "department": "Sales"}).json()["_record"]["key"] == "7"
    assert_problem(curator.post("/departments", {"id": "007", "department": "Sales"}), 409, "record_exists")
    assert curator.post("/employment_info", JOB | {"salary": 65000.5}).json()["salary"] == 65000.5
    assert curator.post("/users", USER | {"user_id": 5}).json()["_record"]["key"] == "5"
    assert curator.post("/employment_info", JOB | {"employment_id": 2, "user_id": 5}).status_code == 201
    assert_problem(curator.delete("/users/5"), 409, "record_in_use")


def test_no_digit_of_a_number_is_lost(curator: Api) -> None:
    body = b"""{"sku": "S", "name": "n", "description": "d", "category": "c", "currency": "EUR",
                "price": 9999999999999999.99, "weight": 12345678901234567890123}"""
    assert (
        curator.post("/datasets", {"name": "goods", "title": "Goods", "key_fields": ["sku"]}).status_code
        == 201
    )
    assert curator.post("/datasets/goods/records", body).status_code == 201
    assert curator.patch("/datasets/goods/records/S", {"category": "k"}).status_code == 200
    stored = RawRecords().text_of("goods", "S")
    assert '"price": 9999999999999999.99' in stored
    assert '"weight": 12345678901234567890123' in stored


def test_the_key_in_the_body_must_be_the_one_of_the_address(curator: Api, user: None) -> None:
    body = assert_problem(curator.put("/users/1001", USER | {"user_id": "7"}), 422, "contract_violation")
    assert rules(body) == [("user_id", "key_mismatch")]
    assert_problem(curator.patch("/users/1001", {"user_id": "7"}), 422, "contract_violation")
    without = {name: value for name, value in USER.items() if name != "user_id"}
    assert curator.put("/users/1001", without).json()["user_id"] == "1001"


def test_composite_keys(curator: Api) -> None:
    row = valid_row("order_lines", order_id="a:b/c", line_number=2)
    assert curator.post("/order_lines", row)["Location"].endswith("/order_lines/a%253Ab%2Fc%3A2")
    assert curator.patch(f"/order_lines/{at('a%3Ab/c:2')}", {"quantity": 3}).json()["quantity"] == 3
    assert_problem(curator.put(f"/order_lines/{at('a%3Ab/c:2')}", {"quantity": 3}), 422, "contract_violation")


@pytest.mark.parametrize(
    "key", ["a/b", "a:b", "50%", "%2F", "Ü ñ 漢", "a b", "..", "?x=1#y", "//", "a/", "😀", "'\";--"]
)
def test_keys_with_odd_characters(curator: Api, key: str) -> None:
    created = curator.post("/users", USER | {"user_id": key})
    assert created.status_code == 201
    address = created["Location"].removeprefix("/api/v1/bronze")
    assert curator.get(address).json()["user_id"] == key
    assert curator.patch(address, {"city": "Bonn"}).json()["city"] == "Bonn"
    assert curator.delete(address).status_code == 204


def test_a_key_that_is_too_long(curator: Api) -> None:
    row = valid_row("order_lines", order_id=":" * 64, line_number=1)
    assert curator.post("/order_lines", row).status_code == 201
    assert_problem(curator.post("/users", USER | {"user_id": "x" * 500}), 422, "contract_violation")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "one JSON object"),
        (b'"x"', "one JSON object"),
        (b"null", "one JSON object"),
        (b'{"city": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"city": "\\ud800"}', "surrogate"),
        (b'{"x": NaN}', "NaN"),
        (b'{"x": 1e99999}', "number"),
        (b'{"x": ' + b"9" * 5000 + b"}", "number"),
        (b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}", "nested deeper"),
    ],
)
def test_bodies_that_are_no_record(curator: Api, body: bytes, said: str) -> None:
    for response in (curator.post("/users", body), curator.put("/users/1", body)):
        assert said in assert_problem(response, 422, "invalid_input")["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON: Expecting property name"),
        (b'{"a": 1,}', "line 1, column 9"),
        (b'{"a": 1} {"b": 2}', "more follows"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nested deeper"),
    ],
)
def test_bodies_that_are_no_json(curator: Api, body: bytes, said: str) -> None:
    for response in (curator.post("/users", body), curator.put("/users/1", body)):
        assert said in assert_problem(response, 400, "malformed_body")["detail"]


def test_a_body_with_a_byte_order_mark_and_an_escaped_backslash(curator: Api) -> None:
    assert (
        curator.post("/departments", b'\xef\xbb\xbf {"id": 1, "department": "a\\\\u0000b"}\n').status_code
        == 201
    )


def test_a_field_called_as_our_own_column(curator: Api) -> None:
    curator.post("/datasets", {"name": "notes", "title": "Notes"})
    assert curator.post("/datasets/notes/records", {"id": 1, "_line": 5}).json()["_line"] == 5


def test_a_body_that_is_too_large(curator: Api) -> None:
    body = b'{"id": 1, "department": "' + b"x" * 17_000_000 + b'"}'
    assert_problem(curator.post("/departments", body), 413, "body_too_large")


def test_nul_in_addresses_and_filters(curator: Api) -> None:
    assert_problem(curator.get("/users/%00"), 404, "record_not_found")
    assert_problem(curator.put("/users/a%00b", USER), 404, "record_not_found")
    assert_problem(curator.delete("/users/%00"), 404, "record_not_found")
    assert_problem(curator.get("/users", city="a\x00"), 422, "invalid_input")


def test_lists_have_pages_and_filters(curator: Api) -> None:
    for number in range(5):
        row = USER | {"user_id": str(number), "city": "Bonn" if number % 2 else "Ulm"}
        assert curator.post("/users", row).status_code == 201
    page = curator.get("/users", page=2, page_size=2).json()
    assert ([item["user_id"] for item in page["items"]], page["count"]) == (["2", "3"], 5)
    assert curator.get("/users", page=9).json() == {"items": [], "count": 5}
    bonn = curator.get("/users", city="Bonn", page_size=1).json()
    assert ([item["user_id"] for item in bonn["items"]], bonn["count"]) == (["1"], 2)
    assert curator.get("/users", user_id="3", record_status="valid").json()["count"] == 1
    assert curator.get("/users", user_id="3", record_status="quarantined").json()["count"] == 0


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"page_size": 1001}, {"page": "x"}, {"page": 10**30}, {"record_status": "x"}]
)
def test_queries_that_make_no_sense(curator: Api, query: dict[str, Any]) -> None:
    body = assert_problem(curator.get("/users", **query), 422, "invalid_request")
    assert rules(body)[0][0] == next(iter(query))


def test_parameters_that_are_not_known(curator: Api) -> None:
    body = assert_problem(curator.get("/users", town="Bonn"), 400, "unknown_parameter")
    assert "city" in body["detail"]
    assert_problem(curator.get("/files", colour="red"), 400, "unknown_parameter")


def test_a_list_takes_a_fixed_number_of_queries(curator: Api, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        curator.post("/users", USER | {"user_id": str(number)})
    with django_assert_max_num_queries(8):
        assert curator.get("/users").json()["count"] == 20


def test_masks(admin: Api, curator: Api, viewer: Api, api: Any) -> None:
    curator.post("/users", USER)
    curator.post("/user_bank_info", BANK)
    seen = {name: client.get("/users/1001").json() for name, client in (("c", curator), ("v", viewer))}
    assert seen["c"]["full_name"] == "Ada Lovelace"
    assert (seen["v"]["full_name"], seen["v"]["email"], seen["v"]["city"]) == ("A•••", "a•••", "Berlin")
    assert api("engineer").get("/users/1001").json()["full_name"] == "A•••"
    accounts = [
        client.get("/user_bank_info/1001").json()["account_number"] for client in (admin, curator, viewer)
    ]
    assert accounts == [BANK["account_number"], "•••", "•••"]
    assert viewer.get("/users").json()["items"][0]["full_name"] == "A•••"


def test_secrets_are_encrypted_at_rest_and_survive_changes(admin: Api, curator: Api, intake: Intake) -> None:
    curator.post("/users", USER)
    intake.rows("user_bank_info", BANK | {"iban": "GB82WEST12345698765432"})
    created = curator.get("/user_bank_info/1001")
    assert (created.json()["account_number"], created.json()["iban"]) == ("•••", "•••")
    text = str(RawRecord.objects.get(dataset="user_bank_info").payload)
    assert BANK["account_number"] not in text
    assert "GB82" not in text
    assert curator.patch("/user_bank_info/1001", {"bank_name": "Other"}).status_code == 200
    after = admin.get("/user_bank_info/1001").json()
    assert (after["account_number"], after["bank_name"]) == (BANK["account_number"], "Other")
    assert after["iban"] == "GB82WEST12345698765432"


def test_what_looks_encrypted_is_refused_or_encrypted(admin: Api, intake: Intake) -> None:
    admin.post("/users", USER)
    body = assert_problem(
        admin.post("/user_bank_info", BANK | {"account_number": "aes-siv:AAAA"}), 422, "contract_violation"
    )
    assert rules(body) == [("account_number", "pattern")]
    assert "AAAA" not in str(body)
    intake.rows("user_bank_info", BANK | {"iban": "aes-siv:AAAA"})
    assert admin.get("/user_bank_info/1001").json()["iban"] == "aes-siv:AAAA"


def test_filters_do_not_tell_what_masks_hide(viewer: Api, curator: Api, admin: Api) -> None:
    curator.post("/users", USER)
    assert curator.get("/users", full_name="Ada Lovelace").json()["count"] == 1
    assert_problem(viewer.get("/users", full_name="Ada Lovelace"), 400, "unknown_parameter")
    assert_problem(admin.get("/user_bank_info", account_number="x"), 400, "unknown_parameter")


def test_who_may_write(viewer: Api) -> None:
    body = assert_problem(viewer.post("/users", USER), 403, "forbidden")
    assert "bronze.add_rawrecord" in body["detail"]
    for response in (viewer.put("/users/1", USER), viewer.patch("/users/1", {}), viewer.delete("/users/1")):
        assert_problem(response, 403, "forbidden")
    assert_problem(viewer.send("POST", "/files", b"x"), 403, "forbidden")
    for path in ("/users", "/users/1", "/files", "/files/1", "/datasets"):
        assert_problem(client_of(None).get(path), 403, "forbidden")


def test_data_sets_describe_themselves(viewer: Api) -> None:
    described = {entry["name"]: entry for entry in viewer.get("/datasets").json()}
    assert described["order_lines"]["key"] == ["order_id", "line_number"]
    assert described["users"]["fields"][1]["classification"] == "personal"


def test_changes_keep_every_digit_of_a_number(curator: Api) -> None:
    curator.post("/users", USER)
    curator.post("/employment_info", JOB)
    curator.send("PATCH", "/employment_info/5001", b'{"salary": 1234567890123456.78}')
    curator.patch("/employment_info/5001", {"job_title": "Chief"})
    assert '"salary": 1234567890123456.78' in RawRecords().text_of("employment_info", "5001")
    row = b'[{"employment_id": "5001", "salary": 2234567890123456.78}]'
    assert curator.send("PATCH", "/employment_info/batch", row).json()["changed"] == 1
    curator.patch("/employment_info/5001", {"job_title": "Boss"})
    assert '"salary": 2234567890123456.78' in RawRecords().text_of("employment_info", "5001")

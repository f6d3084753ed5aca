"""References between data sets, by each policy, for rows of the API and of files."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bronze.models import RawRecord
from bronze.services import EditRecord, PreviewFile, UndoFile
from lakehouse_project.kernel.services import resolve
from tests.integration.api.client import Api, assert_problem, rules
from tests.integration.bronze.intake import Intake, counts
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
ROWS = "/datasets/badges/records"


def badges(api: Api, policy: str) -> None:
    """A data set whose records name users."""
    field = {"name": "user_id", "reference": {"dataset": "users", "policy": policy}}
    body = {"name": "badges", "title": "Badges", "key_fields": ["badge"], "fields": [field]}
    assert api.post("/datasets", body).status_code == 201


def status(key: str, dataset: str = "badges") -> str:
    return str(RawRecord.objects.get(dataset=dataset, key=key).status)


def test_reject(curator: Api, intake: Intake) -> None:
    badges(curator, "reject")
    body = assert_problem(curator.post(ROWS, {"badge": "1", "user_id": "1001"}), 422, "contract_violation")
    assert rules(body) == [("user_id", "reference")]
    result = curator.post(
        f"{ROWS}/batch?mode=partial", [{"badge": "1", "user_id": "1001"}, {"badge": "2"}]
    ).json()
    assert [row["status"] for row in result["results"]] == [422, 201]
    assert counts(intake.load("badges.csv", "badge,user_id\n3,1001\n")) == {"read": 1, "inserted": 1}
    curator.post("/users", USER)
    assert "1 in badges" in assert_problem(curator.delete("/users/1001"), 409, "record_in_use")["detail"]


def test_late(curator: Api, intake: Intake) -> None:
    badges(curator, "late")
    assert curator.post(ROWS, {"badge": "1", "user_id": "1001"}).json()["_record"]["status"] == "valid"
    assert counts(intake.load("badges.csv", "badge,user_id\n3,1001\n")) == {"read": 1, "inserted": 1}
    curator.post("/users", USER)
    assert curator.delete("/users/1001").status_code == 204


def test_quarantine_until_the_record_arrives(curator: Api, intake: Intake) -> None:
    badges(curator, "quarantine")
    sent = curator.post(ROWS, {"badge": "1", "user_id": " 1001 "}).json()["_record"]
    assert (sent["status"], sent["errors"][0]["rule"]) == ("quarantined", "reference")
    file = intake.load("badges.csv", "badge,user_id\n2,1001\n3,77\n4,\n")
    assert counts(file) == {"read": 3, "inserted": 1, "quarantined": 2}
    curator.post(f"{ROWS}/batch", [{"badge": "5", "user_id": 1001}])
    assert [status(key) for key in "12345"] == [
        "quarantined",
        "quarantined",
        "quarantined",
        "valid",
        "quarantined",
    ]

    assert curator.post("/users", USER).status_code == 201
    assert [status(key) for key in "12345"] == ["valid", "valid", "quarantined", "valid", "valid"]
    assert RawRecord.objects.get(key="1").errors == []
    assert "3 in badges" in assert_problem(curator.delete("/users/1001"), 409, "record_in_use")["detail"]

    assert curator.patch(f"{ROWS}/4", {"user_id": "88"}).json()["_record"]["status"] == "quarantined"
    assert curator.patch(f"{ROWS}/4", {"user_id": "1001"}).json()["_record"]["status"] == "valid"
    changed = curator.patch(
        f"{ROWS}/batch", [{"badge": "3", "user_id": "1001"}, {"badge": "2", "user_id": "99"}]
    )
    assert changed.json()["changed"] == 2
    assert [status(key) for key in "23"] == ["quarantined", "valid"]


def test_a_repaired_user_releases_who_waits(curator: Api, intake: Intake) -> None:
    badges(curator, "quarantine")
    user = USER | {"country": "XX"}
    intake.load("users.csv", f"{','.join(user)}\n{','.join(str(value) for value in user.values())}\n")
    curator.post(ROWS, {"badge": "1", "user_id": "1001"})
    assert status("1") == "quarantined"
    resolve(EditRecord)(RawRecord.objects.get(dataset="users").pk, {"country": "DE"})
    assert status("1") == "valid"


def staff(api: Api) -> None:
    """A data set whose records name others of their own."""
    field = {"name": "manager", "reference": {"dataset": "staff", "policy": "quarantine"}}
    body = {"name": "staff", "title": "Staff", "key_fields": ["id"], "fields": [field]}
    assert api.post("/datasets", body).status_code == 201


def test_a_receipt_says_what_is_true_after_the_load(curator: Api, intake: Intake) -> None:
    """Rows that name others of the same file are released at its end, also along a chain, and are not quarantined."""
    staff(curator)
    first = intake.load("staff.csv", "id,manager\n4,3\n3,2\n2,1\n1,\n9,8\n")
    assert counts(first) == {"read": 5, "inserted": 4, "quarantined": 1}
    assert [status(key, "staff") for key in "12349"] == ["valid"] * 4 + ["quarantined"]
    second = intake.load("more.csv", "id,manager\n4,5\n5,1\n6,4\n7,77\n3,2\n", "staff")
    assert counts(second) == {"read": 5, "inserted": 2, "updated": 1, "unchanged": 1, "quarantined": 1}
    third = intake.load("last.csv", "id,manager\n9,8\n8,1\n", "staff")
    assert counts(third) == {"read": 2, "inserted": 1, "updated": 1}
    assert status("9", "staff") == "valid"


def test_a_chain_takes_as_many_statements_however_long_it_is(curator: Api, intake: Intake) -> None:
    """Also one whose links are in two fields by turns, and one in which each record waits for two others."""
    own = {"dataset": "staff", "policy": "quarantine"}
    fields = [{"name": name, "reference": own} for name in ("manager", "mentor")]
    body = {"name": "staff", "title": "Staff", "key_fields": ["id"], "fields": fields}
    assert curator.post("/datasets", body).status_code == 201

    def statements(link: Callable[[int], str], first: int, last: int) -> int:
        lines = "".join(f"{n},{link(n)}\n" for n in range(last, first + 1, -1))
        text = f"id,manager,mentor\n{lines}{first + 1},{first},\n{first},,\n"
        with CaptureQueriesContext(connection) as queries:
            file = intake.load(f"staff{first}.csv", text, "staff")
        assert counts(file) == {"read": last - first + 1, "inserted": last - first + 1}
        return len(queries)

    links: list[Callable[[int], str]] = [
        lambda n: f"{n - 1},",
        lambda n: f"{n - 1}," if n % 2 else f",{n - 1}",
        lambda n: f"{n - 1},{n - 2}",
    ]
    for number, link in enumerate(links):
        start = number * 1000
        assert statements(link, start + 1, start + 5) == statements(link, start + 100, start + 200)
    assert not RawRecord.objects.filter(dataset="staff", status="quarantined").exists()


def test_a_chain_ends_where_something_else_is_wrong(curator: Api, intake: Intake) -> None:
    fields = [
        {"name": "manager", "reference": {"dataset": "staff", "policy": "quarantine"}},
        {"name": "age", "type": "integer"},
    ]
    body = {"name": "staff", "title": "Staff", "key_fields": ["id"], "fields": fields}
    assert curator.post("/datasets", body).status_code == 201
    intake.load("staff.csv", "id,manager,age\n5,4,1\n4,3,1\n3,2,old\n2,1,1\n1,,1\n7,6,1\n6,7,1\n")
    held = dict(RawRecord.objects.filter(status="quarantined").values_list("key", "errors"))
    found = {key: [(error["field"], error["rule"] == "reference") for error in held[key]] for key in held}
    waiting = [("manager", True)]
    assert found == {"3": [("age", False)], "4": waiting, "5": waiting, "6": waiting, "7": waiting}


def test_a_dry_run_says_so_too(curator: Api, intake: Intake) -> None:
    staff(curator)
    path = intake.file("staff.csv", "id,manager\n2,1\n1,\n9,8\n")
    assert (
        resolve(PreviewFile)(path, name="staff.csv").receipt.summary()
        == "3 read = 2 inserted + 1 quarantined"
    )


def test_those_who_wait_for_the_released_are_released_in_turn(curator: Api, intake: Intake) -> None:
    badges(curator, "quarantine")
    field = {"name": "badge", "reference": {"dataset": "badges", "policy": "quarantine"}}
    body = {"name": "doors", "title": "Doors", "key_fields": ["door"], "fields": [field]}
    assert curator.post("/datasets", body).status_code == 201
    intake.load("doors.csv", "door,badge\n1,1\n")
    intake.load("badges.csv", "badge,user_id\n1,1001\n")
    assert (status("1"), status("1", "doors")) == ("quarantined", "quarantined")
    curator.post("/users", USER)
    assert (status("1"), status("1", "doors")) == ("valid", "valid")


def test_what_an_undo_brings_back_releases_who_waits(curator: Api, intake: Intake) -> None:
    badges(curator, "quarantine")
    curator.post("/users", USER)
    bad = USER | {"country": "XX"}
    spoilt = intake.load("users.csv", f"{','.join(bad)}\n{','.join(str(value) for value in bad.values())}\n")
    waiting = intake.load("badges.csv", "badge,user_id\n1,1001\n")
    assert (status("1001", "users"), status("1")) == ("quarantined", "quarantined")
    resolve(UndoFile)(spoilt.id)
    assert (status("1001", "users"), status("1")) == ("valid", "valid")
    undone = resolve(UndoFile)(waiting.id)
    assert (undone.removed.count, undone.left.count) == (1, 0), "a release is no change"


def test_what_an_undo_puts_back_waits_only_for_what_is_missing(curator: Api, intake: Intake) -> None:
    badges(curator, "quarantine")
    intake.load("badges.csv", "badge,user_id\n1,1001\n2,7\n")
    second = intake.load("more.csv", "badge,user_id\n1,\n2,\n", "badges")
    curator.post("/users", USER)
    assert [status(key) for key in "12"] == ["valid", "valid"]
    resolve(UndoFile)(second.id)
    assert [status(key) for key in "12"] == ["valid", "quarantined"]


def test_a_reference_to_no_data_set(curator: Api) -> None:
    field = {"name": "user_id", "reference": {"dataset": "usrs", "policy": "late"}}
    body = {"name": "badges", "title": "Badges", "fields": [field]}
    assert rules(assert_problem(curator.post("/datasets", body), 422, "bad_description")) == [
        ("fields", "reference")
    ]


def test_who_refers_to_a_user_is_found_by_an_index(curator: Api) -> None:
    RawRecord.objects.bulk_create(
        [
            RawRecord(
                dataset_id="employment_info",
                key=str(n),
                payload={"employment_id": n, "user_id": f"u{n}"},
                content_hash=b"",
            )
            for n in range(5000)
        ]
    )
    curator.post("/users", USER)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bronze_rawrecord")
    with CaptureQueriesContext(connection) as queries:
        assert curator.delete("/users/1001").status_code == 204
    (read,) = [
        query["sql"] for query in queries if "COUNT" in query["sql"] and "'employment_info'" in query["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {read}")
        assert "raw_record_employee" in str(cursor.fetchall())

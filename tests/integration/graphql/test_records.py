"""Raw records as lists, and batches of them as mutations: the contract of the REST API."""

from collections.abc import Callable
from typing import Any

import pytest

from bronze.models import RawRecord
from tests.factories import row
from tests.integration.bronze.intake import Intake
from tests.integration.graphql.client import Graph, error_of

LIST = """query($where: [FieldFilter!], $order: [FieldOrder!], $status: RecordStatus, $first: Int! = 50, $after: String) {
    records(dataset: "departments", where: $where, orderBy: $order, status: $status, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { key status revision fields errors { field rule message } } } }"""


def batch(name: str, argument: str = "rows: $rows", kind: str = "[RawRow!]!") -> str:
    variable = argument.split("$")[1]
    return f"""mutation(${variable}: {kind}, $mode: BatchMode! = ATOMIC, $key: String, $dataset: String! = "departments") {{
        {name}(dataset: $dataset, {argument}, mode: $mode, idempotencyKey: $key) {{
            created replaced changed deleted failed replayed
            results {{ row status key revision errors {{ pointer field code message row }} }} }} }}"""


CREATE, REPLACE, CHANGE = batch("createRecords"), batch("replaceRecords"), batch("changeRecords")
DELETE = batch("deleteRecords", "keys: $keys", "[ID!]!")
DELETE_ROWS = batch("deleteRecords")


def departments(*names: str, start: int = 1) -> list[dict[str, Any]]:
    return [{"id": start + number, "department": name} for number, name in enumerate(names)]


def keys(graph: Graph, **variables: Any) -> list[str]:
    return [node["key"] for node in graph.ask(LIST, **variables)["records"]["nodes"]]


@pytest.fixture
def intake(db: None, tmp_path: Any) -> Intake:
    return Intake(tmp_path)


def test_records_are_those_of_the_rest_api(curator: Graph) -> None:
    curator.ask(CREATE, rows=departments("Sales", "Legal", "Sales Support"))
    expected = curator.rest("/bronze/departments")
    page = curator.ask(LIST)["records"]
    assert page["totalCount"] == expected["count"] == 3
    for node, item in zip(page["nodes"], expected["items"], strict=True):
        about = item.pop("_record")
        assert node["fields"] == item
        assert (node["key"], node["status"], node["revision"]) == (about["key"], "VALID", about["revision"])


def test_records_are_chosen_and_ordered_by_any_field(curator: Graph) -> None:
    curator.ask(CREATE, rows=departments("Sales", "Legal", "Sales Support", "IT"))
    assert keys(curator, where=[{"field": "department", "op": "STARTSWITH", "value": "sales"}]) == ["1", "3"]
    assert keys(curator, where=[{"field": "id", "op": "IN", "value": "2,4"}]) == ["2", "4"]
    assert keys(curator, order=[{"field": "department", "descending": True}]) == ["3", "1", "2", "4"]
    assert curator.refused(LIST, where=[{"field": "nothing", "value": "1"}])["code"] == "unknown_parameter"
    assert curator.refused(LIST, where=[{"field": "id", "op": "GT", "value": "x"}])["code"] == "invalid_input"


def test_pages_of_records_have_each_once(curator: Graph) -> None:
    curator.ask(CREATE, rows=departments(*"abcdefg"))
    seen, after = [], None
    for _ in range(4):
        page = curator.ask(LIST, first=2, after=after, order=[{"field": "department", "descending": True}])[
            "records"
        ]
        seen += [node["fields"]["department"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == list("gfedcba")
    assert page["pageInfo"]["hasNextPage"] is False
    assert curator.refused(LIST, after=after)["code"] == "invalid_cursor"  # of another order


def test_the_quarantine_shows_what_is_wrong(curator: Graph, intake: Intake) -> None:
    intake.load("departments.csv", "1,Sales\n2,\n")
    (node,) = curator.ask(LIST, status="QUARANTINED")["records"]["nodes"]
    assert (node["key"], node["errors"][0]["field"], node["errors"][0]["rule"]) == (
        "2",
        "department",
        "required",
    )
    counts = '{ quarantine(dataset: "departments") { total bounded reasons { field rule count } files { name count } } }'
    assert curator.ask(counts)["quarantine"] == {
        "total": 1,
        "bounded": False,
        "reasons": [{"field": "department", "rule": "required", "count": 1}],
        "files": [{"name": "departments.csv", "count": 1}],
    }


def test_personal_and_secret_fields_are_masked(curator: Graph, viewer: Graph) -> None:
    rows = [row("users", user_id="u1", full_name="Ada Byron", email="ada@example.org")]
    curator.ask(CREATE, dataset="users", rows=rows)
    curator.ask(CREATE, dataset="user_bank_info", rows=[row("user_bank_info", user_id="u1")])
    users = '{ records(dataset: "users") { nodes { fields } } }'
    assert curator.ask(users)["records"]["nodes"][0]["fields"]["full_name"] == "Ada Byron"
    assert viewer.ask(users)["records"]["nodes"][0]["fields"]["full_name"] == "A•••"
    banks = '{ records(dataset: "user_bank_info") { nodes { fields } } }'
    assert curator.ask(banks)["records"]["nodes"][0]["fields"]["account_number"] == "•••"
    looking = (
        '{ records(dataset: "users", where: [{field: "full_name", value: "Ada Byron"}]) { nodes { key } } }'
    )
    assert viewer.refused(looking)["code"] == "unknown_parameter"
    assert len(curator.ask(looking)["records"]["nodes"]) == 1


def test_an_atomic_batch_takes_all_rows_or_none(curator: Graph) -> None:
    done = curator.ask(CREATE, rows=departments("Sales", "Legal"))["createRecords"]
    assert (done["created"], done["failed"], done["replayed"]) == (2, 0, False)
    assert done["results"][0] == {"row": 0, "status": 201, "key": "1", "revision": 1, "errors": []}
    answer = curator.send(CREATE, rows=departments("", "IT", start=3))
    assert answer.json()["data"] == {"createRecords": None}
    error = error_of(answer)
    assert (error["code"], error["status"]) == ("batch_refused", 422)
    assert [(each["row"], each["field"], each["code"]) for each in error["errors"]] == [
        (0, "department", "required")
    ]
    assert RawRecord.objects.count() == 2
    assert curator.refused(CREATE, rows=departments("Sales"))["code"] == "batch_conflict"


def test_a_partial_batch_takes_the_good_rows_and_says_what_is_wrong_with_the_others(curator: Graph) -> None:
    rows = [*departments("Sales", ""), "no row", {"id": 4, "department": "a\x00b"}]
    answer = curator.ask(CREATE, rows=rows, mode="PARTIAL")["createRecords"]
    rest = curator.api.send(
        "POST", "/departments/batch?mode=partial", [{**rows[0], "id": 9}, *rows[1:]]
    ).json()
    assert (answer["created"], answer["failed"]) == (1, 3) == (rest["created"], rest["failed"])
    assert [each["status"] for each in answer["results"]] == [201, 422, 422, 422]
    assert answer["results"][1:] == [
        {**each, "errors": [{"row": None, **error} for error in each["errors"]]}
        for each in rest["results"][1:]
    ]


def test_records_are_replaced_changed_and_deleted(curator: Graph) -> None:
    curator.ask(CREATE, rows=departments("Sales", "Legal"))
    replaced = curator.ask(REPLACE, rows=departments("Sale", "Law", "IT"))["replaceRecords"]
    assert (replaced["replaced"], replaced["created"]) == (2, 1)
    changes = [
        {"id": 1, "department": "Shop", "_revision": 2},
        {"_key": "2", "department": "Right", "_revision": 1},
    ]
    changed = curator.ask(CHANGE, rows=changes, mode="PARTIAL")["changeRecords"]
    assert [(each["status"], each["key"]) for each in changed["results"]] == [(200, "1"), (412, "2")]
    assert changed["results"][1]["errors"][0]["code"] == "precondition_failed"
    deleted = curator.ask(DELETE, keys=["1", 3, "7"], mode="PARTIAL")["deleteRecords"]
    assert [each["status"] for each in deleted["results"]] == [200, 200, 404]
    assert keys(curator) == ["2"]


def test_records_are_deleted_at_the_revision_that_was_seen(curator: Graph) -> None:
    curator.ask(CREATE, rows=departments("Sales", "Legal", "IT"))
    curator.ask(CHANGE, rows=[{"id": 2, "department": "Law"}])
    named = [{"_key": "1", "_revision": 1}, {"id": 2, "_revision": 1}, {"department": "IT"}, 7]
    assert curator.refused(DELETE_ROWS, rows=named[:2])["code"] == "batch_conflict"
    assert curator.refused(DELETE_ROWS, rows=named)["code"] == "batch_refused"
    deleted = curator.ask(DELETE_ROWS, rows=named, mode="PARTIAL")["deleteRecords"]
    rest = curator.api.send("DELETE", "/departments/batch?mode=partial", {"keys": named}).json()
    assert [each["status"] for each in deleted["results"]] == [200, 412, 422, 404]
    assert [each["status"] for each in rest["results"]] == [404, 412, 422, 404]
    assert deleted["results"][1]["errors"][0]["message"] == "the record has been changed: it is at revision 2"
    assert keys(curator) == ["2", "3"]


def test_a_batch_that_is_sent_again_is_done_once(curator: Graph) -> None:
    first = curator.ask(CREATE, rows=departments("Sales"), key="order 1")["createRecords"]
    again = curator.ask(CREATE, rows=departments("Sales"), key="order 1")["createRecords"]
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again == {**first, "replayed": True}
    assert (
        curator.refused(CREATE, rows=departments("Legal"), key="order 1")["code"] == "idempotency_key_reused"
    )
    assert (
        curator.refused(REPLACE, rows=departments("Sales"), key="order 1")["code"] == "idempotency_key_reused"
    )
    assert RawRecord.objects.count() == 1


def test_a_batch_that_failed_is_tried_again_with_the_same_key(curator: Graph) -> None:
    assert curator.refused(CREATE, rows=departments(""), key="k")["code"] == "batch_refused"
    assert curator.ask(CREATE, rows=departments("Sales"), key="k")["createRecords"]["created"] == 1


@pytest.mark.parametrize("size", [0, 1001])
def test_a_batch_has_1_to_1000_rows(curator: Graph, size: int) -> None:
    assert curator.refused(CREATE, rows=departments(*["x"] * size))["code"] == "batch_size"
    assert curator.refused(DELETE, keys=["x"] * size)["code"] == "batch_size"


def test_numbers_keep_every_digit_in_variables_and_in_the_query(curator: Graph) -> None:
    rows = '[{"station": "a", "level": 12345678901234567890.10}]'
    described = {"name": "readings", "title": "Readings", "key_fields": ["station"]}
    assert curator.api.post("/datasets", described).status_code == 201
    query = CREATE.replace('"departments"', '"readings"').replace("\n", " ").replace('"', '\\"')
    assert (
        curator.post(f'{{"query": "{query}", "variables": {{"rows": {rows}}}}}'.encode()).status_code == 200
    )
    inline = """mutation { createRecords(dataset: "readings", rows: [{station: "b", level: 12345678901234567890.20}])
        { created } }"""
    assert curator.ask(inline)["createRecords"]["created"] == 1
    answer = curator.send('{ records(dataset: "readings") { nodes { fields } } }').content.decode()
    assert '"level":12345678901234567890.10' in answer
    assert '"level":12345678901234567890.20' in answer


def test_writing_needs_the_permissions_of_the_rest_api(
    viewer: Graph, graph: Callable[[str | None], Graph]
) -> None:
    for query in (CREATE, REPLACE, CHANGE):
        assert viewer.refused(query, rows=departments("Sales"))["code"] == "forbidden"
    assert viewer.refused(DELETE, keys=["1"])["code"] == "forbidden"
    assert graph(None).refused(LIST)["code"] == "forbidden"
    assert not RawRecord.objects.exists()


def test_an_unknown_data_set_is_told(curator: Graph) -> None:
    error = curator.refused('{ records(dataset: "planets") { nodes { key } } }')
    assert (error["code"], error["status"]) == ("unknown_dataset", 404)
    assert curator.refused(CREATE, dataset="planets", rows=departments("x"))["code"] == "unknown_dataset"


def test_the_second_of_two_mutations_fails_by_itself(curator: Graph) -> None:
    query = """mutation($rows: [RawRow!]!) {
        a: createRecords(dataset: "departments", rows: $rows) { created }
        b: createRecords(dataset: "departments", rows: $rows) { created } }"""
    answer = curator.send(query, rows=departments("Sales")).json()
    assert answer["data"] == {"a": {"created": 1}, "b": None}
    assert answer["errors"][0]["path"] == ["b"]

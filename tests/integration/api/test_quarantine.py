"""The quarantine over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from bronze.models import RawRecord
from tests.integration.api.client import Api, assert_problem, client_of
from tests.integration.bronze.intake import Intake, records

pytestmark = pytest.mark.django_db

HIRES = (
    "id,name,datetime,department_id,job_id\n1,Ada,2021-01-01T00:00:00Z,1,x\n2,Bob,2021-01-01T00:00:00Z,,1\n"
)


@pytest.fixture(autouse=True)
def _hires(intake: Intake) -> None:
    intake.load("hires.csv", HIRES, "hired_employees")


@pytest.fixture
def intake(tmp_path: Any, db: None) -> Intake:
    return Intake(tmp_path)


def body(action: str, field: str, **more: Any) -> dict[str, Any]:
    which = {"dataset": "hired_employees", "field": field}
    return {"selection": which, "edits": [{"action": action, "field": field, **more}]}


def test_counts_preview_apply_recheck_delete(curator: Api) -> None:
    counts = curator.get("/quarantine", dataset="hired_employees").json()
    assert (counts["total"], counts["bounded"]) == (2, False)
    assert {"field": "job_id", "rule": "integer", "count": 1} in counts["reasons"]
    sent = body("set", "job_id", value="7")
    seen = curator.post("/quarantine/preview", sent).json()
    assert (seen["taken"], seen["released"], seen["rows"][0]["changes"]) == (
        1,
        1,
        [{"field": "job_id", "old": "x", "new": "7"}],
    )
    assert records("hired_employees") == {}
    assert curator.post("/quarantine/apply", sent).json() == seen
    assert list(records("hired_employees")) == ["1"]
    which = {"selection": {"dataset": "hired_employees"}}
    again = curator.post("/quarantine/recheck", which).json()
    assert (again["taken"], again["released"], again["unchanged"]) == (1, 0, 1)
    gone = curator.post("/quarantine/delete", which | {"note": "of no use"}).json()
    assert gone == {"deleted": 1, "kept": 0, "more": False}
    assert RawRecord.objects.get(key="2").status == "deleted"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"selection": {}},
        {"selection": {"dataset": "hired_employees", "colour": "red"}},
        {"selection": {"dataset": "hired_employees", "field": "a\x00"}},
        {"selection": {"dataset": "hired_employees", "ids": [2**63]}},
        {"selection": {"dataset": "hired_employees", "ids": list(range(1, 1002))}},
        body("set", "job_id"),
        body("set", "job_id", value="\x00"),
        body("set", "", value="1"),
        body("explode", "job_id"),
        body("replace", "job_id", find="", replacement="1"),
        body("replace", "job_id", find="(", replacement="1", match="pattern"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(curator: Api, sent: dict[str, Any]) -> None:
    assert curator.post("/quarantine/apply", sent).status_code == 422
    assert records("hired_employees") == {}


@pytest.mark.parametrize("route", ["preview", "apply"])
def test_a_misspelled_field_is_refused_as_in_a_change_of_one_record(curator: Api, route: str) -> None:
    refused = curator.post(
        f"/quarantine/{route}",
        body("set", "job_id", value="7") | {"edits": [{"action": "set", "field": "jobid", "value": "7"}]},
    )
    found = assert_problem(refused, 422, "contract_violation")
    assert [(error["field"], error["code"]) for error in found["errors"]] == [("jobid", "unknown_field")]
    assert "did you mean job_id?" in found["detail"]
    assert RawRecord.objects.get(key="1").patch == {}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "selection is missing: add it"),
        ({"selection": 7}, "selection must be an object"),
        ({"selection": {"dataset": 7}}, "selection/dataset must be a text"),
        ({"selection": {"dataset": "jobs", "colour": 1}}, "selection/colour is not known here: leave it out"),
        ({"selection": {"dataset": "jobs", "file": "x"}}, "selection/file must be a whole number"),
        ({"selection": {"dataset": "jobs", "file": 0}}, "selection/file must be at least 1"),
        (
            {"selection": {"dataset": "jobs", "ids": [1] * 1001}},
            "selection/ids must have at most 1,000 entries",
        ),
        (body("explode", "job_id"), "edits/0 cannot be 'explode': use one of 'set', 'empty', 'replace'"),
        (body("set", "", value="1"), "edits/0/set/field must have at least 1 character"),
        (body("replace", "job_id", find="x", match="none"), "match must be 'part', 'whole' or 'pattern'"),
        (body("set", "job_id", value="\x00"), "must not contain NUL characters"),
    ],
)
def test_what_to_send_instead_is_said_in_plain_words(curator: Api, sent: Any, sentence: str) -> None:
    found = assert_problem(curator.post("/quarantine/apply", sent), 422, "invalid_request")
    assert sentence in found["detail"]
    for words in ("Input should", "Field required", "Extra inputs"):
        assert words not in str(found)


def test_an_unknown_data_set_and_parameter(curator: Api) -> None:
    assert_problem(
        curator.post("/quarantine/preview", {"selection": {"dataset": "nope"}}), 404, "unknown_dataset"
    )
    assert_problem(curator.get("/quarantine", dataset="nope"), 404, "unknown_dataset")
    assert_problem(curator.get("/quarantine", dataset="jobs", colour="red"), 400, "unknown_parameter")


@pytest.fixture
def editor() -> Api:
    """Somebody who may change records, and may not see personal data."""
    client = client_of("viewer")
    names = ["change_rawrecord"]
    user = User.objects.get(username__startswith="viewer-")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return client


@pytest.mark.parametrize("route", ["preview", "apply"])
@pytest.mark.parametrize(
    "edit",
    [
        {"action": "set", "field": "name", "value": "Ada"},
        {"action": "replace", "field": "name", "find": "Ada", "replacement": "Ada"},
        {"action": "empty", "field": "name"},
        {"action": "set", "field": "nickname", "value": "Ada"},
    ],
)
def test_nobody_guesses_at_personal_data(editor: Api, route: str, edit: dict[str, Any]) -> None:
    sent = {"selection": {"dataset": "hired_employees"}, "edits": [edit]}
    refused = assert_problem(editor.post(f"/quarantine/{route}", sent), 403, "forbidden")
    assert "view_personal_data" in refused["detail"]
    assert not RawRecord.objects.exclude(patch={}).exists()


def test_other_fields_are_repaired_without_seeing_personal_data(editor: Api) -> None:
    seen = editor.post("/quarantine/apply", body("set", "job_id", value="7")).json()
    assert (seen["released"], seen["rows"][0]["changes"]) == (
        1,
        [{"field": "job_id", "old": "x", "new": "7"}],
    )


def test_of_a_secret_it_is_not_told_whether_it_was_that(curator: Api, intake: Intake) -> None:
    """Whoever sets one to a guess gets the same answer whether it is right or wrong."""
    header = "user_id,bank_name,account_number,routing_code,account_type\n"
    intake.load("user_bank_info.csv", f"{header}1,Bank,1234567890,DEUTDEFF,x\n")
    answers = [
        curator.post(
            "/quarantine/preview",
            {
                "selection": {"dataset": "user_bank_info"},
                "edits": [{"action": "set", "field": "account_number", "value": guess}],
            },
        ).json()
        for guess in ("1234567890", "1234567891")
    ]
    assert answers[0] == answers[1]
    assert (answers[0]["taken"], answers[0]["quarantined"]) == (1, 1)


def test_it_needs_the_permissions(viewer: Api, api: Callable[[str], Api]) -> None:
    assert viewer.get("/quarantine", dataset="hired_employees").status_code == 200
    for route in ("preview", "apply", "recheck", "delete"):
        answer = viewer.post(f"/quarantine/{route}", {"selection": {"dataset": "hired_employees"}})
        assert_problem(answer, 403, "forbidden")

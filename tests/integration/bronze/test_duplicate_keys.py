"""Rows of one file with the same key: the last one counts, or all of them wait for staff, as the data set says."""

import pytest

from bronze.models import Dataset, RawRecord, RecordHistory
from tests.integration.bronze.intake import Intake, counts, records

pytestmark = pytest.mark.django_db

PADDING = "x" * 1000


@pytest.fixture
def strict(db: None) -> None:
    Dataset.objects.filter(pk="jobs").update(duplicate_keys="quarantine")


def waiting() -> list[tuple[int | None, str, list[str]]]:
    """Line, job and broken rules of what is in quarantine."""
    rows = RawRecord.objects.filter(dataset="jobs", status="quarantined").order_by("line")
    return [(row.line, row.payload["job"], [error["rule"] for error in row.errors]) for row in rows]


def test_all_rows_of_a_key_are_quarantined_each_with_its_line(strict: None, intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n1,Driver\n01,Pilot\n")
    assert counts(file) == {"read": 4, "inserted": 1, "quarantined": 3}
    assert list(records("jobs")) == ["2"]
    rules = ["duplicate_key"]
    assert waiting() == [(2, "Clerk", rules), (4, "Driver", rules), (5, "Pilot", rules)]
    first = RawRecord.objects.get(line=2)
    assert first.key.startswith("?")
    assert first.errors[0]["field"] == "id"
    assert first.errors[0]["message"] == "the key 1 is also in line 4, 5 of the file"


def test_equal_rows_are_one(strict: None, intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n1,Clerk\n2,Cook\n2,Cook\n2,Baker\n")
    assert counts(file) == {"read": 5, "inserted": 1, "duplicate": 2, "quarantined": 2}
    assert records("jobs")["1"]["job"] == "Clerk"
    assert waiting() == [(5, "Cook", ["duplicate_key"]), (6, "Baker", ["duplicate_key"])]


def test_what_else_is_wrong_with_a_row_is_said_too(strict: None, intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n1,Clerk\n")
    assert waiting() == [(2, "", ["required", "duplicate_key"]), (3, "Clerk", ["duplicate_key"])]


def test_a_record_stays_as_it_was(strict: None, intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n1,Driver\n")
    assert counts(file) == {"read": 2, "quarantined": 2}
    assert records("jobs")["1"]["job"] == "Clerk"
    assert not RecordHistory.objects.exists()


def test_a_corrected_file_brings_the_key(strict: None, intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n1,Driver\n")
    file = intake.load("jobs.csv", "id,job\n1,Driver\n2,Cook\n")
    assert counts(file) == {"read": 2, "inserted": 2}
    assert len(waiting()) == 2


def test_the_same_duplicates_again_are_no_news(strict: None, intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n1,Driver\n")
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n1,Driver\n3,Cook\n")
    assert counts(file) == {"read": 3, "inserted": 1, "quarantined": 2}
    assert len(waiting()) == 2
    assert not RecordHistory.objects.exists()


@pytest.mark.parametrize("policy", ["last_wins", "quarantine"])
def test_far_apart_in_a_large_file(policy: str, intake: Intake) -> None:
    """Files are read in pieces; a row of the first one meets another of the last one."""
    Dataset.objects.filter(pk="jobs").update(duplicate_keys=policy)
    middle = "".join(f"{number},Job {number},{PADDING}\n" for number in range(10, 4010))
    file = intake.load("jobs.csv", f"id,job,note\n1,first,\n{middle}1,last,\n")
    if policy == "last_wins":
        assert counts(file) == {"read": 4002, "inserted": 4001, "duplicate": 1}
        record = RawRecord.objects.get(key="1")
        assert (record.payload["job"], record.line, record.revision) == ("last", 4003, 1)
    else:
        assert counts(file) == {"read": 4002, "inserted": 4000, "quarantined": 2}
        assert [(line, job) for line, job, _ in waiting()] == [(2, "first"), (4003, "last")]
    assert not RecordHistory.objects.exists()


def test_known_rows_among_duplicates(intake: Intake) -> None:
    """Of a stored row, another version and the stored one again, the last counts, in either order."""
    padding = "".join(f"{number},Job,{PADDING}\n" for number in range(10, 4010))
    intake.load("jobs.csv", "id,job,note\n1,Clerk,\n2,Cook,\n")
    back = intake.load("jobs.csv", f"id,job,note\n1,Clerk,\n2,Baker,\n{padding}1,Driver,\n2,Cook,\n")
    assert counts(back) == {"read": 4004, "inserted": 4000, "updated": 1, "unchanged": 1, "duplicate": 2}
    assert [records("jobs")[key]["job"] for key in "12"] == ["Driver", "Cook"]

"""Edits of staff on top of records, and how they live with new files."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from bronze.contracts import CONTRACTS
from bronze.domain import Record
from bronze.encryption import PREFIX, FieldCipher
from bronze.errors import ConflictNotFound
from bronze.models import RawRecord
from bronze.presentation import visible_fields
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, EditRecord, RecheckRecords, ResolveConflict
from bronze.services.curation import Kept
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts, records
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db


def edit(key: str, **patch: Any) -> Record:
    return resolve(EditRecord)(RawRecord.objects.get(key=key).pk, patch)


def csv_of(*rows: dict[str, Any]) -> str:
    return "\n".join(",".join(map(str, line)) for line in (rows[0], *(row.values() for row in rows))) + "\n"


def test_an_edit_repairs_a_record_and_taking_it_back_breaks_it_again(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n2,Cook\n")
    repaired = edit("1", job="Clerk")
    assert (repaired.status, repaired.errors, repaired.fields["job"]) == ("valid", [], "Clerk")
    assert RawRecord.objects.get(key="1").payload["job"] == ""
    broken = edit("1")
    assert (broken.status, broken.errors[0]["rule"]) == ("quarantined", "required")


def test_an_edit_can_break_a_record(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    assert edit("1", job=None).status == "quarantined"


def test_a_repair_over_the_api_survives_a_corrected_file_and_keeps_its_origin(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n2,Cook\n")
    assert resolve(ChangeRecord)("jobs", "1", {"job": "Clerk"}).status == "valid"
    intake.load("jobs-2.csv", "id,job\n1,\n2,Chef\n")
    record = resolve(RawRecords).get("jobs", "1")
    assert (record.status, record.fields["job"], record.line) == ("valid", "Clerk", 2)
    assert record.source_file_id is not None


def test_edits_survive_the_file_again_and_a_corrected_one(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n2,Cook\n")
    edit("1", job="Clerk")
    assert counts(intake.load("jobs.csv", "id,job\n1,\n2,Cook\n\n")) == {"read": 2, "unchanged": 2}
    assert records("jobs")["1"]["job"] == "Clerk"
    file = intake.load("jobs.csv", "id,job,note\n1,,new\n2,Cook,\n", "jobs")
    assert counts(file) == {"read": 2, "updated": 1, "quarantined": 1}
    assert records("jobs")["1"] == {"id": "1", "job": "Clerk", "note": "new"}


def test_rows_without_any_field_are_checked_each_for_itself(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk,x\n2,Cook,x\n3,Chef\n")
    bad = list(RawRecord.objects.filter(status="quarantined").values_list("pk", flat=True))
    resolve(RecheckRecords)(bad)
    assert [record.errors[0]["rule"] for record in resolve(RawRecords).by_id(bad)] == ["required", "required"]


def test_records_of_several_data_sets_are_checked_at_once(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    intake.load("departments.csv", "id,department\n1,Sales\n")
    RawRecord.objects.update(status="quarantined")
    resolve(RecheckRecords)(list(RawRecord.objects.values_list("pk", flat=True)))
    assert set(RawRecord.objects.values_list("status", flat=True)) == {"valid"}


def test_a_secret_in_an_edit_is_encrypted_once(intake: Intake) -> None:
    intake.load("bank_info.csv", csv_of(valid_row("user_bank_info")))
    edited = edit("1001", account_number="GB82WEST12345698765432")
    assert edited.status == "valid"
    stored = RawRecord.objects.get().patch
    assert stored["account_number"].startswith(PREFIX)
    again = edit("1001", **stored, bank_name="Other")
    assert RawRecord.objects.get().patch["account_number"] == stored["account_number"]
    opened = resolve(FieldCipher).decrypt(again.fields["account_number"], "account_number")
    assert opened == "GB82WEST12345698765432"
    assert edit("1001", account_number=None).status == "quarantined"


@pytest.fixture
def members() -> dict[str, User]:
    users = {}
    for name in ("viewer", "curator", "engineer", "admin"):
        users[name] = User.objects.create_user(name)
        users[name].groups.add(Group.objects.get(name=name))
    return users


def test_a_field_under_another_name_is_masked_like_the_field(
    intake: Intake, members: dict[str, User]
) -> None:
    """A file may have a column for the field and one more that could be it, too."""
    user = valid_row("users") | {"name": "Ada of the other column"}
    bank = valid_row("user_bank_info") | {"IBAN": "GB82WEST12345698765432"}
    intake.load("users.csv", csv_of(user))
    intake.load("bank_info.csv", csv_of(bank))
    assert "GB82" not in str(list(RawRecord.objects.values_list("payload", flat=True)))
    (person,) = resolve(RawRecords).rows(CONTRACTS["users"]).page(slice(5)).items
    (account,) = resolve(RawRecords).rows(CONTRACTS["user_bank_info"]).page(slice(5)).items
    other = next(name for name in account.fields if name.lower() == "iban")
    seen = {
        name: (visible_fields(person, user)["name"], visible_fields(account, user)[other])
        for name, user in members.items()
    }
    assert seen == {
        "viewer": ("A•••", "•••"),
        "engineer": ("A•••", "•••"),
        "curator": ("Ada of the other column", "•••"),
        "admin": ("Ada of the other column", "GB82WEST12345698765432"),
    }


def conflict(key: str) -> dict[str, Any]:
    return RawRecord.objects.get(key=key).conflict


def resolved(key: str, keep: Kept) -> Record:
    return resolve(ResolveConflict)(RawRecord.objects.get(key=key).pk, "job", keep=keep)


def test_a_corrected_file_that_changes_an_edited_field_is_a_conflict(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clark\n2,Cook\n")
    edit("1", job="Clerk")
    intake.load("jobs.csv", "id,job\n1,Baker\n2,Chef\n")
    assert conflict("1") == {"job": {"received_before": "Clark", "received_now": "Baker", "patched": "Clerk"}}
    assert conflict("2") == {}
    assert records("jobs")["1"]["job"] == "Clerk"


def test_a_conflict_remembers_what_the_edit_was_made_on(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clark\n")
    edit("1", job="Clerk")
    for job in ("Baker", "Nurse"):
        intake.load("jobs.csv", f"id,job\n1,{job}\n")
    assert (conflict("1")["job"]["received_before"], conflict("1")["job"]["received_now"]) == (
        "Clark",
        "Nurse",
    )
    intake.load("jobs.csv", "id,job\n1,Clark\n\n")
    assert conflict("1") == {}


@pytest.mark.parametrize("row", ["1,Clerk,", "1,Clark,x"], ids=["says what staff said", "other field"])
def test_no_conflict(intake: Intake, row: str) -> None:
    intake.load("jobs.csv", "id,job,note\n1,Clark,\n")
    edit("1", job="Clerk")
    intake.load("jobs.csv", f"id,job,note\n{row}\n")
    assert conflict("1") == {}


def test_a_field_that_a_file_leaves_out_is_a_conflict_too(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,note\n1,Clerk,old\n")
    edit("1", note="mine")
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    assert conflict("1") == {"note": {"received_before": "old", "received_now": None, "patched": "mine"}}


@pytest.mark.parametrize(("keep", "job"), [("patch", "Clerk"), ("received", "Baker")])
def test_staff_choose(intake: Intake, keep: Kept, job: str) -> None:
    intake.load("jobs.csv", "id,job\n1,Clark\n")
    edit("1", job="Clerk")
    intake.load("jobs.csv", "id,job\n1,Baker\n")
    assert (resolved("1", keep).fields["job"], conflict("1")) == (job, {})
    with pytest.raises(ConflictNotFound):
        resolved("1", keep)


def test_a_new_edit_settles_the_conflict_of_its_field(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,note\n1,Clark,a\n")
    edit("1", job="Clerk", note="mine")
    intake.load("jobs.csv", "id,job,note\n1,Baker,b\n")
    edit("1", job="Cook", note="mine")
    assert list(conflict("1")) == ["note"]
    edit("1")
    assert conflict("1") == {}

"""Repairs of many quarantined records at a time."""

from typing import Any

import pytest

from bronze.domain import FailedRule, Repair, Selection
from bronze.edits import EmptyField, ReplaceText, SetField
from bronze.errors import ContractViolation
from bronze.history import Revisions
from bronze.models import RawRecord, RecordHistory
from bronze.quarantine import Quarantine
from bronze.services import DeleteQuarantined, PreviewRepair, RepairRecords
from lakehouse_project.kernel.errors import InvalidInput
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, records

pytestmark = pytest.mark.django_db

PRODUCTS = """sku,name,description,category,price,currency
A-1,Shoe,Light,Shoes,10,usd
A-2,Boot,Warm,Shoes,20,dollars
A-3,Sock,Thin,Shoes,30 EUR,EUR
A-4,Hat,,Hats,5,EUR
A-5,Cap,Flat,Hats,7,EUR
"""


@pytest.fixture
def products(intake: Intake) -> Intake:
    intake.load("products.csv", PRODUCTS)
    return intake


def selection(**filters: Any) -> Selection:
    return Selection(dataset="products", **filters)


def counts(repair: Repair) -> tuple[int, int, int, int]:
    return repair.taken, repair.released, repair.quarantined, repair.unchanged


def set_to(field: str, value: str) -> SetField:
    return SetField(action="set", field=field, value=value)


def replaced(field: str, find: str, by: str, match: Any = "part") -> ReplaceText:
    return ReplaceText(action="replace", field=field, find=find, replacement=by, match=match)


def test_counts_say_what_is_wrong(products: Intake) -> None:
    found = resolve(Quarantine).counts(selection())
    assert found.reasons == [
        FailedRule(field="currency", rule="pattern", count=2),
        FailedRule(field="description", rule="required", count=1),
        FailedRule(field="price", rule="decimal", count=1),
    ]
    assert [(file.name, file.count) for file in found.files] == [("products.csv", 4)]
    assert resolve(Quarantine).counts(selection(field="price")).total == 1
    assert resolve(Quarantine).datasets() == [("products", "Products", 4)]


def test_a_preview_tells_and_changes_nothing_and_the_repair_does_the_same(products: Intake) -> None:
    which, edits = selection(field="currency"), [set_to("currency", "USD")]
    before = list(RawRecord.objects.order_by("id").values_list("revision", "status", "patch"))
    seen = resolve(PreviewRepair)(which, edits)
    assert counts(seen) == (2, 2, 0, 0)
    assert [(row.key, row.changes[0].old, row.changes[0].new) for row in seen.rows] == [
        ("A-1", "usd", "USD"),
        ("A-2", "dollars", "USD"),
    ]
    assert list(RawRecord.objects.order_by("id").values_list("revision", "status", "patch")) == before
    assert resolve(RepairRecords)(which, edits) == seen
    assert {key: row["currency"] for key, row in records("products").items()} == {
        "A-1": "USD",
        "A-2": "USD",
        "A-5": "EUR",
    }
    assert RawRecord.objects.get(key="A-1").patch == {"currency": "USD"}
    assert RawRecord.objects.get(key="A-3").patch == {}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (replaced("price", " EUR", ""), (4, 1, 0, 3)),
        (replaced("price", "30", "40", "whole"), (4, 0, 0, 4)),
        (replaced("price", " 30 EUR", "40", "whole"), (4, 1, 0, 3)),
        (replaced("price", r"^(\d+) [A-Z]+$", "$1", "pattern"), (4, 1, 0, 3)),
        (replaced("price", ".", ","), (4, 0, 0, 4)),
        (EmptyField(action="empty", field="description"), (4, 0, 3, 1)),
        (set_to("category", "seen"), (4, 0, 4, 0)),
    ],
)
def test_what_edits_do(products: Intake, edit: Any, expected: tuple[int, ...]) -> None:
    assert counts(resolve(PreviewRepair)(selection(), [edit])) == expected
    assert counts(resolve(RepairRecords)(selection(), [edit])) == expected


def test_an_edit_of_several_fields_is_one_revision_with_its_reason(products: Intake) -> None:
    ids = (RawRecord.objects.get(key="A-2").pk,)
    edits = [set_to("currency", "USD"), replaced("name", "Boot", 'Big "boot"\nü')]
    resolve(RepairRecords)(selection(ids=ids), edits, note="as the supplier says")
    record = RawRecord.objects.get(key="A-2")
    assert (record.patch, record.revision) == ({"currency": "USD", "name": 'Big "boot"\nü'}, 2)
    assert resolve(Revisions).of(record.pk)[0].reason == (
        "quarantine: currency set, text of name replaced (as the supplier says)"
    )


def test_a_recheck_writes_only_what_is_different(products: Intake) -> None:
    assert counts(resolve(RepairRecords)(selection())) == (4, 0, 0, 4)
    assert not RecordHistory.objects.exists()
    RawRecord.objects.filter(key="A-5").update(
        status="quarantined", errors=[{"field": "old", "rule": "gone"}]
    )
    assert counts(resolve(RepairRecords)(selection())) == (5, 1, 0, 4)
    assert "A-5" in records("products")


def test_a_pattern_that_is_none_is_refused(products: Intake) -> None:
    with pytest.raises(InvalidInput, match="not a regular expression: unclosed group"):
        resolve(PreviewRepair)(selection(), [replaced("price", "(", "", "pattern")])


def test_deleting_leaves_tombstones(products: Intake) -> None:
    removed = resolve(DeleteQuarantined)(selection(rule="pattern"))
    assert (removed.deleted, removed.kept, removed.more) == (2, 0, False)
    assert set(RawRecord.objects.filter(status="deleted").values_list("key", flat=True)) == {"A-1", "A-2"}


def test_a_row_that_could_not_be_parsed_is_left_alone(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk,x\n2,\n")
    done = resolve(RepairRecords)(Selection(dataset="jobs"), [set_to("job", "Cook")])
    assert (counts(done), done.unparsed) == ((1, 1, 0, 0), 1)
    assert RawRecord.objects.get(status="quarantined").patch == {}


def test_a_field_that_neither_the_contract_nor_a_record_has(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,grade\n1,,A\n2,,B\n")
    jobs = Selection(dataset="jobs")
    for repair in (resolve(PreviewRepair), resolve(RepairRecords)):
        for edit in (
            set_to("jbo", "Cook"),
            replaced("jbo", "a", "b"),
            EmptyField(action="empty", field="jbo"),
        ):
            with pytest.raises(
                ContractViolation, match=r"jbo is no field of jobs; did you mean job\?"
            ) as refused:
                repair(jobs, [edit])
            assert [error.rule for error in refused.value.errors] == ["unknown_field"]
    assert set(RawRecord.objects.values_list("revision", flat=True)) == {1}
    assert counts(resolve(RepairRecords)(jobs, [set_to("grade", "C")])) == (2, 0, 2, 0)


def test_rows_without_a_key_get_the_one_that_they_are_given(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n7,Chef\n")
    first = RawRecord.objects.get(payload__job="Clerk")
    which = Selection(dataset="jobs", ids=(first.pk,))
    assert resolve(PreviewRepair)(which, [set_to("id", "8")]).rows[0].new_key == "8"
    assert counts(resolve(RepairRecords)(which, [set_to("id", "8")])) == (1, 1, 0, 0)
    assert records("jobs")["8"] == {"id": "8", "job": "Clerk"}
    done = resolve(RepairRecords)(Selection(dataset="jobs"), [set_to("id", "7")])
    assert counts(done) == (1, 0, 1, 0)
    assert done.rows[0].errors == [
        {
            "field": "id",
            "rule": "key_exists",
            "message": "jobs has another record with the key 7: delete this row, or edit that record",
            "value": "7",
        }
    ]


def test_of_rows_that_are_given_the_same_key_one_gets_it(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n")
    assert counts(resolve(RepairRecords)(Selection(dataset="jobs"), [set_to("id", "8")])) == (2, 1, 1, 0)
    assert records("jobs") == {"8": {"id": "8", "job": "Clerk"}}


def test_a_repaired_row_without_a_key_survives_the_file_again(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n")
    resolve(RepairRecords)(Selection(dataset="jobs"), [set_to("id", "8")])
    file = intake.load("jobs.csv", "id,job\n,Clerk\n9,Cook\n")
    assert (file.receipt.unchanged, file.receipt.inserted, file.receipt.quarantined) == (1, 1, 0)
    assert sorted(records("jobs")) == ["8", "9"]


def test_the_key_of_a_record_that_has_one_does_not_change(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n")
    assert counts(resolve(RepairRecords)(Selection(dataset="jobs"), [set_to("id", "8")])) == (1, 0, 0, 1)
    assert RawRecord.objects.get().patch == {}


def test_a_secret_is_set_sealed_and_not_searched(intake: Intake) -> None:
    from tests.integration.bronze.test_curation import csv_of  # noqa: PLC0415
    from tests.unit.bronze.samples import valid_row  # noqa: PLC0415

    intake.load("bank_info.csv", csv_of(valid_row("user_bank_info") | {"account_number": ""}))
    which = Selection(dataset="user_bank_info")
    with pytest.raises(InvalidInput, match="cannot be replaced"):
        resolve(PreviewRepair)(which, [replaced("account_number", "4", "5")])
    edits = [set_to("account_number", "GB82WEST12345698765432")]
    assert counts(resolve(RepairRecords)(which, edits)) == (1, 1, 0, 0)
    assert "GB82" not in str(RawRecord.objects.get().patch)


def test_of_rows_that_share_a_key_staff_choose_one(intake: Intake) -> None:
    """As a load leaves them where the data set says that such rows are quarantined."""
    intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n")
    for record in RawRecord.objects.all():
        repeated = {
            "field": "id",
            "rule": "duplicate_key",
            "message": "the key 5 is in 2 rows",
            "value": None,
        }
        RawRecord.objects.filter(pk=record.pk).update(
            errors=[repeated], payload={"id": "5", "job": record.payload["job"], "note": ""}
        )
    clerk, cook = RawRecord.objects.order_by("id")
    jobs = Selection(dataset="jobs")
    assert counts(resolve(RepairRecords)(jobs)) == (2, 0, 0, 2)
    assert counts(resolve(RepairRecords)(jobs, [set_to("note", "x")])) == (2, 0, 2, 0)
    chosen = resolve(RepairRecords)(jobs.model_copy(update={"ids": (cook.pk,)}), is_right=True)
    assert (chosen.released, chosen.rows[0].new_key) == (1, "5")
    assert records("jobs")["5"]["job"] == "Cook"
    assert counts(resolve(RepairRecords)(jobs, is_right=True)) == (1, 0, 0, 1)
    assert RawRecord.objects.get(pk=clerk.pk).errors[0]["rule"] == "key_exists"
    other = resolve(RepairRecords)(jobs, [set_to("id", "6")])
    assert counts(other) == (1, 1, 0, 0)
    assert sorted(records("jobs")) == ["5", "6"]

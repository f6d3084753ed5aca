"""The page of a record in the admin: typed edits, what was received beside them, conflicts, and two who edit at once."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from bronze.models import RawRecord
from bronze.services import EditRecord
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, records
from tests.integration.bronze.test_curation import csv_of
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

HIRES = "id,name,datetime,department_id,job_id\n1,Ada,2021-01-01T00:00:00Z,1,x\n"


class Page:
    """The form of a record as a browser has it: inputs by the labels of their fields."""

    def __init__(self, client: Client, record: RawRecord) -> None:
        self.client = client
        self.address = reverse("admin:bronze_rawrecord_change", args=[record.pk])
        self.form = client.get(self.address).context["form"]
        self.numbers = {spec.name: number for number, spec in enumerate(self.form.specs)}

    def save(self, others: str | None = None, **edits: Any) -> Any:
        """`edits`: field -> text, None to empty it, () to take the edit back. The other inputs stay as they are."""
        sent = {bound.html_name: bound.value() for bound in self.form if bound.value() not in (None, False)}
        for name, value in edits.items():
            number = self.numbers[name]
            part, text = {None: ("empty", "on"), (): ("back", "on")}.get(value, ("value", value))
            sent[f"{part}_{number}"] = text
        if others is not None:
            sent["others"] = others
        return self.client.post(self.address, sent | {"_continue": "1"}, follow=True)


def client_of(group: str, name: str = "") -> Client:
    user = User.objects.create_user(name or f"r-{group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    assert response.status_code == 200, response.content
    return html.unescape(re.sub(r"\s+", " ", response.content.decode()))


def edit(key: str, **patch: Any) -> None:
    resolve(EditRecord)(RawRecord.objects.get(key=key).pk, patch)


def the_record(**found: Any) -> RawRecord:
    return RawRecord.objects.get(**found)


def test_a_repair_in_the_form_releases_the_record(intake: Intake) -> None:
    intake.load("hires.csv", HIRES, "hired_employees")
    page = Page(client_of("curator"), the_record())
    shown = text(page.client.get(page.address))
    assert "job_id is not a whole number" in shown
    assert "The key does not change." in shown
    still = text(page.save(job_id="clerk"))
    assert "still quarantined: job_id is not a whole number" in still
    released = text(Page(page.client, the_record()).save(job_id="7"))
    assert "1 of Hired employees is released" in released
    assert (the_record().patch, the_record().revision) == ({"job_id": "7"}, 3)
    assert the_record().payload["job_id"] == "x"


def test_inputs_that_are_left_alone_are_no_edits(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,note\n1,Clerk,a\n")
    client = client_of("curator")
    Page(client, the_record()).save()
    Page(client, the_record()).save(job="Clerk")
    assert (the_record().patch, the_record().revision) == ({}, 1)
    Page(client, the_record()).save(job="Cook", note="b")
    Page(client, the_record()).save()
    assert (the_record().patch, the_record().revision) == ({"job": "Cook", "note": "b"}, 2)


def test_null_and_taking_an_edit_back(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,note\n1,Clerk,a\n")
    client = client_of("curator")
    Page(client, the_record()).save(job="Cook", note=None)
    assert the_record().effective == {"id": "1", "job": "Cook", "note": None}
    Page(client, the_record()).save(job=())
    assert the_record().patch == {"note": None}
    Page(client, the_record()).save(note="b")
    assert the_record().patch == {"note": "b"}
    Page(client, the_record()).save(note="")
    assert the_record().patch == {}


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ('{"a": 1', "This is not JSON"),
        ("[1]", "must be an object"),
        ('{"a": NaN}', "not a JSON number"),
        ('{"a": 1e999}', "not a JSON number"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        ('{"a": "\\u0000"}', "NUL character"),
        ('{"job": "x"}', "has a line of its own"),
    ],
)
def test_fields_beyond_the_contract_are_json(intake: Intake, others: str, answer: str) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    page = Page(client_of("curator"), the_record())
    assert answer in text(page.save(others=others))
    assert the_record().patch == {}
    page.save(others='{"a": {"b": [1, "ü"]}}')
    assert the_record().patch == {"a": {"b": [1, "ü"]}}


def test_objects_and_choices_have_their_own_inputs(intake: Intake) -> None:
    intake.load("events.csv", csv_of(valid_row("events") | {"properties": "nothing"}))
    client = client_of("curator")
    assert "This is not JSON" in text(Page(client, the_record()).save(properties="{"))
    Page(client, the_record()).save(properties='{"device": "tablet"}')
    assert (the_record().status, the_record().patch) == ("valid", {"properties": {"device": "tablet"}})
    Page(client, the_record()).save()
    assert the_record().revision == 2
    intake.load("bank_info.csv", csv_of(valid_row("user_bank_info")))
    bank = the_record(dataset="user_bank_info")
    assert ("savings", "savings") in Page(client, bank).form.fields["value_4"].choices


def test_a_secret_is_not_shown_and_stays_unless_it_is_typed_anew(intake: Intake) -> None:
    intake.load("bank_info.csv", csv_of(valid_row("user_bank_info")))
    client = client_of("curator")
    Page(client, the_record()).save(account_number="GB82WEST12345698765432")
    sealed = the_record().patch["account_number"]
    page = Page(client, the_record())
    assert "GB82" not in text(page.client.get(page.address))
    assert sealed not in text(page.client.get(page.address))
    page.save(bank_name="Other")
    assert the_record().patch == {"account_number": sealed, "bank_name": "Other"}


def test_a_row_without_a_key_is_given_one(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n7,Cook\n")
    row = the_record(status="quarantined")
    client = client_of("curator")
    taken = text(Page(client, row).save(id="7"))
    assert "jobs has another record with the key 7" in taken
    assert f'href="{reverse("admin:bronze_rawrecord_change", args=[the_record(key="7").pk])}"' in taken
    assert "8 of Jobs is released" in text(Page(client, row).save(id="8"))
    assert records("jobs")["8"] == {"id": "8", "job": "Clerk"}
    assert "value_0" not in Page(client, the_record(key="8")).form.fields
    assert the_record(key="8").patch == {"id": "8"}
    Page(client, the_record(key="8")).save(job="Baker")
    assert the_record(key="8").patch == {"id": "8", "job": "Baker"}


def test_a_row_that_could_not_be_parsed_is_filled_in(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk,x\n")
    page = Page(client_of("curator"), the_record())
    assert "1,Clerk,x" in text(page.client.get(page.address))
    assert "line 2 has 3 fields" in text(page.client.get(page.address))
    page.save(id="1", job="Clerk")
    assert records("jobs") == {"1": {"id": "1", "job": "Clerk"}}


def test_a_conflict_is_shown_with_both_values_and_settled(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clark\n")
    edit("1", job="Clerk")
    intake.load("jobs.csv", "id,job\n1,Baker\n")
    client = client_of("curator")
    page = Page(client, the_record())
    shown = text(client.get(page.address))
    for value in ("Clark", "Baker", "Clerk"):
        assert f">{value}</code>" in shown
    stale = client.post(page.address, {"settle": "received:job", "revision": "1"}, follow=True)
    assert "has been changed" in text(stale)
    assert "If-Match" not in text(stale)
    client.post(page.address, {"settle": "received:job", "revision": the_record().revision})
    assert (the_record().effective["job"], the_record().conflict) == ("Baker", {})


@pytest.mark.parametrize(("keep", "job"), [("patch", "Clerk"), ("received", "Baker")])
def test_conflicts_are_settled_many_at_a_time(intake: Intake, keep: str, job: str) -> None:
    intake.load("jobs.csv", "id,job\n1,Clark\n2,Clark\n3,Clark\n")
    for key in ("1", "2"):
        edit(key, job="Clerk")
    intake.load("jobs.csv", "id,job\n1,Baker\n2,Baker\n3,Baker\n")
    client, address = client_of("curator"), reverse("admin:bronze_conflicts")
    assert text(client.get(address)).count('name="ids"') == 2
    assert "Select the records first" in text(client.post(address, {"keep": keep}, follow=True))
    ids = list(RawRecord.objects.values_list("pk", flat=True))
    assert "2 settled" in text(client.post(address, {"keep": keep, "ids": ids}, follow=True))
    assert {key: row["job"] for key, row in records("jobs").items()} == {"1": job, "2": job, "3": "Baker"}
    assert "No conflicts" in text(client.get(address))


def test_who_saves_second_sees_what_the_first_did_and_chooses(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,note,more\n1,Clerk,a,x\n")
    first, second = (Page(client_of("curator", name), the_record()) for name in ("ada", "grace"))
    first.save(job="Cook", note="b")
    diff = text(second.save(job="Chef", more="y"))
    assert "The record was changed while you edited it." in diff
    assert "ada" in diff
    assert diff.count("changed by both") == 1
    assert the_record().patch == {"job": "Cook", "note": "b"}
    sent = {"mine": '{"job": ["Chef"], "more": ["y"]}', "revision": the_record().revision}
    assert f'name="revision" value="{sent["revision"]}"' in diff
    second.client.post(second.address, sent | {"keep_mine": ["more"]})
    assert the_record().patch == {"job": "Cook", "note": "b", "more": "y"}
    again = text(second.client.post(second.address, sent | {"keep_mine": ["job"]}))
    assert "The record was changed while you edited it." in again
    assert the_record().effective["job"] == "Cook"


@pytest.mark.parametrize("mine", ["{", "[]", '{"job": 1}', '{"id": ["9"]}'])
def test_a_forged_merge_changes_nothing(intake: Intake, mine: str) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    client = client_of("curator")
    address = reverse("admin:bronze_rawrecord_change", args=[the_record().pk])
    client.post(address, {"mine": mine, "revision": "1", "keep_mine": ["job", "id"]})
    assert (the_record().key, the_record().patch) == ("1", {})


def test_viewers_see_masks_and_cannot_edit(intake: Intake) -> None:
    intake.load("hires.csv", HIRES.replace("Ada", "Ada Lovelace"), "hired_employees")
    edit("1", name="Grace Hopper")
    intake.load("hires.csv", HIRES.replace("Ada", "Alan Turing"), "hired_employees")
    viewer = client_of("viewer")
    address = reverse("admin:bronze_rawrecord_change", args=[the_record().pk])
    for page in (text(viewer.get(address)), text(viewer.get(reverse("admin:bronze_conflicts")))):
        assert "G•••" in page
        assert "A•••" in page
        assert not re.search("Lovelace|Hopper|Turing", page)
        assert "Save" not in page
    assert viewer.post(address, {"revision": "2"}).status_code == 403
    assert viewer.post(reverse("admin:bronze_conflicts"), {"keep": "patch"}).status_code == 403


def step(name: str, record: RawRecord) -> str:
    return reverse(f"admin:bronze_rawrecord_{name}", args=[record.pk])


def test_a_record_is_deleted_and_restored_with_the_reason(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    client, record = client_of("curator"), the_record()
    page = Page(client, record)
    assert step("delete", record) in text(client.get(page.address))
    assert "A tombstone with the whole history stays" in text(client.get(step("delete", record)))
    assert the_record().status == "valid"
    stale = client.post(step("delete", record), {"revision": "7", "note": "twice"}, follow=True)
    assert "has been changed" in text(stale)
    sent = {"revision": "1", "note": "sent twice"}
    assert "1 of Jobs is deleted" in text(client.post(step("delete", record), sent, follow=True))
    assert the_record().status == "deleted"
    assert "is deleted already" in text(client.get(step("delete", record), follow=True))
    shown = text(client.get(page.address))
    assert step("restore", record) in shown
    assert step("delete", record) not in shown
    sent = {"revision": "2", "note": "no, it was not"}
    assert "1 of Jobs is back: it is valid" in text(client.post(step("restore", record), sent, follow=True))
    assert (the_record().status, the_record().revision) == ("valid", 3)
    history = text(client.get(reverse("admin:bronze_rawrecord_history", args=[record.pk])))
    assert "record deleted (sent twice)" in history
    assert "record restored (no, it was not)" in history
    assert "r-curator" in history


def test_a_row_without_a_key_is_deleted_and_restored_into_quarantine(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n")
    client, record = client_of("curator"), the_record()
    client.post(step("delete", record), {"revision": "1"})
    assert the_record().status == "deleted"
    answer = text(client.post(step("restore", record), {"revision": "2"}, follow=True))
    assert "A row without a key of Jobs is back in quarantine: id is missing" in answer


def test_a_record_that_others_need_is_not_deleted(intake: Intake) -> None:
    user = valid_row("users")
    intake.load("users.csv", csv_of(user))
    bank = valid_row("user_bank_info", user_id=user["user_id"])
    intake.load("user_bank_info.csv", csv_of(bank))
    client, record = client_of("curator"), the_record(dataset="users")
    shown = text(client.get(step("delete", record)))
    assert "Other records refer to" in shown
    assert 'name="note"' not in shown
    answer = client.post(step("delete", record), {"revision": "1"}, follow=True)
    assert "Other records refer to" in text(answer)
    assert the_record(dataset="users").status == "valid"


def test_who_may_not_delete_is_not_offered_it(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    client, record = client_of("viewer"), the_record()
    assert step("delete", record) not in text(client.get(Page(client, record).address))
    for name in ("delete", "restore"):
        assert client.get(step(name, record)).status_code == 403
        assert client.post(step(name, record), {"revision": "1"}).status_code == 403
    assert the_record().status == "valid"


def test_a_post_needs_the_csrf_token(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    for name, args in (("rawrecord_change", [the_record().pk]), ("quarantine", []), ("conflicts", [])):
        assert client.post(reverse(f"admin:bronze_{name}", args=args), {}).status_code == 403

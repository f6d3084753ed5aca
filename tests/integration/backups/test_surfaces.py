"""Backups over REST, in the admin, on the command line, by the clock, and in the alarm."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from governance.models import Run
from governance.quality import failing
from lake.backups.alarm import AGE, SUBJECT
from lake.backups.tasks import back_up_when_due, create_backup, prune_backups, verify_backup
from lake.models import Backup
from lakehouse_project.auth import issue_token
from lakehouse_project.doctor import examine
from tests.accounts import member

URL = "/api/v1/backups"


def caller(group: str) -> Client:
    member(group, group)
    return Client(headers={"Authorization": f"Token {issue_token(group)}"})


def receipt(identifier: str, *, hours: float, state: str = "verified") -> Backup:
    """A row of the index, without a backup behind it."""
    return Backup.objects.create(
        id=identifier,
        state=state,
        reason="schedule",
        seconds=1.5,
        size=10,
        database_bytes=100,
        tables=3,
        rows=7,
        is_encrypted=False,
        key="k",
        sha256="0" * 64,
        restore_seconds=4.5,
        taken_at=timezone.now() - timedelta(hours=hours),
        verified_at=timezone.now(),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["viewer", "curator", "engineer"])
def test_only_administrators_have_to_do_with_backups(group: str) -> None:
    client = caller(group)
    receipt("20260101T000000Z-abcdef", hours=1)
    asked = [
        client.get(URL),
        client.get(f"{URL}/status"),
        client.get(f"{URL}/retention"),
        client.get(f"{URL}/20260101T000000Z-abcdef"),
        client.post(URL, {}, content_type="application/json"),
        client.post(f"{URL}/prune"),
        client.post(f"{URL}/20260101T000000Z-abcdef/verification"),
    ]
    assert {answer.status_code for answer in asked} == {403}
    assert Client().get(URL).status_code == 401
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_receipts_and_protection_over_rest() -> None:
    client = caller("admin")
    receipt("20260101T000000Z-abcdef", hours=30, state="failed")
    receipt("20260102T000000Z-abcdef", hours=10)

    listed = client.get(URL).json()
    assert [(each["id"], each["state"]) for each in listed["items"]] == [
        ("20260102T000000Z-abcdef", "verified"),
        ("20260101T000000Z-abcdef", "failed"),
    ]
    assert listed["count"] == 2
    assert client.get(f"{URL}/20260102T000000Z-abcdef").json()["restore_seconds"] == 4.5
    assert client.get(f"{URL}/nothing").status_code == 404
    status = client.get(f"{URL}/status").json()
    assert status["rpo_seconds"] == pytest.approx(36_000, abs=60)
    assert (status["rto_seconds"], status["newest_verified"], status["is_overdue"]) == (
        4.5,
        "20260102T000000Z-abcdef",
        False,
    )


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_asked_for_made_verified_and_pruned_over_rest() -> None:
    client = caller("admin")

    answer = client.post(URL, {"verify": True}, content_type="application/json")
    again = client.post(URL, {"verify": True}, content_type="application/json")
    assert answer.status_code == 202
    assert answer.json()["id"] == again.json()["id"], "the same wish twice is one run"
    create_backup(answer.json()["id"])

    run = client.get(answer["Location"]).json()
    assert (run["state"], run["kind"], run["counts"]["tables"]) == (
        "succeeded",
        "backup",
        Backup.objects.get().tables,
    )
    [made] = client.get(URL).json()["items"]
    assert made["state"] == "verified", made
    assert made["restore_seconds"] > 0

    answer = client.post(f"{URL}/{made['id']}/verification")
    verify_backup(made["id"], answer.json()["id"])
    assert client.get(answer["Location"]).json()["message"].endswith("(RTO)")

    [decision] = client.get(f"{URL}/retention").json()["decisions"]
    assert decision["is_kept"]
    answer = client.post(f"{URL}/prune")
    prune_backups(answer.json()["id"])
    assert client.get(answer["Location"]).json()["counts"] == {"removed": 0}


@pytest.mark.django_db
def test_a_verification_that_cannot_be_made_fails_its_run() -> None:
    receipt("20260102T000000Z-abcdef", hours=10)
    client = caller("admin")

    answer = client.post(f"{URL}/20260102T000000Z-abcdef/verification")
    verify_backup("20260102T000000Z-abcdef", answer.json()["id"])

    run = client.get(answer["Location"]).json()
    assert run["state"] == "failed"
    assert "There is no backup" in run["message"]


@pytest.mark.django_db
def test_the_clock_makes_none_while_the_newest_is_young() -> None:
    receipt("20260102T000000Z-abcdef", hours=settings.BACKUP_INTERVAL_HOURS - 1)

    back_up_when_due()

    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_clock_makes_verifies_and_prunes_when_one_is_due() -> None:
    receipt("20260102T000000Z-abcdef", hours=settings.BACKUP_INTERVAL_HOURS + 1)

    back_up_when_due()
    back_up_when_due()

    assert sorted(Run.objects.values_list("kind", "state")) == [
        ("backup", "succeeded"),
        ("backup_prune", "succeeded"),
        ("backup_verification", "succeeded"),
    ]
    assert Backup.objects.first().state == "verified"  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "is_red", "age"), [(47, False, "1 day, 23 hours"), (49, True, "2 days, 1 hour")]
)
def test_an_old_backup_raises_the_alarm(hours: float, is_red: bool, age: str) -> None:
    receipt("20260102T000000Z-abcdef", hours=hours)
    receipt("20260103T000000Z-abcdef", hours=1, state="failed")

    found = [check for check in failing() if (check.subject, check.check) == (SUBJECT, AGE)]
    [diagnosis] = [each for each in examine() if each.name == "backups"]

    assert bool(found) is is_red
    assert diagnosis.is_healthy is not is_red
    assert f"{age} old (RPO)" in diagnosis.finding


@pytest.mark.django_db
def test_the_admin_shows_receipts_to_administrators_alone() -> None:
    receipt("20260102T000000Z-abcdef", hours=1)
    client, other = Client(), Client()
    client.force_login(staff("admin"))
    other.force_login(staff("engineer"))

    page = client.get("/admin/lake/backup/").content.decode()
    assert "Make a backup" in page
    assert "the newest verified backup is 1 hour old (RPO)" in page
    assert (
        "4.5 s"
        in client.get("/admin/lake/backup/20260102T000000Z-abcdef/change/", follow=True).content.decode()
    )
    assert "/admin/lake/backup/" in client.get("/admin/").content.decode()

    assert client.get("/admin/lake/backup/make/").status_code == 405
    client.post("/admin/lake/backup/make/")
    client.post("/admin/lake/backup/", {"action": "verify", "_selected_action": ["20260102T000000Z-abcdef"]})
    assert sorted(Run.objects.values_list("kind", flat=True)) == ["backup", "backup_verification"]

    assert other.get("/admin/lake/backup/").status_code == 403
    assert other.post("/admin/lake/backup/make/").status_code == 403
    assert "/admin/lake/backup/" not in other.get("/admin/").content.decode()


@pytest.mark.django_db
def test_runs_of_backups_are_for_administrators_alone() -> None:
    run = Run.objects.create(kind="backup_verification", state="failed", message="orders: 7 rows are missing")
    Run.objects.create(kind="lake query", state="failed", message="what somebody looks for")
    seen = {}
    for group in ("viewer", "engineer", "admin"):
        client = Client()
        client.force_login(staff(group))
        seen[group] = [
            "7 rows are missing" in client.get(address).content.decode()
            for address in ("/", "/admin/governance/run/", "/api/v1/runs")
        ] + [client.get(f"/api/v1/runs/{run.pk}").status_code]
        assert "what somebody looks for" not in client.get("/").content.decode()
    assert seen["viewer"] == seen["engineer"] == [False, False, False, 404]
    assert seen["admin"] == [True, True, True, 200]


def staff(group: str) -> User:
    user = member(f"staff-{group}", group)
    user.is_staff = True
    user.save()
    return user


@pytest.mark.django_db(transaction=True)
def test_the_command_line(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*words: str) -> str:
        call_command("backup", *words)
        return str(capsys.readouterr().out)

    Backup.objects.all().delete()
    made = said("create", "--verify")
    identifier = made.split(":")[0]
    assert "FIELD_KEY" in made
    assert "came back as they were" in made
    assert f"{identifier} verified" in said("list")
    assert "(RPO)" in said("list")
    assert f"keep   {identifier}" in said("prune", "--dry-run", "--keep-last", "1", "--keep-days", "0")
    with pytest.raises(CommandError, match="must be at least 1"):
        said("prune", "--keep-last", "0")
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError, match="Nothing was restored"):
        said("restore", identifier)
    with pytest.raises(CommandError, match="an address looks like"):
        said("verify", "--server", "nonsense")
    assert "verified" in said("verify", identifier, "--server", settings_url())


def settings_url() -> str:
    from lakehouse_project.composed_backups import live_server  # noqa: PLC0415  settings are there by now

    parts = live_server().parameters
    return (
        f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    )

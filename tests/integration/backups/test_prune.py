"""Old backups go; the newest verified one never does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.backups.domain import (
    Manifest,
    Retention,
    StoredBackup,
    StoredPart,
    Verification,
    decide,
    new_identifier,
)
from lake.models import Backup
from tests.integration.backups.workshop import Workshop

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def backup(days: float, *, verified: bool | None = None, seconds: float = 1.0) -> StoredBackup:
    """One that is so many days old; verified, or found to be no good, or neither."""
    taken_at = NOW - timedelta(days=days)
    identifier = new_identifier(taken_at)
    part = StoredPart(key=f"{identifier}.dump", size=10, sha256="0")
    manifest = Manifest(
        id=identifier,
        reason="schedule",
        taken_at=taken_at,
        seconds=seconds,
        database="lake",
        database_bytes=100,
        server_version="18.1",
        program_version="18.1",
        compression="gzip:1",
        dump=part,
        globals=part,
        tables={},
        objects={},
    )
    if verified is None:
        return StoredBackup(manifest=manifest)
    findings = () if verified else ("the dump is missing",)
    judged = Verification(backup=identifier, verified_at=taken_at, seconds=2, findings=findings)
    return StoredBackup(manifest=manifest, verification=judged)


def kept(backups: Sequence[StoredBackup], **rules: int) -> list[int]:
    """Positions of those that stay."""
    decisions = {each.id: each.is_kept for each in decide(backups, Retention(**rules), NOW)}
    return [place for place, each in enumerate(backups) if decisions[each.id]]


def test_what_is_young_stays_and_what_is_old_goes() -> None:
    assert kept(
        [backup(1), backup(6.9), backup(7.1), backup(40)], keep_days=7, keep_last=1, keep_monthly=0
    ) == [0, 1]


def test_so_many_of_the_newest_stay_however_old() -> None:
    assert kept([backup(100), backup(200), backup(300)], keep_days=0, keep_last=2, keep_monthly=0) == [0, 1]


def test_the_newest_of_each_month_stays() -> None:
    """29 November minus 5, 30, 35, 65, 95 days: November, two of October, September, August."""
    ages = [backup(days) for days in (5, 30, 35, 65, 95)]
    assert kept(ages, keep_days=0, keep_last=1, keep_monthly=3) == [0, 1, 3]


def test_the_newest_verified_one_stays_though_the_rules_let_it_go() -> None:
    assert kept(
        [backup(1), backup(2), backup(300, verified=True), backup(400, verified=True)],
        keep_days=0,
        keep_last=1,
        keep_monthly=0,
    ) == [0, 2]


def test_one_that_failed_takes_no_place_of_a_good_one() -> None:
    found = [backup(1, verified=False), backup(2), backup(3)]
    assert kept(found, keep_days=0, keep_last=1, keep_monthly=1) == [1]


def test_the_reason_is_told() -> None:
    old, failed = backup(30), backup(20, verified=False)
    told = {
        each.id: each.why
        for each in decide([backup(1), old, failed], Retention(keep_monthly=0, keep_last=1), NOW)
    }
    assert told[old.id] == "30.0 days old"
    assert told[failed.id] == "20.0 days old, and restoring it failed"


BACKUPS = st.lists(
    st.builds(backup, st.floats(0, 800, allow_nan=False), verified=st.sampled_from([None, True, False])),
    max_size=25,
)
RULES = st.builds(
    Retention, keep_days=st.integers(0, 90), keep_last=st.integers(1, 5), keep_monthly=st.integers(0, 12)
)


@given(backups=BACKUPS, rules=RULES)
def test_the_newest_verified_one_survives_whatever_the_rules(
    backups: list[StoredBackup], rules: Retention
) -> None:
    decisions = {each.id: each for each in decide(backups, rules, NOW)}

    assert decisions.keys() == {each.id for each in backups}
    good = sorted(
        (each for each in backups if each.state == "verified"),
        key=lambda each: (each.manifest.taken_at, each.id),
    )
    usable = [each for each in backups if each.state != "failed"]
    if good:
        assert decisions[good[-1].id].is_kept
    if usable:
        assert any(decisions[each.id].is_kept for each in usable)


@given(backups=BACKUPS, rules=RULES)
def test_pruning_again_removes_nothing_more(backups: list[StoredBackup], rules: Retention) -> None:
    def left(found: list[StoredBackup]) -> list[StoredBackup]:
        decisions = {each.id: each.is_kept for each in decide(found, rules, NOW)}
        return [each for each in found if decisions[each.id]]

    once = left(backups)
    assert left(once) == once


@pytest.fixture(params=("folder", "bucket"))
def anywhere(request: pytest.FixtureRequest) -> Workshop:
    return request.getfixturevalue("workshop" if request.param == "folder" else "in_bucket")


def test_pruning_removes_objects_and_receipts(anywhere: Workshop) -> None:
    first, second, third = (anywhere.create() for _ in range(3))
    anywhere.verify(first.id)
    only_last = replace(anywhere, retention=Retention(keep_days=0, keep_last=1, keep_monthly=0))
    plan = only_last.prune.plan()

    assert [decision.id for decision in plan.doomed] == [second.id]
    assert {each.id for each in only_last.depot.find().backups} == {first.id, second.id, third.id}, (
        "a plan changes nothing"
    )

    only_last.prune()

    assert {each.id for each in only_last.depot.find().backups} == {first.id, third.id}
    assert not any(second.id in key for key in only_last.objects())
    assert set(Backup.objects.values_list("pk", flat=True)) == {first.id, third.id}


def test_only_what_somebody_has_seen_goes(workshop: Workshop) -> None:
    first, second, _ = (workshop.create() for _ in range(3))
    rules = Retention(keep_days=0, keep_last=1, keep_monthly=0)

    workshop.prune(rules, only={first.id})

    assert first.id not in {each.id for each in workshop.depot.find().backups}
    assert second.id in {each.id for each in workshop.depot.find().backups}


def test_what_a_killed_backup_has_left_goes_after_a_day(workshop: Workshop) -> None:
    """Its dump is there, its manifest is not."""
    import os  # noqa: PLC0415  for the age of a file alone

    backup_of_today = workshop.create()
    killed = workshop.create()
    workshop.storage.delete(killed.manifest.dump.key.replace(".dump", ".manifest.json"))
    found = workshop.depot.find()
    assert [each.id for each in found.backups] == [backup_of_today.id]
    assert len(found.loose) == 2

    workshop.prune()
    assert len(workshop.depot.find().loose) == 2, "it may be at work still"

    for key in found.loose:
        os.utime(workshop.storage.path(key), (0, 0))
    workshop.prune()
    assert workshop.depot.find().loose == ()


def test_a_manifest_that_cannot_be_read_is_told_and_left(workshop: Workshop) -> None:
    good, bad = workshop.create(), workshop.create()
    key = bad.manifest.dump.key.replace(".dump", ".manifest.json")
    with workshop.storage.write(key) as out:
        out.write(b'{"id": 1')

    plan = workshop.prune(Retention(keep_days=0, keep_last=1, keep_monthly=0))

    assert plan.damaged == (key,)
    assert [each.id for each in workshop.depot.find().backups] == [good.id]
    assert workshop.storage.head(bad.manifest.dump.key)

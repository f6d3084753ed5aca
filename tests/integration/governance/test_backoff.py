"""A stage that fails rests before it is tried again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance.backoff import LONGEST_REST, failures_in_a_row, is_resting, rest_after
from governance.models import Run
from governance.services import track
from silver.models import Change


def fail(kind: str = "marts") -> Run:
    with pytest.raises(ZeroDivisionError), track(kind) as run:
        1 / 0  # noqa: B018
    return run


def test_rests_grow_to_a_limit() -> None:
    assert [rest_after(n).total_seconds() for n in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert rest_after(10**9) == LONGEST_REST


@pytest.mark.django_db
def test_a_failed_stage_rests_and_says_so() -> None:
    assert not is_resting("marts")
    fail()
    run = fail()
    assert "failure 2 in a row" in run.message
    assert "after 10 s" in run.message
    assert is_resting("marts")
    assert is_resting("marts", timezone.now() + timedelta(seconds=9))
    assert not is_resting("marts", timezone.now() + timedelta(seconds=11))
    assert not is_resting("refine")


@pytest.mark.django_db
def test_success_ends_the_row() -> None:
    fail()
    with track("marts"):
        pass
    assert not is_resting("marts")
    assert failures_in_a_row("marts") == 0
    assert "in a row" not in fail().message


@pytest.mark.django_db
def test_one_file_that_fails_says_nothing_of_the_next() -> None:
    fail("ingest")
    assert "again" not in fail("ingest").message


@pytest.mark.django_db(transaction=True)
def test_the_marts_are_not_tried_at_every_beat() -> None:
    from gold.tasks import refresh  # noqa: PLC0415  celery is there only after Django

    Change.objects.create(entity="user", key="u1")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gold_tablestate ADD CONSTRAINT never CHECK (\"table\" = '')")
    try:
        with pytest.raises(Exception, match="never"):
            refresh()
        refresh()
        refresh()
        assert Run.objects.filter(kind="marts").count() == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gold_tablestate DROP CONSTRAINT never")
    Run.objects.update(finished_at=timezone.now() - timedelta(minutes=1))
    refresh()
    assert Run.objects.filter(kind="marts", state=Run.State.SUCCEEDED).count() == 1

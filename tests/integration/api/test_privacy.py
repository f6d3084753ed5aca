"""Personal data stays with those who may see it, also where it is not meant to be shown: in filters, runs and logs."""

import datetime as dt
import logging
import sys

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.test import Client
from structlog.stdlib import ProcessorFormatter

from governance.models import Run
from governance.services import track
from lakehouse_project.kernel.masking import without_rows
from silver.models import DimUser
from tests.integration.api.client import client_of
from tests.integration.bronze.intake import Intake
from tests.integration.gold.warehouse import Warehouse
from tests.unit.bronze.samples import valid_row

PERSONAL_FILTERS = [
    "silver/dimuser/?email__startswith=ada",
    "silver/dimuser/?full_name=Ada",
    "silver/facthire/?employee_name__startswith=A",
    "bronze/rawrecord/?effective__email__startswith=a",
    "bronze/rawrecord/?raw_text__contains=a",
    "bronze/document/?author=Ada",
    "search/searchdocument/?personal_title__startswith=A",
]


def staff(group: str) -> Client:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db
def test_a_column_that_nobody_has_classified(intake: Intake) -> None:
    viewer, curator = client_of("viewer"), client_of("curator")
    intake.rows("users", valid_row("users") | {"ssn": "123-45-6789"})
    intake.rows("products", valid_row("products") | {"colour": "red"})
    assert viewer.get("/users").json()["items"][0]["ssn"] == "1•••"
    assert curator.get("/users").json()["items"][0]["ssn"] == "123-45-6789"
    assert viewer.get("/products").json()["items"][0]["colour"] == "red"


@pytest.mark.django_db
@pytest.mark.parametrize("address", PERSONAL_FILTERS)
def test_nobody_finds_out_by_filters_what_is_masked(address: str) -> None:
    assert staff("viewer").get(f"/admin/{address}").status_code == 400
    assert staff("curator").get(f"/admin/{address}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "bronze/rawrecord/?dataset__name__exact=users&status__exact=quarantined",
        "bronze/rawrecord/?source_file__id__exact=1",
        "bronze/document/?source_file__id__exact=1",
        "silver/dimuser/?is_current__exact=1",
        "gold/hiresbyquarter/?year=2021",
    ],
)
def test_filters_that_the_lists_offer(address: str) -> None:
    assert staff("viewer").get(f"/admin/{address}").status_code == 200


@pytest.fixture
def violation(db: None) -> Run:
    """A failed run whose error the database explained with the whole row."""
    Warehouse().user("1", "Berlin", email="ada@example.org")
    users = DimUser.objects.filter(user_id="1")
    with pytest.raises(IntegrityError, match=r"ada@example\.org"), track("refine"), transaction.atomic():
        users.update(valid_to=dt.datetime(1900, 1, 1, tzinfo=dt.UTC))
    return Run.objects.get()


def test_a_failed_run_names_the_rule_and_not_the_row(violation: Run) -> None:
    assert 'violates check constraint "dim_user' in violation.detail
    assert "ada@example.org" not in violation.detail


QUOTED = "violates x\nDETAIL:  Failing row (ada@example.org,\n\n x).\nCONTEXT:  COPY"


def _fail() -> None:
    try:
        raise IntegrityError(QUOTED)  # noqa: TRY301
    except IntegrityError as error:
        raise RuntimeError("refine failed") from error


def test_the_log_names_the_rule_and_not_the_row() -> None:
    handlers = logging.getLogger().handlers
    formatter = next(each.formatter for each in handlers if isinstance(each.formatter, ProcessorFormatter))
    try:
        _fail()
    except RuntimeError:
        record = logging.getLogger("x").makeRecord("x", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    line = formatter.format(record)
    assert "violates x" in line
    assert "refine failed" in line
    assert "ada@example.org" not in line


def test_a_trace_without_rows_stays_as_it_is() -> None:
    assert (
        without_rows("Traceback\n  x\nValueError: no DETAIL: here")
        == "Traceback\n  x\nValueError: no DETAIL: here"
    )

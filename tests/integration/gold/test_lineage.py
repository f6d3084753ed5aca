"""What a mart is said to be made of is what it would differ without."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from gold import lineage
from gold.models import AnyModel, FilledRevenue, TableState
from gold.registry import MARTS, VIEWS
from gold.repositories import MartReader
from gold.services import RefreshMarts
from silver.lineage import datasets_of
from silver.models import (
    DimBank,
    DimDate,
    DimEmployer,
    DimEventType,
    DimJob,
    DimLocation,
    DimUser,
    FactEmployment,
    FactOrderLine,
)
from tests.integration.gold.content import content
from tests.integration.gold.warehouse import Warehouse

pytestmark = pytest.mark.django_db


def test_of_each_mart(company: Warehouse, refresh: RefreshMarts) -> None:
    company.document("0" * 64, "u1")
    FactEmployment.objects.update(job_title="Scribe", job_id=DimJob.objects.get(title="Clerk").key)
    whole = contents(refresh)
    for read in {each for found in lineage.READ.values() for each in found}:
        with emptied(read):
            without = contents(refresh)
        differ = {model for model in whole if whole[model] != without[model]}
        said = {model for model in whole if read in lineage.READ[model]}
        assert differ == said, read


def contents(refresh: RefreshMarts) -> dict[AnyModel, list[Any]]:
    """The rows of every mart, with all their columns."""
    refresh.everything()
    with connection.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"REFRESH MATERIALIZED VIEW {view.name}")
    rows = {mart.model: MartReader().rows(mart, mart.columns) for mart in MARTS}
    read = {model: list(found.chosen.values_list(*found.paths)) for model, found in rows.items()}
    read[FilledRevenue] = list(FilledRevenue.objects.values_list())
    stored = content()
    return {model: [read.get(model), stored.get(model.__name__)] for model in lineage.READ}


@contextmanager
def emptied(model: AnyModel) -> Iterator[None]:
    """While it lasts the table has no members but the unknown one."""
    savepoint = transaction.savepoint()
    table = model._meta.db_table
    known = " WHERE key <> 0" if table.startswith("silver_dim") else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}{known}")
    yield
    transaction.savepoint_rollback(savepoint)


def test_every_table_of_gold_has_its_origin() -> None:
    ours = {model for model in apps.get_app_config("gold").get_models() if model is not TableState}
    assert ours == set(lineage.READ)


def test_of_the_star_schema() -> None:
    assert datasets_of(FactOrderLine) == {"order_lines", "exchange_rates"}
    assert datasets_of(DimUser) == {"users"}
    assert [datasets_of(each) for each in (DimBank, DimEmployer, DimEventType, DimLocation)] == [
        {"user_bank_info"},
        {"employment_info"},
        {"events"},
        {"users"},
    ]
    assert datasets_of(DimDate) == set()
    assert "documents" in lineage.datasets_of(apps.get_model("gold", "Customer360"))

"""Every table of the star schema and every mart as a file: the rows, values and masks of its list."""

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from gold.registry import MARTS
from gold.services import RefreshMarts, RefreshViews
from lakehouse_project.exports.sources import table_of
from lakehouse_project.kernel.tabular import Format, encoded
from silver.star import STAR
from tests.accounts import member
from tests.integration.gold.test_api import compute_all
from tests.integration.gold.warehouse import Warehouse

LISTS = [*(f"silver/{table.slug}" for table in STAR), *(f"gold{mart.path}" for mart in MARTS)]
WITH_A_YEAR = {f"gold{mart.path}" for mart in MARTS if any(each.is_required for each in mart.parameters)}


@pytest.fixture
def filled(company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews) -> None:
    compute_all(refresh)
    refresh_views()


@pytest.fixture
def reader(db: None) -> Client:
    client = Client()
    client.force_login(member("reader"))
    return client


@pytest.fixture
def officer(db: None) -> Client:
    """Somebody who may see personal data."""
    user = member("officer")
    user.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, source: str, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{source}?page_size=1000&{query}")
    assert answer.status_code == 200, answer.content
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def file(client: Client, source: str, to: str, query: str = "") -> bytes:
    answer = client.get(f"/api/v1/{source}?format={to}&{query}")
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def as_listed(value: Any, shown: Any) -> Any:
    """A value of a frame as JSON shows it."""
    match value:
        case Decimal():
            return float(value) if isinstance(shown, float) else str(value)
        case dt.datetime():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace(
                "+00:00", "Z"
            )
        case dt.date():
            return value.isoformat()
        case _:
            return value


def test_every_list(filled: None, reader: Client, officer: Client) -> None:
    for client in (reader, officer):
        for source in LISTS:
            query = "year=2021" if source in WITH_A_YEAR else ""
            items = listed(client, source, query)
            objects = [json.loads(line) for line in file(client, source, "ndjson", query).splitlines()]
            assert objects == items, source
            frame = pl.read_parquet(io.BytesIO(file(client, source, "parquet", query)))
            assert frame.height == len(items)
            for row, item in zip(frame.iter_rows(named=True), items, strict=True):
                assert {name: as_listed(value, item[name]) for name, value in row.items()} == item, source


def test_most_lists_have_rows_to_compare(filled: None, reader: Client) -> None:
    filled_ones = [
        source for source in LISTS if listed(reader, source, "year=2021" if source in WITH_A_YEAR else "")
    ]
    assert len(filled_ones) > len(LISTS) * 0.8


def test_columns_have_their_types(filled: None, reader: Client) -> None:
    frame = pl.read_parquet(io.BytesIO(file(reader, "silver/order-lines", "parquet")))
    assert frame.schema["ordered_at"] == pl.Datetime("us", "UTC")
    assert frame.schema["amount"] == pl.Decimal(38, 2)
    assert frame.schema["quantity"].is_integer()
    payroll = pl.read_parquet(io.BytesIO(file(reader, "gold/people/city-payroll", "parquet")))
    assert payroll.schema["total_salary"] == pl.Decimal(38, 2)


def test_names_are_masked_for_those_who_may_not_see_them(
    filled: None, reader: Client, officer: Client
) -> None:
    for to in ("csv", "ndjson"):
        seen, masked = (file(client, "silver/users", to, "fields=full_name") for client in (officer, reader))
        assert "•••" in masked.decode()
        assert "•••" not in seen.decode()
    assert table_of("silver/users", "", User.objects.get(username="officer")).needs == (
        "silver.view_dimuser",
        "governance.view_personal_data",
    )
    assert table_of("silver/users", "fields=city", User.objects.get(username="officer")).needs == (
        "silver.view_dimuser",
    )


def test_filters_parameters_and_the_first_rows(filled: None, reader: Client) -> None:
    query = "ordering=-user_count&top=2&fields=city,user_count"
    items = listed(reader, "gold/people/city-payroll", query)
    rows = b"".join(encoded(table_of("gold/people/city-payroll", query, member("second")), Format.NDJSON))
    assert [json.loads(line) for line in rows.splitlines()] == items
    assert len(items) == 2

"""Every mart against the judge: a company's files with all their dirt, loaded in an unhappy order, corrected and deleted."""

import datetime as dt
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from bronze.models import RawRecord
from bronze.seeding import iter_seed
from bronze.services import LoadFile, ReceiveFile
from gold.registry import MARTS
from gold.services import RefreshMarts
from gold.services.publish import RefreshViews
from lakehouse_project.kernel.services import resolve
from silver.repositories.unknown import add_unknown_members
from silver.services import RefineChanges
from tests.accounts import member
from tests.integration.gold.judge import ANSWERS, Judge
from tests.integration.gold.warehouse import Clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(900)]

TODAY = dt.datetime(2023, 6, 15, 12, tzinfo=dt.UTC)

CORRECTION = """order_id,line_number,user_id,ordered_at,status,currency,sku,quantity,unit_price
90001,1,1009,2020-02-03T20:43:59Z,delivered,CAD,SKU-0013,1,159.32
90002,1,1001,2020-02-01T00:00:00Z,cancelled,EUR,SKU-0013,1,10.00
T1,1,1002,2022-02-28T23:59:59Z,paid,EUR,SKU-0001,1,0.05
T1,2,1002,2022-03-01T00:00:00Z,paid,EUR,SKU-0001,3,33.33
T2,1,1002,2022-03-01T00:00:00Z,paid,XAU,SKU-0001,2,1850.10
T3,1,stranger,2022-03-02T00:00:00Z,Paid,USD,SKU-0001,1,12.34
T4,1,1003,2022-03-02T00:00:00Z,returned,USD,SKU-0001,-2,0.01
T5,1,1003,2035-01-01T00:00:00Z,pending,USD,SKU-0001,1,7.77
T6,1,1004,2019-12-31T23:59:59Z,paid,EUR,SKU-0001,1,99.99
T7,1,1004,2022-07-01T00:00:00Z,paid,USD,SKU-0001,1,1.001
T8,1,1005,2022-07-01 08 15 00,paid,INR,SKU-0001,1,9999999.99
"""
"""Lines that move to another user and month, an order on two days and months, a currency and a day without rates, a user
whom nobody knows, a return, dates of the future and the past, three decimals, blanks for colons."""

DELETED = {
    "order_lines": ["90003:1", "90010:1"],
    "users": ["1006"],
    "hired_employees": ["2"],
    "events": ["e-0000001"],
}

QUERIES = {
    "hires-by-quarter": "year=2022",
    "departments-above-mean": "year=2022",
    "departments-above-mean of all": "year=2022&include_zero=true",
    "city-payroll of a country": "country=DE",
    "top-spenders of some days": "date_from=2022-03-15&date_to=2023-02-10&top=7",
    "logins-by-user of a month": "year=2022&month=5",
}
LEFT_OUT = {
    "top-spenders": {"full_name"},
    "logins-by-user": {"full_name"},
    "customer-360": {"full_name", "email", "job", "average_order", "return_rate", "document_count"},
    "event-funnel": {"step", "name"},
    "monthly-event-funnel": {"step", "name", "share"},
}
"""Names, documents, titles that are conformed, and quotients, which have tests of their own; the judge has the steps of the
funnel side by side."""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A seeded company with rates of two days in a month, none for INR, and the banks of which the code is plain."""
    add_unknown_members()
    folder = tmp_path / "company"
    for file in iter_seed(folder, scale=0.02, seed=7):
        assert file.path.exists()
    rates = (folder / "exchange_rates.csv").read_text().splitlines(keepends=True)
    (folder / "some_rates.csv").write_text(
        "".join(line for line in rates if line[8:10] in ("re", "01", "17") and ",INR," not in line)
    )
    banks = (folder / "user_bank_info.ndjson").read_text().splitlines(keepends=True)
    (folder / "some_banks.ndjson").write_text(
        "".join(line for line in banks if '"routing_code":"DEUTDE' in line)
    )
    (folder / "orders_correction.csv").write_text(CORRECTION)
    return folder


def test_every_mart_is_what_duckdb_computes_from_the_files(
    company: Path, refresh: RefreshMarts, refresh_views: RefreshViews, clock: Clock
) -> None:
    clock.now = TODAY
    judge = Judge(company, TODAY.date().isoformat())

    def settle(*files: tuple[str, str]) -> None:
        for name, dataset in files:
            load(company / name, dataset)
        while resolve(RefineChanges)() is not None:
            pass
        refresh()

    settle(
        ("hired_employees.csv", "hired_employees"),
        ("order_lines.csv", "order_lines"),
        ("events.ndjson", "events"),
    )
    settle(
        ("employment_info.csv", "employment_info"),
        ("some_banks.ndjson", "user_bank_info"),
        ("orders.json", "order_lines"),
    )
    settle(("departments.csv", "departments"), ("users.csv", "users"), ("jobs.csv", "jobs"))
    settle(("some_rates.csv", "exchange_rates"), ("orders_correction.csv", "order_lines"))
    for dataset, keys in DELETED.items():
        assert RawRecord.objects.filter(dataset=dataset, key__in=keys, status="valid").update(
            status="deleted"
        ) == len(keys)
        judge.forget(dataset, *keys)
    settle()
    refresh_views()

    client = Client()
    user = member("judge")
    user.is_superuser = True
    user.save()
    client.force_login(user)
    wrong = {name: difference(given(client, name), shown(judge.answer(name))) for name in ANSWERS}
    assert not any(wrong.values()), "\n".join(f"{name}: {rows}" for name, rows in wrong.items() if rows)
    assert {mart_of(name) for name in ANSWERS} == {mart.name for mart in MARTS}
    assert refresh.everything().rows == {}


def mart_of(name: str) -> str:
    return name.partition(" of ")[0]


def load(path: Path, dataset: str) -> None:
    received = resolve(ReceiveFile)(path, name=path.name, via="command", dataset=dataset)
    resolve(LoadFile)(received.id)


def given(client: Client, name: str) -> list[tuple[str, ...]]:
    """The mart as CSV, which has amounts to the cent, without the header and what the judge leaves out."""
    mart = next(mart for mart in MARTS if mart.name == mart_of(name))
    fields = [column.name for column in mart.columns if column.name not in LEFT_OUT.get(mart.name, ())]
    query = f"format=csv&fields={','.join(fields)}&{QUERIES.get(name, '')}"
    response: Any = client.get(f"/api/v1/gold{mart.path}?{query}")
    lines = b"".join(response.streaming_content).decode().splitlines()
    rows = [tuple(line.split(",")) for line in lines[1:]]
    return widened(rows) if name.endswith("funnel") else rows


def difference(found: list[tuple[str, ...]], expected: list[tuple[str, ...]]) -> list[Any]:
    """The first places in which the two differ, in what is there or in its order."""
    pairs = zip_longest(found, expected)
    return [pair for pair in pairs if pair[0] != pair[1]][:3]


def widened(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The five steps of each group in one row."""
    return [(*rows[n][:-1], *(row[-1] for row in rows[n : n + 5])) for n in range(0, len(rows), 5)]


def shown(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return [tuple(map(as_text, row)) for row in rows]


def as_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC).isoformat()
    return "" if value is None else str(value)

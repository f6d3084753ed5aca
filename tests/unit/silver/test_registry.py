"""The transforms run wherever polars does, and keep their contracts."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import silver
from bronze.contracts import CONTRACTS, Classification
from lakehouse_project.kernel.parsing import RATE
from silver.errors import ContractBroken
from silver.transforms.history import TRACKED
from silver.transforms.registry import TRANSFORMS
from tests.unit.silver.test_people import records

RECORDS = {
    "departments": {"id": "1", "department": " Law "},
    "jobs": {"id": "01", "job": "Cook"},
    "products": {
        "sku": "s1",
        "name": "Shoe",
        "description": "x",
        "category": "c",
        "price": "9.90",
        "currency": "usd",
    },
    "exchange_rates": {"date": "2021-01-01", "currency": "EUR", "rate": "1.1"},
    "user_bank_info": {"user_id": "u1", "bank_name": "First  BANK"},
    "users": {
        "user_id": "u1",
        "full_name": "ada lovelace",
        "email": "Ada@Example.org",
        "phone": None,
        "address": None,
        "city": "berlin",
        "postal_code": "D-10115",
        "country": "de",
        "created_at": "2021-01-01T00:00:00Z",
        "updated_at": None,
    },
    "hired_employees": {
        "id": "7",
        "name": "Ada",
        "datetime": "2021-07-27T16:02:08Z",
        "department_id": "1",
        "job_id": "9",
    },
    "employment_info": {
        "employment_id": "e1",
        "user_id": "u1",
        "employer": "ACME",
        "job_title": "Sr. cook",
        "start_date": "2021-02-01",
        "end_date": "9999-12-31",
        "salary": "100.00",
        "currency": "EUR",
    },
    "order_lines": {
        "order_id": "o1",
        "line_number": "1",
        "user_id": "u1",
        "sku": "s1",
        "ordered_at": "2021-02-01T10:00:00Z",
        "status": "Paid",
        "quantity": "3",
        "unit_price": "0.10",
        "currency": "EUR",
    },
    "events": {
        "event_id": "v1",
        "user_id": "u2",
        "event_type": "login",
        "occurred_at": "2021-02-01 10:00:00",
    },
}
"""A record of each data set."""

BEGIN = datetime(2021, 1, 1, tzinfo=UTC)
KNOWN: Mapping[str, pl.DataFrame] = {
    "banks": pl.DataFrame({"key": [3], "name_key": ["first bank"]}),
    "employers": pl.DataFrame({"key": [4], "name_key": ["acme"]}),
    "departments": pl.DataFrame({"key": [5], "department_id": [1]}),
    "jobs": pl.DataFrame({"key": [6], "job_id": [1]}),
    "active_jobs": pl.DataFrame({"key": [6], "job_id": [1], "title": ["Senior Cook"]}),
    "products": pl.DataFrame({"key": [8], "sku": ["s1"]}),
    "event_types": pl.DataFrame({"key": [9], "name": ["login"]}),
    "locations": pl.DataFrame({"key": [2], "country": ["DE"], "postal_code": ["10115"], "city": ["Berlin"]}),
    "user_versions": pl.DataFrame({"user_id": ["u1"], "version": [1], "key": [11], "valid_from": [BEGIN]}),
    "current_users": pl.DataFrame(
        schema=dict.fromkeys(("user_id", *TRACKED), pl.String)
        | dict.fromkeys(("raw_record_id", "version", "location_id"), pl.Int64)
        | {name: pl.Datetime("us", "UTC") for name in ("created_at", "valid_from", "valid_to")}
        | dict.fromkeys(("is_active", "is_current"), pl.Boolean)
    ),
    "rates": pl.DataFrame(
        {"currency": ["EUR"], "date": [date(2021, 1, 1)], "rate": [Decimal("1.5")], "until": [None]},
        schema_overrides={"rate": RATE, "until": pl.Date},
    ),
}

BARE_PROCESS = """
import sys
sys.modules["django"] = None  # whoever imports it fails
from pathlib import Path
import polars as pl
from silver.transforms.registry import TRANSFORMS
folder = Path(sys.argv[1])
known = {path.stem: pl.read_ipc(path) for path in folder.glob("known/*")}
for name, transform in TRANSFORMS.items():
    records = pl.read_ipc(folder / name)
    rows = transform(records, {each: known[each] for each in transform.known}).rows
    rows.write_ipc(folder / f"{name}.rows")
"""


def test_every_transform_runs_in_a_bare_process_with_the_same_result(tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    for name, frame in KNOWN.items():
        frame.write_ipc(tmp_path / "known" / name)
    for name in TRANSFORMS:
        records(RECORDS[name]).write_ipc(tmp_path / name)
    folder = Path(silver.__path__[0]).parent
    subprocess.run([sys.executable, "-c", BARE_PROCESS, tmp_path], check=True, env={}, cwd=folder)
    for name, transform in TRANSFORMS.items():
        rows = pl.read_ipc(tmp_path / f"{name}.rows")
        assert rows.height == 1, name
        assert rows.equals(transform(records(RECORDS[name]), KNOWN).rows), name


def test_rows_have_the_keys_of_what_they_refer_to() -> None:
    line = TRANSFORMS["order_lines"](records(RECORDS["order_lines"]), KNOWN).rows.row(0, named=True)
    assert (line["date_id"], line["product_id"], line["user_id"]) == (20210201, 8, 11)
    assert (line["amount"], line["amount_reporting"]) == (Decimal("0.30"), Decimal("0.45"))
    event = TRANSFORMS["events"](records(RECORDS["events"]), KNOWN).rows.row(0, named=True)
    assert (event["event_type_id"], event["user_id"]) == (9, 0)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_records_parted_by_key_give_the_same_rows(name: str) -> None:
    """Each key comes twice, with the later record in force: were they parted otherwise, both would be rows."""
    transform = TRANSFORMS[name]
    first = transform.key[0]
    keys = [f"2021-01-0{n}" if first == "date" else str(n) for n in (1, 2, 3, 1, 2, 3)]
    frame = records(*({**RECORDS[name], first: key} for key in keys))
    whole = transform(frame, KNOWN).rows
    parts = [transform(part, KNOWN).rows for part in frame.partition_by(transform.key)]
    assert whole["raw_record_id"].sort().to_list() == [4, 5, 6]
    assert pl.concat(parts).sort("raw_record_id").equals(whole.sort("raw_record_id"))


def test_transforms_read_fields_of_their_contract_and_no_secrets() -> None:
    for name, transform in TRANSFORMS.items():
        contract = CONTRACTS[name]
        assert set(transform.key) == set(contract.key)
        read = [contract.field(field) for field in transform.fields]
        assert not [field.name for field in read if field.classification is Classification.SECRET]


def test_the_registry_names_the_tables_that_rows_are_written_to() -> None:
    from silver.repositories.tables import FROM_RECORDS  # noqa: PLC0415  models need the configured Django

    assert {name: transform.table for name, transform in TRANSFORMS.items()} == {
        name: table.name for name, table in FROM_RECORDS.items()
    }


def test_records_that_break_their_contract_are_named() -> None:
    line = RECORDS["order_lines"]
    frame = records(line, {**line, "line_number": "2"}, {**line, "line_number": "3"})
    frame = frame.with_columns(record_status=pl.Series(["valid", "new", "new"]))
    with pytest.raises(ContractBroken) as caught:
        TRANSFORMS["order_lines"].typed(frame)
    message = str(caught.value)
    assert message.startswith("raw records of order_lines: column record_status breaks isin(")
    assert "in order_id=o1/line_number=2, order_id=o1/line_number=3." in message


def test_a_column_that_is_missing_or_of_another_type_is_named() -> None:
    frame = records(RECORDS["jobs"])
    with pytest.raises(ContractBroken, match="raw records of jobs: column job breaks column_in_dataframe"):
        TRANSFORMS["jobs"].typed(frame.drop("job"))
    with pytest.raises(ContractBroken, match=r"column job breaks dtype\('String'\)"):
        TRANSFORMS["jobs"].typed(frame.with_columns(job=pl.lit(1)))


def test_rows_that_break_their_contract_are_named_without_their_content() -> None:
    def wrong(rows: pl.DataFrame, _known: object) -> pl.DataFrame:
        return rows.with_columns(country=pl.lit("DEU"), location_id=pl.lit(1), version=pl.lit(0))

    frame = records(*({**RECORDS["users"], "user_id": f"u{n}"} for n in range(7)))
    with pytest.raises(ContractBroken) as caught:
        replace(TRANSFORMS["users"], bind=wrong)(frame, KNOWN)
    message = str(caught.value)
    assert "silver_dimuser: " in message
    assert "column version breaks greater_than(0) in user_id=u0/version=0, " in message
    assert "column country breaks str_length(2, 2)" in message
    assert " and 2 more" in message
    assert "lovelace" not in message.lower()

"""Pandera contracts of the frames that enter the transforms, and of those that leave for the tables of the star schema."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandera.polars as pa
import polars as pl

from lakehouse_project.kernel.parsing import MONEY, RATE
from silver.errors import ContractBroken
from silver.transforms.records import DELETED, QUARANTINED, VALID

_SHOWN = 5
"""Natural keys that an error names."""

_KEY = pa.Column(pl.Int64, pa.Check.ge(0))
_ID = pa.Column(pl.Int64, pa.Check.gt(0))
_INTEGER = pa.Column(pl.Int64)
_TEXT = pa.Column(pl.String)
_FLAG = pa.Column(pl.Boolean)
_DATE = pa.Column(pl.Date)
_MOMENT = pa.Column(pl.Datetime("us", "UTC"))
_OPTIONAL_DATE = pa.Column(pl.Date, nullable=True)
_OPTIONAL_MOMENT = pa.Column(pl.Datetime("us", "UTC"), nullable=True)
_MONEY = pa.Column(MONEY)
_PRICE = pa.Column(MONEY, pa.Check.ge(0))
_OPTIONAL_MONEY = pa.Column(MONEY, nullable=True)
_COUNTRY = pa.Column(pl.String, pa.Check.str_length(2, 2))
_CURRENCY = pa.Column(pl.String, pa.Check.str_length(3, 3))


def _schema(natural: str, **columns: pa.Column) -> pa.DataFrameSchema:
    """The frame may have further columns: they are not loaded."""
    return pa.DataFrameSchema({"raw_record_id": _ID, **columns}, unique=natural.split())


ROWS: Mapping[str, pa.DataFrameSchema] = MappingProxyType(
    {
        "departments": _schema("department_id", department_id=_INTEGER, name=_TEXT, is_active=_FLAG),
        "jobs": _schema("job_id", job_id=_INTEGER, title=_TEXT, is_active=_FLAG),
        "products": _schema(
            "sku",
            sku=_TEXT,
            name=_TEXT,
            description=_TEXT,
            category=_TEXT,
            price=_PRICE,
            currency=_CURRENCY,
            is_active=_FLAG,
        ),
        "exchange_rates": _schema(
            "currency date", currency=_CURRENCY, date=_DATE, rate=pa.Column(RATE, pa.Check.ge(0))
        ),
        "user_bank_info": _schema("user_id", user_id=_TEXT, bank_name=_TEXT, bank_id=_KEY),
        "users": _schema(
            "user_id version",
            user_id=_TEXT,
            version=_ID,
            full_name=_TEXT,
            email=_TEXT,
            phone=_TEXT,
            address=_TEXT,
            city=_TEXT,
            postal_code=_TEXT,
            country=_COUNTRY,
            location_id=_KEY,
            created_at=_MOMENT,
            valid_from=_MOMENT,
            valid_to=_OPTIONAL_MOMENT,
            is_current=_FLAG,
            is_active=_FLAG,
        ),
        "hired_employees": _schema(
            "hire_id",
            hire_id=_INTEGER,
            employee_name=_TEXT,
            hired_at=_MOMENT,
            department_id_natural=_INTEGER,
            job_id_natural=_INTEGER,
            date_id=_KEY,
            department_id=_KEY,
            job_id=_KEY,
        ),
        "employment_info": _schema(
            "employment_id",
            employment_id=_TEXT,
            user_id_natural=_TEXT,
            employer_name=_TEXT,
            job_title=_TEXT,
            job_match_score=pa.Column(pl.Float64, pa.Check.in_range(0, 100)),
            start_date=_DATE,
            end_date=_OPTIONAL_DATE,
            salary=_PRICE,
            currency=_CURRENCY,
            salary_reporting=_OPTIONAL_MONEY,
            user_id=_KEY,
            employer_id=_KEY,
            job_id=_KEY,
            start_id=_KEY,
            end_id=_KEY,
        ),
        "order_lines": _schema(
            "order_id line_number",
            order_id=_TEXT,
            line_number=_INTEGER,
            user_id_natural=_TEXT,
            sku_natural=_TEXT,
            ordered_at=_MOMENT,
            status=_TEXT,
            quantity=_INTEGER,
            unit_price=_PRICE,
            amount=_MONEY,
            currency=_CURRENCY,
            amount_reporting=_OPTIONAL_MONEY,
            date_id=_KEY,
            user_id=_KEY,
            product_id=_KEY,
        ),
        "events": _schema(
            "event_id",
            event_id=_TEXT,
            user_id_natural=_TEXT,
            occurred_at=_MOMENT,
            date_id=_KEY,
            user_id=_KEY,
            event_type_id=_KEY,
        ),
    }
)
"""Data set -> the contract of its rows, the natural key as `unique`."""


def record_schema(fields: Sequence[str]) -> pa.DataFrameSchema:
    """The contract of raw records as they are read: texts in `fields`, and what the lake knows of each record."""
    texts = {name: pa.Column(pl.String, nullable=True) for name in fields}
    status = pa.Column(pl.String, pa.Check.isin([VALID, DELETED, QUARANTINED]))
    known = {"raw_record_id": _ID, "record_status": status, "recorded_at": _TEXT}
    return pa.DataFrameSchema({**known, **texts}, unique=["raw_record_id"])


def check(rows: pl.DataFrame, schema: pa.DataFrameSchema, *, table: str, key: Sequence[str]) -> None:
    """Raises `ContractBroken` with the table, each column and rule, and natural keys (columns `key`) of rows that break it.

    Whatever the data are, rows that a transform lets through keep the contract: else the transform is wrong.
    """
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as error:
        found = _found(error.failure_cases, rows, key)
        raise ContractBroken(
            f"{table}: {'; '.join(found)}. Nothing was written. Records that are wrong are quarantined in bronze; "
            "those that pass there must pass here, so report this."
        ) from None  # Pandera's own error repeats whole rows, personal data included


def _found(cases: pl.DataFrame, rows: pl.DataFrame, key: Sequence[str]) -> list[str]:
    """One sentence per column and rule."""
    rules = cases.group_by("column", "check", maintain_order=True).agg(
        "index", case=pl.col("failure_case").first()
    )
    return [_sentence(rule, rows, key) for rule in rules.iter_rows(named=True)]


def _sentence(rule: Mapping[str, Any], rows: pl.DataFrame, key: Sequence[str]) -> str:
    places = [place for place in rule["index"] if place is not None]
    if not places:  # the frame as a whole: a column that is missing, or of another type
        return f"column {rule['column'] or rule['case']} breaks {rule['check']}"
    known = [name for name in key if name in rows.columns] or ["raw_record_id"]
    named = rows.select(known)[places[:_SHOWN]].iter_rows(named=True)
    keys = ", ".join("/".join(f"{name}={value}" for name, value in row.items()) for row in named)
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f"column {rule['column'] or ', '.join(key)} breaks {rule['check']} in {keys}{more}"

"""The facts as they are published to the lake: which columns, by which day, and how they are read."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl
from django.db import connection, models

from bronze.contracts import CONTRACTS
from governance.feed import Window
from lake.domain import PARTS, LakeColumn, TableSpec, Values
from lake.sources import News
from lakehouse_project.kernel.copy import copy_out
from lakehouse_project.kernel.masking import MASK
from lakehouse_project.kernel.parsing import MONEY, parse_date
from silver.lineage import datasets_of
from silver.models import Change, DimEventType, FactEmployment, FactEvent, FactHire, FactOrderLine

Personal = Literal["omit", "mask"]
"""What becomes of personal and secret fields on their way to the lake."""

TEXT, NUMBER, DAY = pl.String(), pl.Int64(), pl.Date()
MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class FactColumn:
    """A published column: the SQL that reads it, and the field of the contract that its class comes from."""

    name: str
    dtype: pl.DataType
    comment: str
    sql: str = ""
    field: str = ""

    @property
    def expression(self) -> str:
        """Moments travel as microseconds, which are read many times as fast as text."""
        value = self.sql or f"f.{self.name}"
        if self.dtype == MOMENT:
            value = f"(extract(epoch FROM {value}) * 1000000)::bigint"
        return f"{value} AS {self.name}"

    @property
    def contract_field(self) -> str:
        return self.field or self.name


@dataclass(frozen=True)
class FactSource:
    """One fact, by the day of `day` (SQL over a row `f`), which `date` (the key in the calendar) finds by index."""

    name: str
    dataset: str
    comment: str
    model: type[models.Model]
    date: str
    day: str
    entity: str
    columns: tuple[FactColumn, ...]
    sorted_by: tuple[str, ...]
    personal: Personal = "omit"
    joined: str = ""
    joins: tuple[type[models.Model], ...] = ()

    @cached_property
    def spec(self) -> TableSpec:
        return TableSpec(
            name=self.name,
            comment=self.comment,
            columns=tuple(LakeColumn(each.name, each.dtype, each.comment) for each in self._published),
            partition_by=PARTS,
            sorted_by=self.sorted_by,
            datasets=datasets_of(self.model).union(*map(datasets_of, self.joins)),
        )

    def news(self, window: Window, stamp: str) -> News:
        if window.is_full:
            return News(None)
        changes = Change.objects.filter(entity=self.entity, xid__gte=window.low, xid__lt=window.high)
        days = changes.order_by().values_list("key", flat=True).distinct()
        return News({_values(dt.date.fromisoformat(day)) for day in days})

    def counts(self, partitions: Collection[Values] | None) -> Mapping[Values, int]:
        with connection.cursor() as cursor:
            cursor.execute(f"{self._select('day, count(*)', partitions)} GROUP BY day", _days(partitions))
            return {_values(day): count for day, count in cursor.fetchall()}

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        """Of each day the rows at the time of one statement."""
        columns = ", ".join(["day", *(column.expression for column in self._published)])
        frame = copy_out(self._select(columns, partitions), _days(partitions))
        return frame.with_columns(
            *(self._typed(column) for column in self._published), parse_date(pl.col("day"))
        ).with_columns(
            pl.col("day").dt.year().alias("year"),
            pl.col("day").dt.month().cast(pl.Int32).alias("month"),
            pl.col("day").dt.day().cast(pl.Int32).alias("day"),
        )

    @cached_property
    def _published(self) -> tuple[FactColumn, ...]:
        return tuple(
            column for column in self.columns if not self._is_personal(column) or self._is_masked(column)
        )

    def _is_masked(self, column: FactColumn) -> bool:
        """Of other values than texts a mask would leave nothing."""
        return self.personal == "mask" and column.dtype == TEXT and self._is_personal(column)

    def _is_personal(self, column: FactColumn) -> bool:
        return CONTRACTS[self.dataset].field(column.contract_field).is_personal

    def _select(self, columns: str, partitions: Collection[Values] | None) -> str:
        """Days outside of the calendar have key 0."""
        rows = f"{self.model._meta.db_table} f {self.joined}"
        query = f"SELECT {columns} FROM {rows} CROSS JOIN LATERAL (SELECT {self.day} AS day) d"  # noqa: S608
        if partitions is None:
            return query
        return f"{query} WHERE f.{self.date} = ANY(%(dates)s::int[]) AND day = ANY(%(days)s::date[])"

    def _typed(self, column: FactColumn) -> pl.Expr:
        text = pl.col(column.name)
        if self._is_masked(column):
            return pl.when(text != "").then(text.str.slice(0, 1) + MASK).otherwise(text).alias(column.name)
        if column.dtype == MOMENT:
            return text.cast(pl.Int64).cast(MOMENT)
        return parse_date(text) if column.dtype == DAY else text.cast(column.dtype)


def _values(day: dt.date) -> Values:
    return day.year, day.month, day.day


def _days(partitions: Collection[Values] | None) -> dict[str, list[object]]:
    days = [dt.date(*values) for values in partitions or ()]
    keys = [day.year * 10_000 + day.month * 100 + day.day for day in days]
    return {"days": list(days), "dates": [0, *keys]}


USER = FactColumn("user_id", TEXT, "Natural key of the user.", "f.user_id_natural")
CURRENCY = FactColumn("currency", TEXT, "ISO 4217.")


def fact_sources(personal: Personal) -> tuple[FactSource, ...]:
    """The facts of the star schema."""
    return (
        FactSource(
            "order_lines",
            "order_lines",
            "One line of an order, by the day (UTC) of the order.",
            model=FactOrderLine,
            date="date_id",
            day="(f.ordered_at AT TIME ZONE 'UTC')::date",
            entity="order_day",
            columns=(
                FactColumn("order_id", TEXT, "Natural key of the order."),
                FactColumn("line_number", NUMBER, "Position in the order."),
                USER,
                FactColumn("sku", TEXT, "Natural key of the product.", "f.sku_natural"),
                FactColumn("ordered_at", MOMENT, "When it was ordered, UTC."),
                FactColumn("status", TEXT, "Status of the order."),
                FactColumn("quantity", NUMBER, "Pieces; negative for a return."),
                FactColumn("unit_price", MONEY, "Price of one piece, in `currency`."),
                FactColumn("amount", MONEY, "quantity x unit price, in `currency`.", field="unit_price"),
                CURRENCY,
                FactColumn(
                    "amount_reporting",
                    MONEY,
                    "In the reporting currency; empty without an exchange rate.",
                    field="unit_price",
                ),
            ),
            sorted_by=("ordered_at", "order_id", "line_number"),
            personal=personal,
        ),
        FactSource(
            "events",
            "events",
            "One thing that a user did, by its day (UTC).",
            model=FactEvent,
            date="date_id",
            day="(f.occurred_at AT TIME ZONE 'UTC')::date",
            entity="event_day",
            columns=(
                FactColumn("event_id", TEXT, "Natural key of the event."),
                USER,
                FactColumn("event_type", TEXT, "Kind of event; empty if unknown.", "t.name"),
                FactColumn("occurred_at", MOMENT, "When it happened, UTC."),
            ),
            sorted_by=("occurred_at", "event_id"),
            personal=personal,
            joined="LEFT JOIN silver_dimeventtype t ON t.key = f.event_type_id AND t.key <> 0",
            joins=(DimEventType,),
        ),
        FactSource(
            "hires",
            "hired_employees",
            "One hire, by its day (UTC).",
            model=FactHire,
            date="date_id",
            day="(f.hired_at AT TIME ZONE 'UTC')::date",
            entity="hire_day",
            columns=(
                FactColumn("hire_id", NUMBER, "Natural key of the hire.", field="id"),
                FactColumn("employee_name", TEXT, "Name of the employee.", field="name"),
                FactColumn("hired_at", MOMENT, "When the employee was hired, UTC.", field="datetime"),
                FactColumn("department_id", NUMBER, "Natural key.", "f.department_id_natural"),
                FactColumn("job_id", NUMBER, "Natural key.", "f.job_id_natural"),
            ),
            sorted_by=("hired_at", "hire_id"),
            personal=personal,
        ),
        FactSource(
            "employments",
            "employment_info",
            "One employment of a user, by its first day.",
            model=FactEmployment,
            date="start_id",
            day="f.start_date",
            entity="employment_day",
            columns=(
                FactColumn("employment_id", TEXT, "Natural key of the employment."),
                USER,
                FactColumn("employer", TEXT, "As the source spells it.", "f.employer_name"),
                FactColumn("job_title", TEXT, "As the source has it."),
                FactColumn("start_date", DAY, "First day."),
                FactColumn("end_date", DAY, "Last day; empty while it lasts."),
                FactColumn("salary", MONEY, "Pay per year, in `currency`."),
                CURRENCY,
                FactColumn(
                    "salary_reporting",
                    MONEY,
                    "In the reporting currency; empty without a rate.",
                    field="salary",
                ),
            ),
            sorted_by=("start_date", "employment_id"),
            personal=personal,
        ),
    )


@dataclass(frozen=True)
class PublishedFacts:
    """The silver layer, as the lake publishes it."""

    personal: Personal = "omit"

    def sources(self) -> Sequence[FactSource]:
        return fact_sources(self.personal)

    def has_news(self, position: int, stamps: Mapping[str, str]) -> bool:
        with connection.cursor() as cursor:
            entities = [source.entity for source in self.sources()]
            cursor.execute(_HAS_NEWS, {"position": position, "entities": entities})
            (has_news,) = cursor.fetchone()
        return position == 0 or bool(has_news)


_HAS_NEWS = """
SELECT EXISTS (
    SELECT FROM silver_change WHERE entity = ANY(%(entities)s)
    AND xid >= %(position)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
)
"""

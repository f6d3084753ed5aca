"""The marts as they are published to the lake.

Each is partitioned by its natural date, one step coarser than its rows, so that a partition is more than a few rows:
days by month, months by year. Marts without a date are one partition.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl
from django.db import models

from gold.lineage import datasets_of
from gold.models import TableState
from gold.registry import MARTS, Mart
from gold.repositories.tables import typed
from governance.feed import Window
from lake.domain import PARTS, LakeColumn, TableSpec, Values
from lake.sources import News
from lakehouse_project.kernel.copy import copy_out

GRAIN = {"day": 2, "month": 1, "cohort": 1, "year": 1}
"""The column of a mart that says its date, and by how many of year and month it is partitioned then."""


@dataclass(frozen=True)
class MartSource:
    """One mart: all columns of its table that are not personal."""

    mart: Mart

    @cached_property
    def spec(self) -> TableSpec:
        return TableSpec(
            name=self.mart.slug,
            comment=self.mart.summary,
            columns=tuple(
                LakeColumn(name, dtype, str(self._fields[name].help_text))
                for name, dtype in self._schema.items()
                if name != "year"
            ),
            partition_by=PARTS[: GRAIN[self._date]] if self._date else (),
            sorted_by=tuple(name.removeprefix("-") for name in self.mart.ordering if name != "year"),
            datasets=datasets_of(self.mart.model),
        )

    def news(self, window: Window, stamp: str) -> News:
        """The stamp is when the table last changed: another one, and the mart is read as a whole."""
        changed = (
            TableState.objects.filter(table=self.mart.table).values_list("changed_at", flat=True).first()
        )
        now = changed.isoformat() if changed else ""
        return News((), now) if now == stamp else News(None, now)

    def counts(self, partitions: Collection[Values] | None) -> Mapping[Values, int]:
        """Of all partitions: what changed is known of the mart as a whole."""
        frame = self._frame()
        if not self._date:
            return {(): frame.height} if frame.height else {}
        counted = frame.group_by(self.spec.partition_by).len()
        return {tuple(values): count for *values, count in counted.rows()}

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        frame = self._frame()
        if not self._date:
            return frame
        schema = dict.fromkeys(self.spec.partition_by, pl.Int32)
        wanted = pl.DataFrame(partitions, schema=schema, orient="row")
        return frame.join(wanted, on=list(self.spec.partition_by), how="semi")

    def _frame(self) -> pl.DataFrame:
        """The whole mart, which is small if it has a date, and one partition if it has none."""
        rows = self.mart.model._default_manager.filter(**self.mart.source.where).order_by()
        query, params = rows.values_list(*self._fields).query.sql_with_params()
        frame = copy_out(query, params)
        typed_rows = frame.with_columns(typed(name, field) for name, field in self._fields.items())
        return typed_rows.with_columns(self._dated())

    def _dated(self) -> list[pl.Expr]:
        if self._date == "year":
            return [pl.col("year").cast(pl.Int32)]
        dates = {"year": pl.col(self._date).dt.year(), "month": pl.col(self._date).dt.month().cast(pl.Int32)}
        return [dates[part].alias(part) for part in self.spec.partition_by]

    @cached_property
    def _date(self) -> str:
        return next((name for name in GRAIN if name in self._fields), "")

    @cached_property
    def _schema(self) -> Mapping[str, pl.DataType]:
        empty = pl.DataFrame(schema=dict.fromkeys(self._fields, pl.String))
        return empty.select(typed(name, field) for name, field in self._fields.items()).schema

    @cached_property
    def _fields(self) -> "Mapping[str, models.Field[object, object]]":
        personal = {column.path for column in self.mart.columns if column.is_personal}
        return {
            str(field.column): field
            for field in self.mart.model._meta.concrete_fields
            if field.column not in {"id", *personal}
        }


@dataclass(frozen=True)
class PublishedMarts:
    """The gold layer, as the lake publishes it."""

    def sources(self) -> Sequence[MartSource]:
        return [MartSource(mart) for mart in MARTS]

    def has_news(self, position: int, stamps: Mapping[str, str]) -> bool:
        changed = {
            table: at.isoformat() for table, at in TableState.objects.values_list("table", "changed_at")
        }
        return any(stamps.get(mart.slug, "") != changed.get(mart.table, "") for mart in MARTS)

    def lag(self, changed_at: Mapping[str, dt.datetime], stamps: Mapping[str, str]) -> bool:
        """Whether a mart was published before it changed, by table, last."""
        return any(
            mart.table in changed_at and stamps.get(mart.slug, "") < changed_at[mart.table].isoformat()
            for mart in MARTS
        )

"""The rows of the mart tables: read back as frames, and replaced group by group."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl
from django.db import connection, models

from gold import extracts
from gold.domain import Scope
from gold.marts.amounts import SUM
from gold.models import AnyModel, CohortRetention, MonthlyOrders
from gold.repositories.columns import as_list, timestamp
from lakehouse_project.kernel.copy import copy_in, copy_out
from lakehouse_project.kernel.parsing import parse_date

INCOMING = "gold_incoming"


class MartTables:
    """On Django's default connection."""

    def stored(self, model: AnyModel, scope: Scope) -> pl.DataFrame:
        """The rows of `scope`, with the columns of the model but its id."""
        fields = _fields(model)
        query = extracts.stored(model._meta.db_table, list(fields), scope.column)
        frame = copy_out(query, {"values": as_list(scope.values)})
        return frame.with_columns(typed(name, field) for name, field in fields.items())

    def last_order_month(self, today: dt.date) -> dt.date | None:
        """The first day of the last month with an order, up to `today`: some orders come with dates of the far future."""
        past = MonthlyOrders.objects.filter(month__lte=today)
        month: dt.date | None = past.aggregate(last=models.Max("month"))["last"]
        return month

    def last_month_of_cohorts(self) -> dt.date | None:
        """The first day of the month that all cohorts reach."""
        rows = CohortRetention.objects.order_by("cohort", "-months_since")
        reached = rows.values_list("cohort", "months_since").first()
        if reached is None:
            return None
        cohort, months = reached
        years, month = divmod(cohort.month - 1 + months, 12)
        return dt.date(cohort.year + years, month + 1, 1)

    def replace(self, model: AnyModel, frame: pl.DataFrame, scope: Scope) -> int:
        """Make `frame` the rows of `scope`. Returns how many rows were inserted, changed or removed.

        Only rows that differ are written, so ids stay and readers of unchanged rows are not disturbed.
        """
        rows = frame.select(list(_fields(model)))
        if scope.values is None and not model._default_manager.exists():
            return copy_in(model._meta.db_table, rows)
        return _merge(model, rows, scope)


def _merge(model: AnyModel, rows: pl.DataFrame, scope: Scope) -> int:
    statements = extracts.Merge(model._meta.db_table, INCOMING, rows.columns, _group_key(model))
    with connection.cursor() as cursor:
        cursor.execute(statements.create())
        copy_in(INCOMING, rows)
        cursor.execute(statements.delete(scope.column), {"values": as_list(scope.values)})
        removed = cursor.rowcount
        cursor.execute(statements.upsert())
        written = cursor.rowcount
        cursor.execute(statements.drop())
    return int(removed + written)


def _fields(model: AnyModel) -> "Mapping[str, models.Field[object, object]]":
    return {str(field.column): field for field in model._meta.concrete_fields if not field.primary_key}


def typed(name: str, field: "models.Field[object, object]") -> pl.Expr:
    """The column of a frame of texts as what the field says; the order matters, since a time is a date to Django."""
    column = pl.col(name)
    if isinstance(field, models.DateTimeField):
        return timestamp(name)
    if isinstance(field, models.DateField):
        return parse_date(column)
    if isinstance(field, models.DecimalField):
        return column.cast(SUM if field.decimal_places == SUM.scale else pl.Decimal(38, field.decimal_places))
    if isinstance(field, models.BooleanField):
        return column == "t"
    if isinstance(field, models.FloatField):
        return column.cast(pl.Float64)
    return column.cast(pl.Int64) if isinstance(field, models.IntegerField) else column


def _group_key(model: AnyModel) -> Sequence[str]:
    """The columns of the one unique constraint, or the one unique field."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            return list(constraint.fields)
    return [name for name, field in _fields(model).items() if field.unique]

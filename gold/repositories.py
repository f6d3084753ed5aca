"""What the marts read from silver and write to their own tables."""

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection, models
from django.db.models.functions import ExtractYear, TruncMonth
from psycopg import sql

from gold import extracts
from gold.domain import Scope, Touched
from gold.models import (
    EventsByType,
    OrderSpend,
    RevenueByStatus,
    TableState,
    UserDayLogins,
    UserEmployer,
    UserProfile,
)
from gold.registry import Column, Mart
from governance.feed import Window
from lakehouse_project.kernel.copy import copy_in, copy_out
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.parsing import MONEY, parse_date, parse_integer
from silver.models import DimUser, FactEvent, FactHire, FactOrderLine

INCOMING = "gold_incoming"
SUM = pl.Decimal(30, 2)
FULL_NAME = models.Subquery(
    DimUser.objects.filter(user_id=models.OuterRef("user_id"), is_current=True, is_active=True).values(
        "full_name"
    )[:1]
)


class MartRepository:
    """Frames of silver in, mart rows out, on Django's default connection."""

    def has_news(self, position: int, today: dt.date) -> bool:
        """Whether silver has committed changes from transaction `position` on, or a profile changes by `today`."""
        with connection.cursor() as cursor:
            cursor.execute(extracts.HAS_NEWS, {"position": position, "today": today})
            (news,) = cursor.fetchone()
        return position == 0 or bool(news)

    def touched(self, window: Window, today: dt.date) -> Touched:
        """The groups to compute anew for the changes in `window`, and the profiles that change by themselves."""
        if window.is_full:
            return Touched(order_months=self._order_months(), event_months=self._event_months())
        changes = self._changes(window)
        return Touched(
            years=sorted(self._years(changes)),
            users=sorted({*changes.get("user", ()), *changes.get("employment_user", ()), *self._due(today)}),
            order_months=_months(map(dt.date.fromisoformat, changes.get("order_day", ()))),
            event_months=_months(map(dt.date.fromisoformat, changes.get("event_day", ()))),
        )

    def _changes(self, window: Window) -> Mapping[str, list[str]]:
        """The changed keys of each entity."""
        frame = copy_out(extracts.CHANGES, {"low": window.low, "high": window.high})
        return dict(frame.group_by("entity").agg("key").iter_rows())

    def _years(self, changes: Mapping[str, list[str]]) -> set[int]:
        """Years of changed hires, and all years in which a changed department or job hired."""
        renamed = FactHire.objects.filter(
            models.Q(department_id_natural__in=map(int, changes.get("department", ())))
            | models.Q(job_id_natural__in=map(int, changes.get("job", ())))
        )
        years = renamed.order_by().values_list(ExtractYear("hired_at", tzinfo=dt.UTC), flat=True).distinct()
        return {*map(int, changes.get("hire_year", ())), *years}

    def _due(self, today: dt.date) -> Iterable[str]:
        return UserProfile.objects.filter(changes_on__lte=today).order_by().values_list("user_id", flat=True)

    def _order_months(self) -> Sequence[dt.date]:
        return _months([*_dates(FactOrderLine, "ordered_at"), *_dates(RevenueByStatus, "month")])

    def _event_months(self) -> Sequence[dt.date]:
        return _months([*_dates(FactEvent, "occurred_at"), *_dates(EventsByType, "day")])

    def hires(self, years: Sequence[int] | None) -> pl.DataFrame:
        """`hired_at`, `department_id`, `department`, `job` of the hires of `years`."""
        frame = copy_out(extracts.HIRES, {"years": _list(years)})
        return frame.with_columns(_timestamp("hired_at"), parse_integer(pl.col("department_id")))

    def users(self, users: Sequence[str] | None) -> pl.DataFrame:
        """`user_id`, `city`, `country`, `postal_code`, `bank` of the current versions of active users."""
        return copy_out(extracts.USERS, {"users": _list(users)})

    def employments(self, users: Sequence[str] | None) -> pl.DataFrame:
        """`user_id`, `employer`, `start_date`, `end_date`, `salary` of the employments of `users`."""
        frame = copy_out(extracts.EMPLOYMENTS, {"users": _list(users)})
        return frame.with_columns(parse_date(pl.col("start_date", "end_date")), pl.col("salary").cast(MONEY))

    def order_lines(self, days: Sequence[dt.date]) -> pl.DataFrame:
        """`order_id`, `user_id`, `day`, `status`, `amount` of the order lines of `days`."""
        frame = copy_out(extracts.ORDER_LINES, {"days": list(days), "dates": _date_keys(days)})
        return frame.with_columns(pl.col("day").str.to_date("%Y-%m-%d"), pl.col("amount").cast(MONEY))

    def logged_events(self, days: Sequence[dt.date]) -> pl.DataFrame:
        """`user_id`, `event_type`, `occurred_at` of the events of `days`."""
        frame = copy_out(extracts.EVENTS, {"days": list(days), "dates": _date_keys(days)})
        return frame.with_columns(_timestamp("occurred_at"))

    def profiles(self, scope: Scope) -> pl.DataFrame:
        """Stored rows of `gold.marts.people.user_profiles`."""
        frame = self._stored(UserProfile, scope)
        return frame.with_columns(
            pl.col("salary").cast(SUM), pl.col("unconverted").cast(pl.Int64), parse_date(pl.col("changes_on"))
        )

    def employers(self, scope: Scope) -> pl.DataFrame:
        """Stored rows of `gold.marts.people.user_employers`."""
        return self._stored(UserEmployer, scope)

    def spend(self, scope: Scope) -> pl.DataFrame:
        """Stored rows of `gold.marts.sales.order_spend`."""
        frame = self._stored(OrderSpend, scope)
        return frame.with_columns(parse_date(pl.col("day")), pl.col("revenue").cast(SUM))

    def logins(self, scope: Scope) -> pl.DataFrame:
        """Stored rows of `gold.marts.sales.user_day_logins`."""
        frame = self._stored(UserDayLogins, scope)
        return frame.with_columns(
            parse_date(pl.col("day")), pl.col("login_count").cast(pl.Int64), _timestamp("last_login_at")
        )

    def _stored(self, model: type[models.Model], scope: Scope) -> pl.DataFrame:
        return copy_out(
            extracts.stored(model._meta.db_table, _columns(model), scope.column),
            {"values": _list(scope.values)},
        )

    def replace(self, model: type[models.Model], frame: pl.DataFrame, scope: Scope) -> int:
        """Make `frame` the rows of `scope`. Returns how many rows were inserted, changed or removed.

        Only rows that differ are written, so ids stay and readers of unchanged rows are not disturbed.
        """
        rows = frame.select(_columns(model))
        if scope.values is None and not model._default_manager.exists():
            return copy_in(model._meta.db_table, rows)
        return self._merge(model, rows, scope)

    def _merge(self, model: type[models.Model], rows: pl.DataFrame, scope: Scope) -> int:
        statements = extracts.Merge(model._meta.db_table, INCOMING, _columns(model), _group_key(model))
        with connection.cursor() as cursor:
            cursor.execute(statements.create())
            copy_in(INCOMING, rows)
            cursor.execute(statements.delete(scope.column), {"values": _list(scope.values)})
            removed = cursor.rowcount
            cursor.execute(statements.upsert())
            written = cursor.rowcount
            cursor.execute(statements.drop())
        return int(removed + written)


@dataclass(frozen=True)
class MartRows:
    """An answer that is read when it is asked for."""

    queryset: "models.QuerySet[models.Model]"
    columns: tuple[Column, ...]

    def page(self, window: slice) -> PageOf:
        names = [column.name for column in self.columns]
        rows = self._values()[window]
        return PageOf([dict(zip(names, row, strict=True)) for row in rows], self.queryset.count())

    def stream(self) -> Iterator[tuple[Any, ...]]:
        """All rows, one by one, in constant memory."""
        return self._values().iterator(chunk_size=2000)

    def _values(self) -> "models.QuerySet[models.Model, tuple[Any, ...]]":
        return self.queryset.values_list(*(column.path for column in self.columns))


class MartReader:
    """Mart rows for answers and files."""

    def rows(
        self, mart: Mart, columns: Sequence[Column], lookups: Mapping[str, Any] | None = None
    ) -> MartRows:
        """The rows of `mart` that match `lookups`, in the order of the mart."""
        queryset = mart.model._default_manager.filter(**mart.where, **(lookups or {})).order_by(
            *mart.ordering
        )
        names = {column.name: FULL_NAME for column in columns if column.is_personal}
        return MartRows(queryset.annotate(**names), tuple(columns))


class TableStates:
    """When the rows of each table last changed."""

    def changed(self, tables: Iterable[str], at: dt.datetime) -> None:
        states = [TableState(table=table, changed_at=at) for table in tables]
        TableState.objects.bulk_create(
            states, update_conflicts=True, unique_fields=["table"], update_fields=["changed_at"]
        )

    def all(self) -> Mapping[str, dt.datetime]:
        return dict(TableState.objects.values_list("table", "changed_at"))

    def refresh_view(self, view: str) -> None:
        """Refresh a materialized view without locking its readers out."""
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("REFRESH MATERIALIZED VIEW CONCURRENTLY {}").format(sql.Identifier(view)))


def _columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]


def _group_key(model: type[models.Model]) -> list[str]:
    """The columns of the one unique constraint, or the one unique field."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            return list(constraint.fields)
    return [
        str(field.column) for field in model._meta.concrete_fields if field.unique and not field.primary_key
    ]


def _list(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _timestamp(column: str) -> pl.Expr:
    """Datetime in UTC of PostgreSQL's text, which leaves out the fraction of a whole second."""
    text = pl.col(column).str.strip_suffix("+00")
    return pl.coalesce(
        text.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f")
    )


def _dates(model: type[models.Model], column: str) -> "models.QuerySet[Any, dt.date]":
    """The first days of the months (UTC, whatever the time zone of the pages) in which `model` has rows."""
    zone = dt.UTC if isinstance(model._meta.get_field(column), models.DateTimeField) else None
    month = TruncMonth(column, output_field=models.DateField(), tzinfo=zone)
    rows = model._default_manager.order_by().annotate(first=month)
    months: models.QuerySet[Any, dt.date] = rows.values_list("first", flat=True).distinct()
    return months


def _months(days: Iterable[dt.date]) -> list[dt.date]:
    return sorted({day.replace(day=1) for day in days})


def days_of(month: dt.date) -> list[dt.date]:
    """The days of the month whose first day is given."""
    return [month.replace(day=day + 1) for day in range(calendar.monthrange(month.year, month.month)[1])]


def _date_keys(days: Sequence[dt.date]) -> list[int]:
    return [0, *(day.year * 10_000 + day.month * 100 + day.day for day in days)]

"""Which groups of the marts are touched by what has changed."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.functions import ExtractYear, TruncMonth

from gold import extracts
from gold.domain import Touched
from gold.models import EventsByType, RevenueByStatus, UserProfile
from governance.feed import Window
from lakehouse_project.kernel.copy import copy_out
from silver.models import FactEmployment, FactEvent, FactHire, FactOrderLine


class MartChanges:
    """The news of silver, and of bronze's documents."""

    def has_news(self, position: int, today: dt.date) -> bool:
        """Whether anything was committed from transaction `position` on, or a profile changes by `today`."""
        with connection.cursor() as cursor:
            cursor.execute(extracts.HAS_NEWS, {"position": position, "today": today})
            (news,) = cursor.fetchone()
        return position == 0 or bool(news)

    def touched(self, window: Window, today: dt.date) -> Touched:
        """The groups to compute anew for the changes in `window`, and the profiles that change by themselves."""
        if window.is_full:
            return Touched(order_months=_order_months(), event_months=_event_months())
        bounds = {"low": window.low, "high": window.high}
        changes = _changes(bounds)
        return Touched(
            years=_years(changes),
            users=sorted(_users(changes, today)),
            order_months=_months(map(dt.date.fromisoformat, changes.get("order_day", ()))),
            event_months=_months(map(dt.date.fromisoformat, changes.get("event_day", ()))),
            documents=copy_out(extracts.CHANGED_DOCUMENTS, bounds)["sha256"].to_list(),
        )


def _changes(bounds: Mapping[str, int]) -> Mapping[str, list[str]]:
    """The changed keys of each entity."""
    return dict(copy_out(extracts.CHANGES, bounds).group_by("entity").agg("key").iter_rows())


def _years(changes: Mapping[str, list[str]]) -> list[int] | None:
    """Years of changed hires, and all in which a changed job was hired for; all at all for a changed department, which
    counts in each."""
    if changes.get("department"):
        return None
    hires = FactHire.objects.filter(job_id_natural__in=map(int, changes.get("job", ())))
    years = hires.order_by().values_list(ExtractYear("hired_at", tzinfo=dt.UTC), flat=True).distinct()
    return sorted({*map(int, changes.get("hire_year", ())), *years})


def _users(changes: Mapping[str, list[str]], today: dt.date) -> set[str]:
    due = UserProfile.objects.filter(changes_on__lte=today).order_by()
    held = FactEmployment.objects.filter(job__job_id__in=map(int, changes.get("job", ()))).order_by()
    return {
        *changes.get("user", ()),
        *changes.get("employment_user", ()),
        *due.values_list("user_id", flat=True),
        *held.values_list("user_id_natural", flat=True).distinct(),
    }


def _order_months() -> Sequence[dt.date]:
    return _months([*_dates(FactOrderLine, "ordered_at"), *_dates(RevenueByStatus, "month")])


def _event_months() -> Sequence[dt.date]:
    return _months([*_dates(FactEvent, "occurred_at"), *_dates(EventsByType, "day")])


def _dates(model: type[models.Model], column: str) -> "models.QuerySet[Any, dt.date]":
    """The first days of the months (UTC, whatever the time zone of the pages) in which `model` has rows."""
    zone = dt.UTC if isinstance(model._meta.get_field(column), models.DateTimeField) else None
    month = TruncMonth(column, output_field=models.DateField(), tzinfo=zone)
    rows = model._default_manager.order_by().annotate(first=month)
    months: models.QuerySet[Any, dt.date] = rows.values_list("first", flat=True).distinct()
    return months


def _months(days: Iterable[dt.date]) -> list[dt.date]:
    return sorted({day.replace(day=1) for day in days})

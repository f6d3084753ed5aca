"""The charts of the admin's first page: what the marts say of people and sales, asked for as a caller of the API would."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from gold.models import HiresByQuarter
from gold.registry import MARTS
from gold.schemas import filters, query_schema
from gold.services import ReadMart
from lakehouse_project.kernel.filters import read_listing
from lakehouse_project.kernel.masking import Caller
from lakehouse_project.kernel.permissions import view_permission
from lakehouse_project.kernel.services import resolve

COLOURS = ("var(--color-primary-600)", "var(--color-primary-300)", "#d97706", "#94a3b8")
MONTHS, COHORTS, BARS, YEARS = 24, 12, 10, 4
QUARTERS = ("q1", "q2", "q3", "q4")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """Bars per label: `series` has a list of numbers per name. `mart` is where the numbers are looked up."""

    title: str
    mart: str
    hint: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    is_lying: bool = False
    is_wide: bool = False

    @property
    def data(self) -> str:
        """For Chart.js, as unfold hands it on."""
        bars = [
            {
                "label": name,
                "data": [float(value) for value in values],
                "backgroundColor": colour,
                "borderRadius": 3,
            }
            for (name, values), colour in zip(self.series.items(), COLOURS, strict=False)
        ]
        return json.dumps({"labels": list(self.labels), "datasets": bars})

    @property
    def options(self) -> str:
        values = {
            "beginAtZero": True,
            "ticks": {"format": {"notation": "compact"}},
            "border": {"display": False},
        }
        names = {"grid": {"display": False}, "ticks": {"autoSkip": not self.is_lying}}
        return json.dumps(
            {
                "animation": False,
                "maintainAspectRatio": False,
                "indexAxis": "y" if self.is_lying else "x",
                "plugins": {
                    "legend": {"display": len(self.series) > 1, "align": "end", "labels": {"boxWidth": 10}}
                },
                "scales": {"x": values, "y": names} if self.is_lying else {"x": names, "y": values},
            }
        )

    @property
    def numbers(self) -> list[tuple[str, list[float]]]:
        """The same as a table, for those who cannot see the bars."""
        columns = list(self.series.values())
        return [(label, [values[place] for values in columns]) for place, label in enumerate(self.labels)]

    @property
    def url(self) -> str:
        return mart_page(self.mart)


@dataclass(frozen=True)
class Cohorts:
    """Users who came back: a row per month of first order, a cell per month since, each as a share and its text."""

    title: str
    hint: str
    headings: Sequence[int]
    rows: Sequence[tuple[str, int, Sequence[tuple[float, str]]]]
    url: str
    is_table: bool = True
    is_wide: bool = True


def sections(caller: Caller) -> list[tuple[str, list[Chart | Cohorts]]]:
    """What `caller` may see, of marts that have rows."""
    groups = (
        ("Sales", (_revenue, _funnel, _currencies, _cohorts)),
        ("People", (_headcount, _payroll, _hires)),
    )
    drawn = [(name, [chart for draw in draws if (chart := draw(caller))]) for name, draws in groups]
    return [(name, charts) for name, charts in drawn if charts]


def mart_page(name: str) -> str:
    mart = next(mart for mart in MARTS if mart.name == name)
    return reverse("mart", args=[mart.group, mart.name])


def _ask(caller: Caller, name: str, **query: Any) -> Rows:
    """The rows of a mart for a query string; none for a caller who may not see it."""
    mart = next(mart for mart in MARTS if mart.name == name)
    if not caller.has_perm(view_permission(mart.model)):
        return []
    asked = QueryDict(urlencode(query))
    parameters = query_schema(mart).model_validate(asked.dict())
    shown = [column.name for column in mart.columns]
    listing = read_listing(asked, filters(mart), shown=shown, own=type(parameters).model_fields)
    values = parameters.model_dump()
    rows = resolve(ReadMart)(mart, values, listing, top=parameters.top, is_personal_shown=False)
    return rows.page(parameters.window).items


def _this_month() -> dt.date:
    """Some orders come with dates of the far future; charts end today."""
    return timezone.now().astimezone(dt.UTC).date().replace(day=1)


def _revenue(caller: Caller) -> Chart | None:
    rows = _ask(caller, "monthly-revenue", month__lte=_this_month(), ordering="-month", top=MONTHS)[::-1]
    if not rows:
        return None
    hint = "Reporting currency, without cancelled orders, less returns"
    labels = [f"{row['month']:%b %Y}" for row in rows]
    revenue = {"Revenue": _column(rows, "revenue")}
    return Chart("Revenue per month", "monthly-revenue", hint, labels, revenue, is_wide=True)


def _last_year(caller: Caller) -> tuple[dt.date, str] | None:
    """The first of the last twelve months with orders, and the words for them."""
    rows = _ask(caller, "monthly-revenue", month__lte=_this_month(), ordering="-month", top=12)
    if not rows:
        return None
    first, last = rows[-1]["month"], rows[0]["month"]
    return first, f"{first:%b %Y} to {last:%b %Y}"


def _funnel(caller: Caller) -> Chart | None:
    period = _last_year(caller)
    rows = _ask(caller, "event-funnel", date_from=period[0]) if period else []
    if not period or not rows:
        return None
    labels = [row["name"].replace("_", " ").capitalize() for row in rows]
    visits = {"Visits": _column(rows, "visit_count")}
    hint = f"Visits that came as far, {period[1]}"
    return Chart("From visit to purchase", "event-funnel", hint, labels, visits, is_lying=True)


def _currencies(caller: Caller) -> Chart | None:
    period = _last_year(caller)
    rows = (
        _ask(caller, "revenue-by-currency", month__gte=period[0], month__lte=_this_month()) if period else []
    )
    if not period or not rows:
        return None
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], 0) + row["revenue_reporting"]
    largest = sorted(totals.items(), key=lambda item: -item[1])[:BARS]
    hint = f"In the reporting currency, {period[1]}"
    revenue = {"Revenue": [value for _, value in largest]}
    return Chart(
        "Revenue by original currency",
        "revenue-by-currency",
        hint,
        [name for name, _ in largest],
        revenue,
        is_lying=True,
    )


def _cohorts(caller: Caller) -> Cohorts | None:
    newest = _ask(caller, "cohort-retention", months_since=0, ordering="-cohort", top=COHORTS)
    if not newest:
        return None
    rows = _ask(
        caller,
        "cohort-retention",
        cohort__gte=newest[-1]["cohort"],
        months_since__lte=COHORTS,
        page_size=1000,
    )
    cells: dict[dt.date, list[dict[str, Any]]] = {}
    for row in rows:
        cells.setdefault(row["cohort"], []).append(row)
    shown = [
        (
            f"{cohort:%b %Y}",
            found[0]["cohort_size"],
            [(float(each["share"]), f"{each['share']:.0%}") for each in found],
        )
        for cohort, found in cells.items()
    ]
    return Cohorts(
        "Customers who came back",
        "Share of the users who first ordered in a month and ordered again so many months later",
        range(max(len(found) for found in cells.values())),
        shown,
        mart_page("cohort-retention"),
    )


def _headcount(caller: Caller) -> Chart | None:
    rows = _ask(caller, "headcount-by-department", ordering="-headcount", top=BARS)
    if not rows:
        return None
    hired = {"Hires": _column(rows, "headcount")}
    hint = "All years, the largest departments"
    labels = [row["department"] for row in rows]
    return Chart("Headcount by department", "headcount-by-department", hint, labels, hired, is_lying=True)


def _payroll(caller: Caller) -> Chart | None:
    rows = _ask(caller, "city-payroll", ordering="-total_salary", top=BARS)
    if not rows:
        return None
    pay = {"Salaries": _column(rows, "total_salary")}
    hint = "Yearly, in the reporting currency, the largest cities"
    return Chart("Payroll by city", "city-payroll", hint, [row["city"] for row in rows], pay, is_lying=True)


def _hires(caller: Caller) -> Chart | None:
    """The quarters of the last years that have hires, a colour per year."""
    if not caller.has_perm(view_permission(HiresByQuarter)):
        return None
    sums = {f"{quarter}_sum": Sum(quarter) for quarter in QUARTERS}
    years: QuerySet[Any, Any] = HiresByQuarter.objects.order_by("-year").values("year").annotate(**sums)
    latest = list(years[:YEARS])[::-1]
    if not latest:
        return None
    labels = [f"{row['year']} {quarter.upper()}" for row in latest for quarter in QUARTERS]
    hired = {"Hires": [row[f"{quarter}_sum"] for row in latest for quarter in QUARTERS]}
    return Chart(
        "Hires per quarter", "hires-by-quarter", "All departments and jobs", labels, hired, is_wide=True
    )


def _column(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows]

"""The marts that people get to see: their columns, order and parameters. Routes, CSV files and schemas follow from it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.db import models
from pydantic import Field

from gold.models import (
    CityPayroll,
    DailyRevenue,
    DepartmentHires,
    EventsByType,
    HiresByQuarter,
    LoginsByUser,
    MonthlyOrders,
    RevenueByStatus,
    TopSpender,
    UsersByBank,
    UsersByEmployer,
    UsersByPostalCode,
)


@dataclass(frozen=True)
class Column:
    """A field of the answer. `source` is the column of the mart, if it is named otherwise there."""

    name: str
    type: type[Any]
    help_text: str = ""
    source: str = ""
    is_personal: bool = False
    """Given only to those who may see personal data."""

    @property
    def path(self) -> str:
        return self.source or self.name


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query string that narrows the rows; `lookup` is the Django lookup it stands for."""

    name: str
    lookup: str
    type: Any
    help_text: str
    is_required: bool = False


@dataclass(frozen=True)
class Mart:
    """One mart: `group` is people or sales, `where` holds for every row of the answer."""

    group: str
    name: str
    model: type[models.Model]
    summary: str
    columns: tuple[Column, ...]
    ordering: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/{self.group}/{self.name}"

    @property
    def slug(self) -> str:
        return self.name.replace("-", "_")

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """Columns of the CSV file, which holds all groups: required parameters come first, personal data is left out."""
        required = tuple(
            Column(parameter.name, parameter.type, source=parameter.lookup)
            for parameter in self.parameters
            if parameter.is_required
        )
        return required + tuple(column for column in self.columns if not column.is_personal)


Year = Annotated[int, Field(ge=1, le=9999)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


def _is(name: str, help_text: str) -> Parameter:
    return Parameter(name, name, Text, help_text)


YEAR = Parameter("year", "year", Year, "The year, such as 2021.", is_required=True)
DAYS = (
    Parameter("year", "day__year", Year, "Only this year."),
    Parameter("date_from", "day__gte", dt.date, "Only from this day on, such as 2024-01-31."),
    Parameter("date_to", "day__lte", dt.date, "Only up to this day, inclusive."),
)
USER_ID = Column("user_id", str, "Natural key of the user.")
FULL_NAME = Column("full_name", str, "Given to those who may see personal data.", is_personal=True)
USER_COUNT = Column("user_count", int, "Active users.")
ORDER_COUNT = Column("order_count", int, "Orders, each counted once per row.")
REVENUE = Column("revenue", float, "In the reporting currency; cancelled orders are none, returns reduce it.")
UNCONVERTED = Column(
    "unconverted", int, "Order lines left out of the sums because their exchange rate is missing."
)

MARTS = (
    Mart(
        "people",
        "hires-by-quarter",
        HiresByQuarter,
        "Hires of a year per department and job by quarter, ordered by department, then job. A hire whose "
        "department or job is not known yet counts as Unknown.",
        (
            Column("department", str, "Name of the department."),
            Column("job", str, "Title of the job."),
            *(Column(f"q{number}", int, f"Hires in quarter {number}.") for number in (1, 2, 3, 4)),
        ),
        ("year", "department", "job"),
        (YEAR,),
    ),
    Mart(
        "people",
        "departments-above-mean",
        DepartmentHires,
        "Departments that hired more in a year than the mean over the departments that hired in that year, "
        "most hires first.",
        (
            Column("id", int, "Natural key of the department.", source="department_id"),
            Column("department", str, "Name of the department."),
            Column("hired", int, "Hires in that year."),
        ),
        ("year", "-hired", "department_id"),
        (YEAR,),
        {"is_above_mean": True},
    ),
    Mart(
        "people",
        "city-payroll",
        CityPayroll,
        "Active users living in a city, and the sum of the yearly salaries of their current employments in the reporting "
        "currency. Current is what has begun and did not end before today. Salaries without an exchange rate are left out.",
        (
            Column("city", str, "City the users live in."),
            USER_COUNT,
            Column("total_salary", float, "In the reporting currency."),
        ),
        ("city",),
        (_is("city", "Only this city."),),
    ),
    Mart(
        "people",
        "users-by-bank",
        UsersByBank,
        "Active users per bank.",
        (Column("bank", str, "Name of the bank."), USER_COUNT),
        ("bank",),
        (_is("bank", "Only this bank."),),
    ),
    Mart(
        "people",
        "users-by-employer",
        UsersByEmployer,
        "Active users per employer that employs them today.",
        (Column("employer", str, "Name of the employer."), USER_COUNT),
        ("employer",),
        (_is("employer", "Only this employer."),),
    ),
    Mart(
        "people",
        "users-by-postal-code",
        UsersByPostalCode,
        "Active users per country and postal code.",
        (Column("country", str, "ISO 3166-1 alpha-2."), Column("postal_code", str), USER_COUNT),
        ("country", "postal_code"),
        (_is("country", "Only this country."), _is("postal_code", "Only this postal code.")),
    ),
    Mart(
        "sales",
        "daily-revenue",
        DailyRevenue,
        "Orders and revenue per day (UTC) in the reporting currency. Cancelled orders are no revenue, returns reduce it.",
        (Column("day", dt.date), ORDER_COUNT, REVENUE, UNCONVERTED),
        ("day",),
        DAYS,
    ),
    Mart(
        "sales",
        "revenue-by-status",
        RevenueByStatus,
        "Orders per month and status: the amount of all lines, and the part of it that is revenue (none if cancelled).",
        (
            Column("month", dt.date, "First day of the month."),
            Column("status", str),
            ORDER_COUNT,
            Column("amount", float, "In the reporting currency, whatever the status."),
            REVENUE,
            UNCONVERTED,
        ),
        ("month", "status"),
        (Parameter("year", "month__year", Year, "Only this year."), _is("status", "Only this status.")),
    ),
    Mart(
        "sales",
        "top-spenders",
        TopSpender,
        "What each user has spent, most first. Cancelled orders are no revenue, returns reduce it.",
        (USER_ID, FULL_NAME, ORDER_COUNT, REVENUE),
        ("-revenue", "user_id"),
        (_is("user_id", "Only this user."),),
    ),
    Mart(
        "sales",
        "events-by-type",
        EventsByType,
        "Events per day (UTC) and type.",
        (Column("day", dt.date), Column("event_type", str), Column("event_count", int)),
        ("day", "event_type"),
        (*DAYS, _is("event_type", "Only this type.")),
    ),
    Mart(
        "sales",
        "logins-by-user",
        LoginsByUser,
        "Logins of each user, most first, with the time of the last.",
        (USER_ID, FULL_NAME, Column("login_count", int), Column("last_login_at", dt.datetime)),
        ("-login_count", "user_id"),
        (_is("user_id", "Only this user."),),
    ),
)


@dataclass(frozen=True)
class View:
    """A materialized view and the mart tables it is computed from."""

    name: str
    sources: tuple[str, ...]


VIEWS = (
    View("gold_monthly_revenue", (DailyRevenue._meta.db_table, MonthlyOrders._meta.db_table)),
    View("gold_department_headcount", (DepartmentHires._meta.db_table,)),
)

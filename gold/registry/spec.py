"""What a mart is made of: the rows it is read from, its columns, order and parameters."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

from django.db import models
from django.db.models.aggregates import Aggregate
from pydantic import BeforeValidator, Field

from gold.models import AnyModel
from lakehouse_project.kernel.kinds import Kind

KINDS: Mapping[type[Any], Kind] = MappingProxyType(
    {
        str: "text",
        int: "integer",
        float: "decimal",
        bool: "boolean",
        dt.date: "date",
        dt.datetime: "datetime",
    }
)


@dataclass(frozen=True)
class Column:
    """A field of the answer. `source` is the column of the mart, if it is named otherwise there."""

    name: str
    type: type[Any]
    help_text: str = ""
    source: str = ""
    is_personal: bool = False
    """Masked for those who may not see personal data, and left out of the files."""
    is_optional: bool = False

    @property
    def path(self) -> str:
        return self.source or self.name

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]


@dataclass(frozen=True)
class Source:
    """Rows to read: those of `model` for which `where` holds, one by one or, with `sums`, summed over `by`.

    `keeps_groups`: a group without a row that was asked for is there all the same, with sums of 0.
    """

    model: AnyModel
    where: Mapping[str, Any] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    sums: Mapping[str, Aggregate] = field(default_factory=dict)
    keeps_groups: bool = False


def unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query string. `lookup` is the Django lookup that it stands for, "" for none."""

    name: str
    lookup: str
    type: Any
    help_text: str
    is_required: bool = False
    value: Callable[[Any], Any] = unchanged
    """What the lookup gets."""
    source: Source | None = None
    """Where the rows are read if the parameter is given."""


@dataclass(frozen=True, kw_only=True)
class Mart:
    """One mart of the `group` people or sales."""

    group: str
    name: str
    source: Source
    summary: str
    columns: tuple[Column, ...]
    ordering: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()

    @property
    def path(self) -> str:
        return f"/{self.group}/{self.name}"

    @property
    def slug(self) -> str:
        return self.name.replace("-", "_")

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").capitalize()

    @property
    def model(self) -> type[models.Model]:
        return self.source.model

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

    def given(self, values: Mapping[str, Any]) -> list[tuple[Parameter, Any]]:
        """The parameters that have a value, with it; a switch that is off has none."""
        found = [(parameter, values.get(parameter.name)) for parameter in self.parameters]
        return [(parameter, value) for parameter, value in found if value not in (None, False)]


@dataclass(frozen=True)
class View:
    """A materialized view and the mart tables it is computed from."""

    name: str
    sources: tuple[str, ...]


Year = Annotated[int, Field(ge=1, le=9999)]
Month = Annotated[int, Field(ge=1, le=12)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


def _no_number(value: object) -> object:
    """Pydantic takes a number for seconds since 1970."""
    if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("it is not a day such as 2024-01-31")
    return value


Day = Annotated[dt.date, BeforeValidator(_no_number)]


def only(name: str, help_text: str, source: Source | None = None) -> Parameter:
    """A parameter that compares with the column of its name."""
    return Parameter(name, name, Text, help_text, source=source)


def days(column: str = "day", source: Source | None = None) -> tuple[Parameter, ...]:
    """The parameters that choose days, of the year, the month or from one to another."""
    return (
        Parameter("year", f"{column}__year", Year, "Only this year.", source=source),
        Parameter(
            "month", f"{column}__month", Month, "Only this month, 1 to 12, of any year.", source=source
        ),
        Parameter(
            "date_from",
            f"{column}__gte",
            Day,
            "Only from this day on, such as 2024-01-31.",
            source=source,
        ),
        Parameter("date_to", f"{column}__lte", Day, "Only up to this day, inclusive.", source=source),
    )


def months(column: str = "month") -> tuple[Parameter, ...]:
    """The parameters that choose months by their first day."""
    return days(column)[:2]

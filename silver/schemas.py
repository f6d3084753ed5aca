"""Schemas of the star schema routes, made from the models so that each table has its own in OpenAPI."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db import models
from ninja import Field, Schema
from pydantic import create_model

from lakehouse_project.kernel import filters as filtering
from lakehouse_project.kernel.kinds import Kind
from silver.star import StarTable

_TYPES: Mapping[type[Any], type[Any]] = MappingProxyType(
    {
        models.BooleanField: bool,
        models.DateTimeField: datetime,
        models.DateField: date,
        models.DecimalField: Decimal,
        models.FloatField: float,
        models.IntegerField: int,
        models.ForeignKey: int,
        models.TextField: str,
    }
)
_KINDS: Mapping[type[Any], Kind] = MappingProxyType(
    {
        bool: "boolean",
        datetime: "datetime",
        date: "date",
        Decimal: "decimal",
        float: "decimal",
        int: "integer",
        str: "text",
    }
)


def columns(table: StarTable) -> list[str]:
    """What `fields` may name."""
    return [str(field.attname) for field in table.model._meta.concrete_fields]


def filters(table: StarTable) -> list[filtering.Column]:
    """The columns that callers may filter and order by: guessing at what is masked for them would tell them of it."""
    fields = [field for field in table.model._meta.concrete_fields if field.attname not in table.personal]
    return [filtering.Column(str(field.attname), _KINDS[type_of(field)]) for field in fields]


def item_schema(table: StarTable) -> Any:
    """A row of `table`."""
    fields: dict[str, Any] = {field.attname: _column(field) for field in table.model._meta.concrete_fields}
    return create_model(f"{_title(table)}Item", __base__=Schema, **fields)


def _column(field: Any) -> Any:
    """Each may be missing from an answer, because `fields` may leave it out."""
    annotation = type_of(field) | None if field.null else type_of(field)
    return annotation, Field(None, description=str(field.help_text) or None)


def type_of(field: Any) -> Any:
    """The Python type of a column."""
    return next(kind for model_field, kind in _TYPES.items() if isinstance(field, model_field))


def _title(table: StarTable) -> str:
    return "Star" + "".join(part.capitalize() for part in table.slug.split("-"))

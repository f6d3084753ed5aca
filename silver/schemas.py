"""Schemas of the star schema routes, made from the models so that each table has its own in OpenAPI."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db import models
from ninja import Field, Schema
from pydantic import create_model

from lakehouse_project.kernel.pagination import Page, PageQuery
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


def query_schema(table: StarTable) -> type[PageQuery]:
    """The query string of `table`: the page, and an equality filter per column that can be filtered."""
    fields: dict[str, Any] = {
        field.attname: (_type(field) | None, None)
        for field in table.model._meta.concrete_fields
        if field.attname in table.filters
    }
    return create_model(f"{_title(table)}Query", __base__=PageQuery, **fields)


def page_schema(table: StarTable) -> type[Schema]:
    """The answer of `table`: `{"items": [...], "count": n}`."""
    fields: dict[str, Any] = {field.attname: _column(field) for field in table.model._meta.concrete_fields}
    item: Any = create_model(f"{_title(table)}Item", __base__=Schema, **fields)
    return create_model(f"{_title(table)}Page", __base__=Page[item])


def _column(field: Any) -> Any:
    annotation = _type(field) | None if field.null else _type(field)
    return annotation, Field(..., description=str(field.help_text) or None)


def _type(field: Any) -> Any:
    return next(kind for model_field, kind in _TYPES.items() if isinstance(field, model_field))


def _title(table: StarTable) -> str:
    return "Star" + "".join(part.capitalize() for part in table.slug.split("-"))

"""Reading the star schema row by row, for people and programs that look at it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from lakehouse_project.kernel.pagination import PageOf
from silver.star import StarTable


class StarRows:
    """Pages of the tables of the star schema."""

    def page(self, table: StarTable, filters: Mapping[str, Any], window: slice) -> PageOf:
        """Rows of `table` that equal `filters` (column -> value), by surrogate key; each row a dict by column."""
        rows: QuerySet[Any] = QuerySet(table.model).filter(**filters).order_by("pk")
        columns = [field.attname for field in table.model._meta.concrete_fields]
        return PageOf(items=list(rows.values(*columns)[window]), count=rows.count())

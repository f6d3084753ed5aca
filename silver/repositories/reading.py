"""Reading the star schema row by row, for people and programs that look at it."""

from typing import Any

from django.db.models import QuerySet

from lakehouse_project.kernel.filters import Listing, as_q
from lakehouse_project.kernel.pagination import PageOf
from silver.star import StarTable


class StarRows:
    """Pages of the tables of the star schema."""

    def page(self, table: StarTable, listing: Listing, window: slice) -> PageOf:
        """Rows of `table` as the listing chooses, then by surrogate key; each row a dict by column."""
        rows = chosen(table, listing)
        columns = listing.fields or [field.attname for field in table.model._meta.concrete_fields]
        return PageOf(items=list(rows.values(*columns)[window]), count=rows.count())


def chosen(table: StarTable, listing: Listing) -> "QuerySet[Any, Any]":
    """The rows that a listing asks for, in its order, then by surrogate key."""
    rows: QuerySet[Any, Any] = QuerySet(table.model).filter(*map(as_q, listing.conditions))
    ordering = [f"{'-' if each.is_descending else ''}{each.column.name}" for each in listing.ordering]
    return rows.order_by(*ordering, "pk")

"""Reading the star schema row by row, for people and programs that look at it."""

from typing import Any

from django.db.models import QuerySet

from lakehouse_project.kernel.filters import Listing, as_q
from lakehouse_project.kernel.rows import Rows
from silver.star import StarTable


class StarRows:
    """Rows of the tables of the star schema."""

    def rows(self, table: StarTable, listing: Listing) -> Rows:
        """Rows of `table` as the listing chooses, then by surrogate key; each row a dict by column."""
        meta = table.model._meta
        found: QuerySet[Any] = QuerySet(table.model).filter(*map(as_q, listing.conditions))
        ordering = [f"{'-' if each.is_descending else ''}{each.column.name}" for each in listing.ordering]
        columns = listing.fields or [field.attname for field in meta.concrete_fields]
        return Rows(found, (*ordering, meta.pk.name), columns)

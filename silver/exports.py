"""Tables of the star schema as files."""

from collections.abc import Iterator

import polars as pl
from django.http import QueryDict

from lakehouse_project.kernel.filters import Listing, read_listing
from lakehouse_project.kernel.masking import PERMISSION, Caller, may_see_personal_data
from lakehouse_project.kernel.permissions import view_permission
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.tabular.reading import dtype_of, masked, objects, text_frames, typed
from silver.repositories.reading import StarRows
from silver.schemas import columns, filters
from silver.star import StarTable


def star_table(table: StarTable, query: QueryDict, caller: Caller, *, own: frozenset[str]) -> Table:
    """The rows that the query string of the list chooses. Raises what is wrong with it. `own`: other parameters."""
    listing = read_listing(query, filters(table), shown=columns(table), own=own)
    return _table(table, listing, is_personal_shown=may_see_personal_data(caller))


def _table(table: StarTable, listing: Listing, *, is_personal_shown: bool) -> Table:
    rows, names = StarRows().rows(table, listing).ordered, listing.fields or columns(table)
    schema = {
        field.attname: dtype_of(field)
        for name in names
        for field in table.model._meta.concrete_fields
        if field.attname == name
    }
    personal = [name for name in schema if name in table.personal]

    def frames() -> Iterator[pl.DataFrame]:
        for texts in text_frames(rows.values_list(*schema), list(schema)):
            found = typed(texts, schema)
            yield found if is_personal_shown else masked(found, personal)

    return Table(
        name=table.slug.replace("-", "_"),
        schema=schema,
        frames=frames,
        objects=lambda: map(objects, frames()),
        count=rows.count,
        needs=(view_permission(table.model), *([PERMISSION] if personal and is_personal_shown else [])),
    )

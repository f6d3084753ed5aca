"""Marts as files."""

from collections.abc import Iterator

import polars as pl
from django.http import QueryDict

from gold.registry import Mart
from gold.repositories import MartRows
from gold.schemas import MartSliceQuery, MartTop, export_query_schema, filters
from gold.services import ReadMart
from lakehouse_project.kernel.filters import read_listing
from lakehouse_project.kernel.masking import PERMISSION, Caller, may_see_personal_data
from lakehouse_project.kernel.permissions import view_permission
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.tabular.answers import read_query
from lakehouse_project.kernel.tabular.reading import dtype_of, masked, objects, text_frames, typed


def asked_rows(mart: Mart, query: QueryDict, caller: Caller) -> MartRows:
    """The rows that a query string chooses for a file. Raises what is wrong with it."""
    return rows_of(mart, read_query(export_query_schema(mart), query), query, caller)


def rows_of(mart: Mart, asked: MartTop | MartSliceQuery, query: QueryDict, caller: Caller) -> MartRows:
    """The rows that the parameters `asked` and the filters of the query string choose. Raises what is wrong with them."""
    shown = [column.name for column in mart.columns]
    listing = read_listing(query, filters(mart), shown=shown, own=type(asked).model_fields)
    return resolve(ReadMart)(
        mart, asked.model_dump(), listing, top=asked.top, is_personal_shown=may_see_personal_data(caller)
    )


def mart_table(mart: Mart, rows: MartRows) -> Table:
    """The rows as a table."""
    schema = {
        column.name: dtype_of(rows.field_of(path))
        for column, path in zip(rows.columns, rows.paths, strict=True)
    }
    floats = frozenset(column.name for column in rows.columns if column.type is float)
    shows_personal = any(column.is_personal for column in rows.columns) and not rows.masked

    def frames() -> Iterator[pl.DataFrame]:
        for texts in text_frames(rows.chosen.values_list(*rows.paths), list(schema)):
            yield masked(typed(texts, schema), sorted(rows.masked))

    return Table(
        name=mart.slug,
        schema=schema,
        frames=frames,
        objects=lambda: (objects(frame, floats=floats) for frame in frames()),
        count=rows.chosen.count,
        needs=(view_permission(mart.model), *([PERMISSION] if shows_personal else [])),
    )

"""Rows of marts on their way into files."""

from collections.abc import Iterator

import polars as pl

from gold.registry import Mart
from gold.repositories.reading import MartRows
from lakehouse_project.kernel.masking import PERMISSION
from lakehouse_project.kernel.permissions import view_permission
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.tabular.reading import dtype_of, masked, objects, text_frames, typed


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

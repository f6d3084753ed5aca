"""The rows against what a search server says it holds."""

from collections.abc import Callable, Iterable

import polars as pl

from lakehouse_project.kernel.copy import copy_out
from search.domain import DocumentId, Drift

_ROWS = """
SELECT d.entity_id, d.passage, d.version FROM search_searchdocument AS d WHERE d.entity = %(entity)s
"""
_WAITING = "SELECT entity_id, passage FROM search_outboxentry WHERE entity = %(entity)s"
_KEY = ["entity_id", "passage"]
_SCHEMA = {"entity_id": pl.String, "passage": pl.String, "held": pl.String}


class Differences:
    """By passage and version. Call it while nothing is sent."""

    def __call__(
        self,
        entity: str,
        held: Iterable[tuple[str, str]],
        address_of: Callable[[str], DocumentId | None],
    ) -> Drift:
        """`held` are ids and versions of the documents of a collection. The rows are read after it."""
        theirs, unknown = _frame(entity, held, address_of)
        rows = copy_out(_ROWS, {"entity": entity})
        waiting = copy_out(_WAITING, {"entity": entity})
        ours, theirs = rows.join(waiting, on=_KEY, how="anti"), theirs.join(waiting, on=_KEY, how="anti")
        both = ours.join(theirs, on=_KEY)
        return Drift(
            missing=_addresses(entity, ours.join(theirs, on=_KEY, how="anti")),
            extra=_addresses(entity, theirs.join(ours, on=_KEY, how="anti")),
            stale=_addresses(entity, both.filter(pl.col("version") != pl.col("held"))),
            unknown=tuple(unknown),
            compared=rows.height,
        )


def _frame(
    entity: str, held: Iterable[tuple[str, str]], address_of: Callable[[str], DocumentId | None]
) -> tuple[pl.DataFrame, list[str]]:
    rows: list[tuple[str, str, str]] = []
    unknown: list[str] = []
    for key, version in held:
        address = address_of(key)
        if address is None or address.entity != entity:
            unknown.append(key)
        else:
            rows.append((address.entity_id, str(address.passage), version))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row"), unknown


def _addresses(entity: str, frame: pl.DataFrame) -> tuple[DocumentId, ...]:
    pairs = frame.select(_KEY).sort(_KEY).iter_rows()
    return tuple(DocumentId(entity, entity_id, int(passage)) for entity_id, passage in pairs)

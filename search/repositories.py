"""The rows of the index: what they hold now, and writing them in bulk."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from django.db import connection

from lakehouse_project.kernel.copy import copy_in
from search import statements
from search.domain import Entry, Stamp
from search.embedding import Vectors
from search.errors import NoSuchRecord

Address: TypeAlias = tuple[str, int]
"""Entity id and number of a passage."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage to write, with the hashes that tell later whether it changed."""

    entry: Entry
    embedder: str
    version: str
    embedded_hash: str

    @classmethod
    def of(cls, entry: Entry, embedder: str) -> "Row":
        """As it is where the embedder of that id makes the vectors."""
        return cls(entry, embedder, entry.version(embedder), entry.meaning_hash(embedder))


@dataclass(frozen=True)
class Meanings:
    """The embeddings that the rows hold of the embedder with that id."""

    embedder: str

    def of(self, entity: str, key: str) -> Vectors | None:
        """The mean of the embeddings of a record's passages, None where there is none. Raises NoSuchRecord."""
        with connection.cursor() as cursor:
            cursor.execute(statements.MEANING, [self.embedder, entity, key])
            ((passages, mean),) = cursor.fetchall()
        if not passages:
            raise NoSuchRecord(f"The index has no {entity} {key}.", entity=entity, key=key)
        return np.array(json.loads(mean), dtype=np.float32) if mean else None


@dataclass(frozen=True)
class DocumentRows:
    """`SearchDocument` rows and the vocabulary counted from them. Call it inside a transaction.

    Where a search server mirrors the rows, what changes enters its outbox in the same transaction.
    """

    is_mirrored: bool = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything is written and removed within it. At its end the vocabulary is in step with the rows again."""
        self._run(statements.CREATE_TEMPORARY)
        yield
        self._run(statements.ADD_COUNTED)
        self._run(statements.REMOVE_UNUSED_WORDS)

    def stamps(self, entity: str, keys: Sequence[str]) -> Mapping[Address, Stamp]:
        """What the index holds of `entity` under `keys`."""
        with connection.cursor() as cursor:
            cursor.execute(statements.STAMPS, [entity, list(keys)])
            return {(key, passage): Stamp(*stamp) for key, passage, *stamp in cursor.fetchall()}

    def write(self, rows: Sequence[Row], vectors: Mapping[Address, Vectors]) -> None:
        """Insert or replace, and count the words. An address may occur once.

        `vectors` has the new embeddings: a row without one keeps what the index holds for the same hash.
        """
        if not rows:
            return
        copy_in("search_incoming", _frame(rows).with_columns(embedding=_vectors(rows, vectors)))
        self._run(statements.COUNT_WRITTEN)
        self._run(statements.COUNT_REPLACED)
        self._run(statements.MERGE)
        if self.is_mirrored:
            self._run(statements.ENTER_WRITTEN)
        self._run("TRUNCATE search_incoming")

    def remove(self, entity: str, addresses: Sequence[Address]) -> int:
        if not addresses:
            return 0
        keys, passages = zip(*addresses, strict=True)
        return self._remove(statements.AMONG, [entity, list(keys), list(passages)])

    def remember(self, entity: str, keys: Iterable[str]) -> None:
        """Note that the entities exist, for `remove_forgotten`."""
        copy_in("search_seen", pl.DataFrame({"entity_id": list(keys)}).with_columns(entity=pl.lit(entity)))

    def remove_forgotten(self) -> int:
        """Remove everything that was not remembered in this transaction."""
        return self._remove(statements.FORGOTTEN, [])

    def of_another_embedder(self, entity: str, embedder: str, most: int) -> list[str]:
        """Some of the keys whose passages another embedder embedded."""
        with connection.cursor() as cursor:
            cursor.execute(statements.OF_ANOTHER_EMBEDDER, [entity, embedder, embedder, most])
            return [key for (key,) in cursor.fetchall()]

    def disown_mirrors_of_others(self, embedder: str) -> None:
        """Remember that what a search server holds of other embedders is not kept up any more."""
        self._run(statements.MARK_STALE_OF_OTHERS, [embedder])

    def disown_mirrors(self) -> None:
        """Remember that a search server, if one was ever fed, has not been told of what is changing now."""
        if not self.is_mirrored:
            self._run(statements.MARK_STALE)

    def _remove(self, condition: str, params: Sequence[Any]) -> int:
        self._run(statements.count_removed(condition), params)
        if self.is_mirrored:
            self._run(statements.enter_removed(condition), params)
        return self._run(statements.remove(condition), params)

    def _run(self, statement: str, params: Sequence[Any] | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return int(cursor.rowcount)


def _frame(rows: Sequence[Row]) -> pl.DataFrame:
    """The columns of the temporary table, nested ones as the text that PostgreSQL reads."""
    columns: dict[str, Any] = {
        name: [getattr(row.entry, name) for row in rows]
        for name in (
            "entity",
            "entity_id",
            "passage",
            "page",
            "title",
            "body",
            "personal_title",
            "personal_body",
            "url",
        )
    }
    for name in ("facets", "numbers", "dates"):
        columns[name] = [json.dumps(getattr(row.entry, name), ensure_ascii=False) for row in rows]
    columns |= {
        name: [getattr(row, name) for row in rows] for name in ("embedder", "version", "embedded_hash")
    }
    texts = {name: pl.String for name in columns if name not in ("passage", "page")}
    return pl.DataFrame(columns, schema_overrides={**texts, "passage": pl.Int32, "page": pl.Int32})


def _vectors(rows: Sequence[Row], vectors: Mapping[Address, Vectors]) -> pl.Series:
    """Vectors as pgvector reads them, `[0.1,0.2]`; written by polars ten times faster than by Python."""
    known = [vectors.get((row.entry.entity_id, row.entry.passage)) for row in rows]
    texts = pl.Series([None] * len(rows), dtype=pl.String)
    filled = [(index, vector) for index, vector in enumerate(known) if vector is not None]
    if not filled:
        return texts
    floats = pl.Series(np.stack([vector for _, vector in filled])).cast(pl.List(pl.Float32))
    return texts.scatter(
        [index for index, _ in filled], "[" + floats.cast(pl.List(pl.String)).list.join(",") + "]"
    )

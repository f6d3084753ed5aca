"""The index of meanings: which embedder made the vectors of the rows, and the graph over them (HNSW).

Each embedder has its own vectors and its own graph, over the rows that bear its id: no query meets vectors of two. The
graph is made of the rows at once, several times faster than row by row, and only where there are enough rows to need it.
Making and dropping it are transactions: whatever is cut off leaves what was there before.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

FEWEST_ROWS = 10_000
"""With fewer rows every vector is compared, which takes some milliseconds and misses nothing."""
GROWTH = 0.5
"""A batch that adds at least this share of the rows is loaded faster without the graph, which is then made anew."""
_SHARED_MB = 256
"""Memory that several processes may share to make a graph, as docker compose grants it."""
_MOST_MB = 1024
"""Of one process alone, for a graph that needs more. One that needs even more is made many times slower, on the disk."""
_BYTES_OF_A_ROW = 800
"""Besides the vector: the neighbours of a row in the graph."""


@dataclass(frozen=True)
class MeaningGraph:
    """Of the rows whose vectors `embedder` made; they have `dims` dimensions."""

    embedder: str
    dims: int

    @property
    def name(self) -> str:
        """Of the index in PostgreSQL."""
        return f"search_meaning_{hashlib.blake2b(self.embedder.encode(), digest_size=6).hexdigest()}"

    def foreign(self) -> bool:
        """Whether there are rows of another embedder."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(embedder), max(embedder) FROM search_searchdocument")
            return not {*cursor.fetchone()} <= {self.embedder, None}

    def make_room(self, arriving: int) -> None:
        """Drop the graph where so many rows are about to be written that making it anew costs less."""
        few = int(arriving / GROWTH)
        if arriving and self._is_made() and self._rows(few + 1) <= few:
            self._run(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(self.name)))

    def complete(self) -> None:
        """Make the graph if the rows need it, and drop those of other embedders. Readers go on meanwhile."""
        for name in self._others():
            self._run(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))
        if not self._is_made() and self._rows(FEWEST_ROWS) >= FEWEST_ROWS:
            self._run(
                *self._memory(),
                sql.SQL(
                    "CREATE INDEX IF NOT EXISTS {} ON search_searchdocument USING hnsw"
                    " ((embedding::vector({})) vector_cosine_ops) WITH (m = 16, ef_construction = 64)"
                    " WHERE embedder = {}"
                ).format(sql.Identifier(self.name), sql.Literal(self.dims), sql.Literal(self.embedder)),
            )

    def _memory(self) -> Iterator[sql.Composed]:
        """So much that the graph of all rows fits into it."""
        needed = self._rows(None) * (4 * self.dims + _BYTES_OF_A_ROW) >> 20
        if needed >= _SHARED_MB:
            yield sql.SQL("SET LOCAL max_parallel_maintenance_workers = {}").format(sql.Literal(0))
        megabytes = min(max(needed, _SHARED_MB), _MOST_MB)
        yield sql.SQL("SET LOCAL maintenance_work_mem = {}").format(sql.Literal(f"{megabytes}MB"))

    def _rows(self, most: int | None) -> int:
        """How many there are, counted up to `most`."""
        counted = "SELECT count(*) FROM (SELECT FROM search_searchdocument WHERE embedder = %s LIMIT %s) AS d"
        with connection.cursor() as cursor:
            cursor.execute(counted, [self.embedder, most])
            return int(cursor.fetchone()[0])

    def _is_made(self) -> bool:
        return self.name in self._graphs()

    def _others(self) -> list[str]:
        return [name for name in self._graphs() if name != self.name]

    def _graphs(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(_GRAPHS)
            return [name for (name,) in cursor.fetchall()]

    def _run(self, *statements: sql.Composed) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


_GRAPHS = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'search_searchdocument'::regclass AND starts_with(relname::text, 'search_meaning_')
"""

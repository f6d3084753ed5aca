"""The outbox: passages that the search server does not have yet, and what it did not take."""
# ruff: noqa: S608  the pieces are the fixed texts of this module; values are parameters

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction

from search.domain import DocumentId, Stored
from search.errors import MirrorBusy

FIRST_REST_SECONDS = 10
LONGEST_REST_SECONDS = 3600
_DOUBLINGS = 9
_LOCK = (0x1AE, 0x5EA2C4)
"""The advisory lock under which everything is sent. It makes an older state never overwrite a newer one: whoever has it
reads the rows and sends what they hold, and the next one reads them after that."""


class Due(NamedTuple):
    """An entry of the outbox as it was read. It is settled only if it has not changed since."""

    id: int
    change: int
    address: DocumentId


@dataclass(frozen=True)
class Outbox:
    """Entries and the rows that they name.

    Rows that another embedder than the one with the id `embedder` embedded are given without a vector: collections hold
    those of one.
    """

    embedder: str

    @contextmanager
    def sending(self, *, wait: bool = False) -> Iterator[None]:
        """Be the only one who sends, within a transaction. Raises MirrorBusy where another one does, unless `wait`."""
        with transaction.atomic():
            if wait:
                _rows("SELECT pg_advisory_xact_lock(%s, %s)", _LOCK)
            elif not _rows("SELECT pg_try_advisory_xact_lock(%s, %s)", _LOCK)[0][0]:
                raise MirrorBusy("Another process is writing to the search server.")
            yield

    def due(self, most: int) -> list[Due]:
        """Those whose time has come, the longest waiting first."""
        rows = _rows(_DUE, [most])
        return [Due(id_, change, DocumentId(*address)) for id_, change, *address in rows]

    def rows(self, addresses: Sequence[DocumentId]) -> Mapping[DocumentId, Stored]:
        """What the named rows hold now; those that are gone are missing."""
        names = [list(column) for column in zip(*addresses, strict=True)] or [[], [], []]
        return {row.address: row for row in map(Stored._make, _rows(_NAMED, [self.embedder, *names]))}

    def rows_after(self, last: int, entity: str, most: int) -> list[Stored]:
        """The next rows of `entity` by their own id."""
        return list(map(Stored._make, _rows(_AFTER, [self.embedder, last, entity, most])))

    def settle(self, sent: Sequence[Due], failures: Mapping[DocumentId, str]) -> None:
        """Forget what was taken, and note why the rest was not. What has changed meanwhile waits for its next turn."""
        taken = [due for due in sent if due.address not in failures]
        _run(_FORGET, [[due.id for due in taken], [due.change for due in taken]])
        refused = [due for due in sent if due.address in failures]
        params = [
            [due.id for due in refused],
            [due.change for due in refused],
            [failures[due.address].replace("\x00", " ") for due in refused],
        ]
        _run(_REFUSED, [*params, *_REST])

    def note(self, failures: Mapping[DocumentId, str]) -> None:
        """Enter passages that were sent without having waited, and were not taken."""
        if failures:
            columns = [list(column) for column in zip(*failures, strict=True)]
            reasons = [reason.replace("\x00", " ") for reason in failures.values()]
            _run(_NOTE, [FIRST_REST_SECONDS, *columns, reasons])

    def enter(self, addresses: Sequence[DocumentId]) -> None:
        """Have these sent again, or removed where their rows are gone."""
        if addresses:
            _run(_ENTER, [list(column) for column in zip(*addresses, strict=True)])

    def retry_now(self, ids: Sequence[int]) -> int:
        """Try these entries at the next opportunity."""
        return _run("UPDATE search_outboxentry SET next_try_at = now() WHERE id = ANY(%s)", [list(ids)])

    def counts(self) -> dict[str, int]:
        """How many wait, and how many of them were refused before."""
        ((waiting, failing),) = _rows(
            "SELECT count(*), count(*) FILTER (WHERE failures > 0) FROM search_outboxentry", []
        )
        return {"waiting": waiting, "failing": failing}


_ROW = """
SELECT d.id, d.entity, d.entity_id, d.passage, page, title, body, personal_title, personal_body,
    facets::text, numbers::text, dates::text, url, version,
    CASE WHEN embedder = %s AND vector_norm(embedding) > 0 THEN embedding::text END
FROM search_searchdocument AS d
"""
_NAMED = (
    _ROW + "JOIN unnest(%s::text[], %s::text[], %s::int[]) AS n (entity, entity_id, passage)"
    " ON (d.entity, d.entity_id, d.passage) = (n.entity, n.entity_id, n.passage)"
)
_AFTER = _ROW + "WHERE d.id > %s AND d.entity = %s ORDER BY d.id LIMIT %s"

_DUE = """
SELECT id, change, entity, entity_id, passage FROM search_outboxentry
WHERE next_try_at <= now() ORDER BY next_try_at, id LIMIT %s
"""

# Rows that another transaction is changing at this moment are passed over: it brings news, and waiting for it while
# holding others could end in a deadlock.
_UNCHANGED = """
WITH settled AS MATERIALIZED (
    SELECT o.id {columns} FROM search_outboxentry AS o
    JOIN unnest({arrays}) AS s (id, change {columns}) ON o.id = s.id AND o.change = s.change
    FOR UPDATE OF o SKIP LOCKED
)
"""
_FORGET = (
    _UNCHANGED.format(columns="", arrays="%s::bigint[], %s::bigint[]")
    + "DELETE FROM search_outboxentry WHERE id IN (SELECT id FROM settled)"
)
# Twice as long after each failure, and a part of it by chance, so that not all come back at once.
_REFUSED = (
    _UNCHANGED.format(columns=", reason", arrays="%s::bigint[], %s::bigint[], %s::text[]")
    + """
UPDATE search_outboxentry AS o SET failures = failures + 1, error = reason,
    next_try_at = now() + make_interval(
        secs => least(%s * 2 ^ least(failures, %s), %s) * (0.75 + random() / 2)
    )
FROM settled WHERE o.id = settled.id
"""
)
_REST = (FIRST_REST_SECONDS, _DOUBLINGS, LONGEST_REST_SECONDS)

_NOTE = """
INSERT INTO search_outboxentry AS o (entity, entity_id, passage, failures, error, next_try_at)
SELECT entity, entity_id, passage, 1, reason, now() + make_interval(secs => %s)
FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[]) AS n (entity, entity_id, passage, reason)
ON CONFLICT (entity, entity_id, passage) DO UPDATE SET failures = o.failures + 1, error = EXCLUDED.error
"""

_ENTER = """
INSERT INTO search_outboxentry AS o (entity, entity_id, passage)
SELECT * FROM unnest(%s::text[], %s::text[], %s::int[])
ON CONFLICT (entity, entity_id, passage) DO UPDATE SET change = o.change + 1, next_try_at = now()
"""


def _rows(statement: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _run(statement: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)

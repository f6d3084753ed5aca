"""Locks on the keys of a data set, held until the transaction ends. Everybody takes them in the same order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

KEY_LOCKS = 128
"""Locks that the keys of one data set share."""

WAIT = "SELECT set_config('lock_timeout', %s, true)"
FOR_KEYS, FOR_ROWS = "10s", "700ms"

LOCK_KEYS = """
SELECT pg_advisory_xact_lock(hashtext(%(dataset)s), lock)
FROM (SELECT DISTINCT abs(hashtext(key) %% %(locks)s) AS lock FROM unnest(%(keys)s::text[]) AS key ORDER BY lock) AS sorted
"""

LOCK_ALL_KEYS = """
SELECT pg_advisory_xact_lock(hashtext(%(dataset)s), lock) FROM generate_series(0, %(locks)s - 1) AS lock
"""


def lock_keys(dataset: str, keys: Sequence[str]) -> None:
    """Keys share locks: PostgreSQL has room for some thousand in all, and a batch of new keys would take one each."""
    with connection.cursor() as cursor, _patiently(cursor):
        cursor.execute(LOCK_KEYS, {"dataset": f"bronze:{dataset}", "keys": list(keys), "locks": KEY_LOCKS})


def lock_all_keys(dataset: str) -> None:
    with connection.cursor() as cursor, _patiently(cursor):
        cursor.execute(LOCK_ALL_KEYS, {"dataset": f"bronze:{dataset}", "locks": KEY_LOCKS})


def lock_references(dataset: str, *, shared: bool) -> None:
    """Whoever looks whether a record is there (`shared`) waits for whoever adds records and releases those that wait for
    them, and the other way round: else each would miss what the other has not committed yet."""
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        if before != "0":
            cursor.execute(WAIT, [FOR_KEYS])
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 2))", [f"bronze:{dataset}"])
        cursor.execute(WAIT, [before])


def lock_bytes(hashes: Iterable[str]) -> None:
    """Wait until no other transaction stores or removes these bytes, and keep others waiting. `hashes`: SHA-256 in hex."""
    with connection.cursor() as cursor:
        for sha256 in sorted(hashes):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", [sha256])


@contextmanager
def _patiently(cursor: CursorWrapper) -> Iterator[None]:
    """Wait long for the locks of keys, of which everybody comes to the end soon, and from then on briefly for rows.

    A row may be held by the load of a large file, which takes rows in the order of the file. Whoever waits for it gives up
    before PostgreSQL looks for deadlocks (after a second), so that it is never the load that has to begin again.
    """
    cursor.execute(WAIT, [FOR_KEYS])
    yield
    cursor.execute(WAIT, [FOR_ROWS])

"""Locks on the keys of a data set, held until the transaction ends. Everybody takes them in the same order."""

from collections.abc import Iterable, Sequence

import orjson
from django.db import connection

KEY_LOCKS = 128
"""Locks that the keys of one data set share."""

WAIT = "SELECT set_config('lock_timeout', %s, true)"
FOR_KEYS, FOR_ROWS = "10s", "700ms"

PATIENTLY = f"""
SELECT set_config('lock_timeout', '{FOR_KEYS}', true);
SELECT pg_advisory_xact_lock(hashtext('bronze:' || %(dataset)s), lock) FROM ({{locks}}) AS wanted (lock);
SELECT set_config('lock_timeout', '{FOR_ROWS}', true)
"""  # noqa: S608  made of constants
"""Wait long for the locks of keys, of which everybody comes to the end soon, and from then on briefly for rows.

A row may be held by the load of a large file, which takes rows in the order of the file. Whoever waits for it gives up
before PostgreSQL looks for deadlocks (after a second), so that it is never the load that has to begin again.
"""

OF_KEYS = f"""
SELECT DISTINCT abs(hashtext(key) %% {KEY_LOCKS}) AS lock FROM jsonb_array_elements_text(%(keys)s) AS key ORDER BY lock
"""  # noqa: S608  made of constants
LOCK_KEYS = PATIENTLY.format(locks=OF_KEYS)
LOCK_RECORDS = f"""
{LOCK_KEYS};
SELECT key, id, status = 'deleted' FROM bronze_rawrecord
WHERE dataset_id = %(dataset)s AND key = ANY(ARRAY(SELECT jsonb_array_elements_text(%(keys)s))) ORDER BY id FOR UPDATE
"""  # noqa: S608  made of constants
LOCK_ALL_KEYS = PATIENTLY.format(locks=f"SELECT generate_series(0, {KEY_LOCKS} - 1)")


def lock_keys(dataset: str, keys: Sequence[str]) -> None:
    """Keys share locks: PostgreSQL has room for some thousand in all, and a batch of new keys would take one each."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_KEYS, names_of_keys(dataset, keys))


def lock_records(dataset: str, keys: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """The same, and the rows that they have: key -> id and whether it is deleted."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_RECORDS, names_of_keys(dataset, keys))
        while cursor.nextset():
            pass
        return {key: (pk, is_deleted) for key, pk, is_deleted in cursor.fetchall()}


def names_of_keys(dataset: str, keys: Sequence[str]) -> dict[str, str]:
    """The parameters of a statement on keys, which are one JSON text: psycopg takes its time over the elements of arrays."""
    return {"dataset": dataset, "keys": orjson.dumps(keys).decode()}


def lock_all_keys(dataset: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ALL_KEYS, {"dataset": dataset})


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

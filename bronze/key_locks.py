"""Locks on the keys of a data set, held until the transaction ends. Everybody takes them in the same order."""

from collections.abc import Sequence

from django.db import connection

KEY_LOCKS = 128
"""Locks that the keys of one data set share."""

LOCK_KEYS = """
SELECT pg_advisory_xact_lock(hashtext(%(dataset)s), lock)
FROM (SELECT DISTINCT abs(hashtext(key) %% %(locks)s) AS lock FROM unnest(%(keys)s::text[]) AS key ORDER BY lock) AS sorted
"""

LOCK_ALL_KEYS = """
SELECT pg_advisory_xact_lock(hashtext(%(dataset)s), lock) FROM generate_series(0, %(locks)s - 1) AS lock
"""


def lock_keys(dataset: str, keys: Sequence[str]) -> None:
    """Keys share locks: PostgreSQL has room for some thousand in all, and a batch of new keys would take one each."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_KEYS, {"dataset": f"bronze:{dataset}", "keys": list(keys), "locks": KEY_LOCKS})


def lock_all_keys(dataset: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ALL_KEYS, {"dataset": f"bronze:{dataset}", "locks": KEY_LOCKS})

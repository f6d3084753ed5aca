"""Writers that hold transactions open while the refinement reads: does it miss a row?"""

import random
import threading
import time
from contextlib import suppress

import psycopg

from benchmarks.lab import Lab

WRITERS = 6

INSERT = """
INSERT INTO bronze_rawrecord (dataset_id, key, content_hash, payload)
SELECT 'events', %(key)s, '\\x', jsonb_build_object('event_id', %(key)s::text, 'user_id', 'u1', 'event_type', 'login',
    'occurred_at', '2021-01-01T00:00:00Z')
"""
CORRECT = """
UPDATE bronze_rawrecord
SET payload = payload || jsonb_build_object('event_type', 'corrected', 'occurred_at', '2022-01-01T00:00:00Z')
WHERE dataset_id = 'events' AND key = %(key)s
"""
QUARANTINE = (
    "UPDATE bronze_rawrecord SET status = 'quarantined' WHERE dataset_id = 'events' AND key = %(key)s"
)
LOST = """
SELECT count(*) FROM (SELECT id, key, payload->>'occurred_at' AS at FROM bronze_rawrecord
    WHERE dataset_id = 'events' AND status = 'valid') r
FULL JOIN silver_factevent f ON f.raw_record_id = r.id AND f.event_id = r.key AND f.occurred_at = r.at::timestamptz
WHERE r.id IS NULL OR f.id IS NULL
"""


def stress(lab: Lab, *, seconds: float) -> str:
    """Refine all the while, and once more at the end; then compare."""
    from governance.feed import FeedBusy  # noqa: PLC0415  Django is set up by now
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
    from silver.services import RefineChanges  # noqa: PLC0415

    refine, end = resolve(RefineChanges), time.monotonic() + seconds
    writers = [threading.Thread(target=_write, args=(lab.database, number, end)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    runs = 0
    while any(writer.is_alive() for writer in writers):
        with suppress(FeedBusy):
            runs += refine() is not None
    while refine():
        runs += 1
    with psycopg.connect(lab.database) as connection:
        [(written,)] = connection.execute("SELECT count(*) FROM bronze_rawrecord WHERE dataset_id = 'events'")
        [(lost,)] = connection.execute(LOST)
    return f"{WRITERS} writers for {seconds:.0f} s: {written:,} rows, {runs} runs, {lost} lost"


def _write(address: str, number: int, end: float) -> None:
    """Transactions of a few rows that stay open for up to 0.3 s; later ones correct and quarantine earlier rows."""
    dice = random.Random(number)
    keys: list[str] = []
    with psycopg.connect(address) as connection:
        while time.monotonic() < end:
            with connection.transaction():
                for _ in range(dice.randint(1, 4)):
                    keys.append(f"e{number}-{len(keys)}")
                    connection.execute(INSERT, {"key": keys[-1]})
                    time.sleep(dice.random() * 0.05)
                connection.execute(CORRECT, {"key": dice.choice(keys)})
                connection.execute(QUARANTINE, {"key": dice.choice(keys)})
                time.sleep(dice.random() * 0.3)

"""Valid rows that name a record which an undo takes away: they wait for it in quarantine, as they did before it came."""

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from bronze.catalog import all_contracts
from bronze.contracts import ContractSpec, FieldSpec
from bronze.key_locks import lock_references
from bronze.references import entry_of, names_of, referring

GONE = """
DROP TABLE IF EXISTS pg_temp.bronze_gone;
CREATE TEMP TABLE bronze_gone ON COMMIT DROP AS
SELECT DISTINCT record.dataset_id, record.key
FROM bronze_undo AS plan JOIN bronze_rawrecord AS record ON record.id = plan.id
WHERE record.status <> 'valid'
"""

NAMING = (
    "DROP TABLE IF EXISTS pg_temp.bronze_naming",
    """
CREATE TEMP TABLE bronze_naming ON COMMIT DROP AS
SELECT id, key, btrim(effective ->> %(field)s) AS named FROM bronze_rawrecord
WHERE dataset_id = %(dataset)s AND status = 'valid' AND effective ->> %(field)s <> ''
""",
    "CREATE INDEX ON bronze_naming USING hash (named)",
    "ANALYZE bronze_gone, bronze_naming",
)

HOLD_BACK = """
WITH RECURSIVE naming AS (
    SELECT first.id, first.key FROM bronze_naming AS first
    JOIN bronze_gone AS gone ON gone.dataset_id = %(to)s AND gone.key = first.named
    UNION
    SELECT next.id, next.key FROM naming
    CROSS JOIN LATERAL (SELECT * FROM bronze_naming AS one WHERE one.named = naming.key OFFSET 0) AS next
    WHERE %(to)s = %(dataset)s
), locked AS (
    SELECT id FROM bronze_rawrecord WHERE id IN (SELECT id FROM naming) ORDER BY id FOR UPDATE
), held AS (
    UPDATE bronze_rawrecord AS row SET status = 'quarantined', errors = row.errors || %(error)s::jsonb
    FROM locked WHERE row.id = locked.id AND row.status = 'valid'
    RETURNING row.dataset_id, row.key
)
INSERT INTO bronze_gone SELECT dataset_id, key FROM held
"""
"""Also those of the same data set that name these in turn. `OFFSET 0`: each is looked up in the index."""


def is_needed(dataset: str) -> bool:
    """Whether rows of some data set wait until a record of this one is there."""
    return any(any(referring(contract, "quarantine", to=dataset)) for contract in all_contracts().values())


def hold_back(dataset: str) -> int:
    """Call it when a `FileUndo` of the data set has been carried out; how many rows wait now that were valid."""
    held, following = 0, [dataset]
    with connection.cursor() as cursor:
        cursor.execute(GONE)
        while following:
            to = following.pop()
            for contract in all_contracts().values():
                for field in referring(contract, "quarantine", to=to):
                    lock_references(to, shared=False)
                    count = _held_back(cursor, contract, field)
                    held += count
                    if count and contract.name not in following:
                        following.append(contract.name)
    return held


def _held_back(cursor: CursorWrapper, contract: ContractSpec, field: FieldSpec) -> int:
    names = names_of(contract, field)
    for statement in NAMING:
        cursor.execute(statement, names)
    cursor.execute(HOLD_BACK, names | {"error": orjson.dumps([entry_of(field)]).decode()})
    return int(cursor.rowcount)

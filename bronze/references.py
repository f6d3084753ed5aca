"""References between data sets: rows that name a missing record, and those that wait for one that has come.

The records that a field names are looked up set by set, whatever the number of rows.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl
from django.db import connection
from django.db.backends.utils import CursorWrapper

from bronze.catalog import all_contracts
from bronze.contracts import ContractSpec, FieldSpec
from bronze.contracts.base import ReferencePolicy
from bronze.domain import Receipt
from bronze.key_locks import lock_references
from bronze.merge import Merged, hold_dataset, merge_given
from bronze.models import RawRecord
from bronze.readers.json_text import cell
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.parsing import present

RULE = "reference"

QUARANTINE = """
UPDATE bronze_incoming AS row SET errors = row.errors || %(error)s::jsonb
FROM (
    SELECT DISTINCT btrim(payload ->> %(field)s) AS key FROM bronze_incoming WHERE payload ->> %(field)s <> ''
) AS named
WHERE btrim(row.payload ->> %(field)s) = named.key AND named.key <> '' AND NOT EXISTS (
    SELECT FROM bronze_rawrecord AS record
    WHERE record.dataset_id = %(to)s AND record.key = named.key AND record.status = 'valid'
)
"""

NAMED = """
JOIN bronze_rawrecord AS named ON named.dataset_id = %(to)s AND named.status = 'valid'
                              AND named.key = btrim(waiting.effective ->> %(field)s)
                              AND waiting.errors @> %(errors)s::jsonb
"""
"""Those that name a record which is there."""

CHAINED = "JOIN (SELECT DISTINCT id FROM bronze_met) AS named ON named.id = waiting.id"
"""Those that `FOLLOW_CHAINS` has found."""

FOLLOW_CHAINS = (
    """
CREATE TEMP TABLE IF NOT EXISTS bronze_waiting (id bigint, field text, named text) ON COMMIT DROP;
CREATE INDEX IF NOT EXISTS bronze_waiting_named ON bronze_waiting USING hash (named);
CREATE TEMP TABLE IF NOT EXISTS bronze_held (id bigint PRIMARY KEY, key text, errors bigint) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS bronze_there (key text) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS bronze_met (id bigint, field text) ON COMMIT DROP;
CREATE INDEX IF NOT EXISTS bronze_met_id ON bronze_met (id);
TRUNCATE bronze_waiting, bronze_held, bronze_there, bronze_met
""",
    """
INSERT INTO bronze_waiting
SELECT id, error ->> 'field', btrim(effective ->> (error ->> 'field'))
FROM bronze_rawrecord CROSS JOIN LATERAL jsonb_array_elements(errors) AS error
WHERE dataset_id = %(dataset)s AND status = 'quarantined' AND errors @> %(errors)s::jsonb
  AND error ->> 'rule' = %(rule)s AND error ->> 'field' = ANY(%(fields)s)
""",
    "ANALYZE bronze_waiting",
    """
INSERT INTO bronze_held
SELECT id, key, jsonb_array_length(errors) FROM bronze_rawrecord WHERE id IN (SELECT id FROM bronze_waiting)
""",
    """
INSERT INTO bronze_there
SELECT key FROM bronze_rawrecord
WHERE dataset_id = %(dataset)s AND status = 'valid' AND key IN (SELECT named FROM bronze_waiting)
""",
    "ANALYZE bronze_held",
    """
DO $$
DECLARE
    queue text[] := ARRAY(SELECT key FROM bronze_there);
    place int := 1;
    found text;
    waiting record;
    held record;
BEGIN
    WHILE place <= cardinality(queue) LOOP
        found := queue[place];
        FOR waiting IN SELECT id, field FROM bronze_waiting WHERE named = found LOOP
            INSERT INTO bronze_met VALUES (waiting.id, waiting.field);
            UPDATE bronze_held SET errors = errors - 1 WHERE id = waiting.id RETURNING key, errors INTO held;
            IF held.errors = 0 THEN
                queue := queue || held.key;
            END IF;
        END LOOP;
        place := place + 1;
    END LOOP;
END $$
""",
    "ANALYZE bronze_met",
)
"""What is met of that for which records of the data set wait by fields that refer to itself: first by the records that are
there, then by those whose last error goes with it, each by one look into an index: a chain may be as long as the data set.
Row by row, since the planner would read all that wait at every step."""

RELEASE = """
WITH released AS (
UPDATE bronze_rawrecord AS row
SET errors = freed.errors, status = CASE WHEN freed.errors = '[]' THEN 'valid' ELSE 'quarantined' END
FROM (
    SELECT waiting.id, coalesce((
        SELECT jsonb_agg(error) FROM jsonb_array_elements(waiting.errors) AS error WHERE NOT {is_met}
    ), '[]') AS errors
    FROM bronze_rawrecord AS waiting {which}
    WHERE waiting.dataset_id = %(dataset)s AND waiting.status = 'quarantined'
    ORDER BY waiting.id FOR UPDATE OF waiting
) AS freed
WHERE row.id = freed.id
RETURNING row.status
)
SELECT count(*) FROM released WHERE status = 'valid'
"""

RELEASE_NAMED = RELEASE.format(which=NAMED, is_met="error @> %(error)s::jsonb")

RELEASE_CHAINED = RELEASE.format(
    which=CHAINED,
    is_met="""EXISTS (
        SELECT FROM bronze_met AS met
        WHERE met.id = waiting.id AND met.field = error ->> 'field' AND error ->> 'rule' = %(rule)s
    )""",
)

RECOUNT = """
SELECT count(*) FILTER (WHERE record.status = 'quarantined'),
       count(*) FILTER (WHERE record.status = 'valid' AND first.file IS NOT DISTINCT FROM %(file)s)
FROM bronze_incoming AS incoming
JOIN bronze_rawrecord AS record ON record.dataset_id = %(dataset)s AND record.key = incoming.key
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) = 0 THEN record.source_file_id
                ELSE (array_agg(source_file_id ORDER BY revision))[1] END AS file
    FROM bronze_recordhistory WHERE pgh_obj_id = record.id
) AS first
WHERE incoming.errors <> '[]'
"""
"""Rows that are quarantined still, and those that have become valid and which this file brought first."""


def merge_bound(merge: Callable[[], Merged], contract: ContractSpec, *, file_id: int | None = None) -> Merged:
    """Merge the rows of the incoming table.

    Those that must wait for a record are quarantined, those that waited for these are released.
    """
    for field in _looked_up(contract):
        with connection.cursor() as cursor:
            cursor.execute(
                QUARANTINE, names_of(contract, field) | {"error": orjson.dumps([entry_of(field)]).decode()}
            )
    merged = merge()
    release(contract.name)
    return _recounted(merged, contract, file_id)


def merge_few(contract: ContractSpec, fields: pl.DataFrame, rows: pl.DataFrame) -> None:
    """The same for rows that are at hand and of which nobody wants a receipt; see `merge_given`. `fields`: their texts."""
    hold_dataset(contract.name)
    merge_given(contract.name, rows.with_columns(errors=with_unbound(contract, fields, rows["errors"])))
    release(contract.name)


def _recounted(merged: Merged, contract: ContractSpec, file_id: int | None) -> Merged:
    """The receipt as it is true at the end: rows that waited for others of the same file are in quarantine no more."""
    if not merged.receipt.quarantined or not any(referring(contract, "quarantine")):
        return merged
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, {"dataset": contract.name, "file": file_id})
        still, new = cursor.fetchone()
    released = merged.receipt.quarantined - still
    inserted = min(new, released)
    moved = Receipt(inserted=inserted, updated=released - inserted, quarantined=-released)
    return replace(merged, receipt=merged.receipt + moved)


def release(dataset: str) -> None:
    """Records that waited in quarantine for records of this data set, and have nothing else wrong, become valid; then those
    that waited for these in turn."""
    following = [dataset]
    while following:
        to = following.pop()
        for contract in all_contracts().values():
            for field in referring(contract, "quarantine", to=to):
                lock_references(to, shared=False)
                if _released(contract, field) and contract.name not in following:
                    following.append(contract.name)


def release_within(contract: ContractSpec) -> None:
    """Records of this data set that wait for others which are there become valid."""
    for field in _looked_up(contract):
        _released(contract, field)


def _released(contract: ContractSpec, field: FieldSpec) -> int:
    """How many records have become valid, because the ones that they name in a field are. Where these are of the same data
    set, chains of them are followed to their ends at once."""
    error = {"field": field.name, "rule": RULE}
    texts = {"error": orjson.dumps(error).decode(), "errors": orjson.dumps([error]).decode()}
    names = names_of(contract, field)
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_NAMED, names | texts)
        released = int(cursor.fetchone()[0])
        if released and names["to"] == contract.name:
            released += _released_along_chains(cursor, contract)
    return released


def _released_along_chains(cursor: CursorWrapper, contract: ContractSpec) -> int:
    own = [field.name for field in referring(contract, "quarantine", to=contract.name)]
    errors = orjson.dumps([{"rule": RULE}]).decode()
    names: dict[str, Any] = {"dataset": contract.name, "fields": own, "rule": RULE, "errors": errors}
    for statement in FOLLOW_CHAINS:
        cursor.execute(statement, names)
    cursor.execute(RELEASE_CHAINED, names)
    return int(cursor.fetchone()[0])


def hold_references(contract: ContractSpec) -> None:
    """Wait until nobody adds records that those of the data set may wait for, before rows are locked: whoever adds them
    locks in this order, too."""
    for _field in _looked_up(contract):
        pass


def _looked_up(contract: ContractSpec) -> Iterator[FieldSpec]:
    """The fields whose rows must wait for records, which nobody adds meanwhile."""
    for field in referring(contract, "quarantine"):
        if field.reference:
            lock_references(field.reference.dataset, shared=field.reference.dataset != contract.name)
        yield field


def referring(
    contract: ContractSpec, *policies: ReferencePolicy, to: str | None = None
) -> Iterator[FieldSpec]:
    """The fields that refer to other data sets, or to one, by one of the policies."""
    for field in contract.fields:
        if field.reference and field.reference.policy in policies and to in (None, field.reference.dataset):
            yield field


def unbound(
    contract: ContractSpec, rows: Sequence[Mapping[str, Any]], *, hold: bool = False
) -> Iterator[FieldError]:
    """What the API refuses: `row` is the position. `hold`: keep the records that are named from being deleted before the
    transaction ends."""
    for field in referring(contract, "reject"):
        cells = {row: (cell(values.get(field.name)) or "").strip() for row, values in enumerate(rows)}
        named = {row: key for row, key in cells.items() if key}
        known = _known(field, set(named.values()), hold=hold)
        for row, key in named.items():
            if key not in known:
                yield FieldError(field.name, RULE, _message(field), row=row)


def with_unbound(contract: ContractSpec, rows: pl.DataFrame, errors: pl.Series) -> pl.Series:
    """`errors` (JSON texts) with those of rows that must wait in quarantine for a record."""
    for field in _looked_up(contract):
        if field.name not in rows.columns:
            continue
        keys = rows.select(present(pl.col(field.name))).to_series()
        known = _known(field, set(keys.drop_nulls()))
        entry = orjson.dumps(entry_of(field)).decode()
        missing = [key is not None and key not in known for key in keys]
        errors = pl.Series(
            errors.name,
            [
                _appended(text, entry) if is_missing else text
                for text, is_missing in zip(errors, missing, strict=True)
            ],
            dtype=pl.String,
        )
    return errors


def _appended(errors: str, entry: str) -> str:
    return f"[{entry}]" if errors == "[]" else f"{errors[:-1]},{entry}]"


def _known(field: FieldSpec, keys: Collection[str], *, hold: bool = False) -> set[str]:
    if not keys or field.reference is None:
        return set()
    rows = RawRecord.everything.filter(
        dataset_id=field.reference.dataset, key__any_of=[*keys], status=RawRecord.Status.VALID
    )
    rows = rows.order_by("id").select_for_update(no_key=True) if hold else rows
    return set(rows.values_list("key", flat=True))


def entry_of(field: FieldSpec) -> dict[str, Any]:
    """What a row that waits has among its errors."""
    return {"field": field.name, "rule": RULE, "message": _message(field), "value": None}


def _message(field: FieldSpec) -> str:
    return f"{field.name} names no record of {field.reference.dataset if field.reference else ''}"


def names_of(contract: ContractSpec, field: FieldSpec) -> dict[str, Any]:
    """The parameters of a statement on a reference: `dataset` and `field` refer to the data set `to`."""
    to = field.reference.dataset if field.reference else None
    return {"dataset": contract.name, "field": field.name, "to": to}

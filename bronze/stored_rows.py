"""Stored records as frames, and what comes of checking them written back: many records, one query each way.

Use it inside a transaction that has locked the records.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection

from bronze.contracts import ContractSpec
from bronze.encryption import FieldCipher
from bronze.incoming import NO_ERRORS, secret_columns
from bronze.models import RawRecord
from bronze.readers import LINE
from bronze.readers.json_text import NESTED, JsonDecoder, cell, frame_cell
from bronze.references import with_unbound
from bronze.rows import KEYLESS
from bronze.validation import check, key_of
from lakehouse_project.kernel.copy import copy_in, copy_out

READ = """
SELECT id, key, errors::text AS errors, raw_text IS NOT NULL AND patch = '{{}}' AS unread,
       jsonb_path_query_array(errors, '$[*] ? (@.rule == "duplicate_key")')::text AS repeated{cells}
FROM bronze_rawrecord WHERE id = ANY(%s) ORDER BY id
"""

CELL = f"""
CASE WHEN jsonb_typeof(effective -> %s) IN ('object', 'array') THEN '{NESTED}' ELSE '' END || (effective ->> %s)
"""
"""As `frame_cell`; takes the name of the field twice."""

CREATE = """
CREATE TEMP TABLE bronze_outcome (id bigint PRIMARY KEY, key text, patch jsonb, anew boolean, errors jsonb) ON COMMIT DROP
"""

WRITE = """
UPDATE bronze_rawrecord AS record SET
    key = outcome.key,
    patch = outcome.patch,
    conflict = CASE WHEN record.conflict = '{}' THEN '{}' ELSE (
        SELECT coalesce(jsonb_object_agg(name, known), '{}') FROM jsonb_each(record.conflict) AS open(name, known)
        WHERE outcome.patch -> name = record.patch -> name
    ) END,
    errors = outcome.errors,
    status = outcome.status
FROM (
    SELECT id, bronze_outcome.key, bronze_outcome.errors,
           CASE WHEN bronze_outcome.errors = '[]' THEN 'valid' ELSE 'quarantined' END AS status,
           CASE WHEN anew THEN bronze_outcome.patch ELSE before.patch || bronze_outcome.patch END AS patch
    FROM bronze_outcome JOIN bronze_rawrecord AS before USING (id)
) AS outcome
WHERE record.id = outcome.id
  AND (record.key, record.patch, record.errors, record.status)
      <> (outcome.key, outcome.patch, outcome.errors, outcome.status)
"""
"""An edit that is another one now settles the conflict of its field."""

TAKEN = "SELECT key FROM bronze_rawrecord WHERE dataset_id = %s AND key = ANY(%s)"


@dataclass(frozen=True)
class StoredRows:
    """Records of one data set in the order of their ids.

    `about`: id, key, errors, received_key (as the payload has it), repeated (those errors that say that a file had the key
    more than once), unread (true for a row that could not be parsed and has no edits). `fields`: one string column per
    field, edits of staff included, secrets opened.
    """

    about: pl.DataFrame
    fields: pl.DataFrame


def ids_by_dataset(ids: Sequence[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for dataset, pk in RawRecord.objects.filter(pk__in=ids).order_by("id").values_list("dataset_id", "id"):
        found.setdefault(dataset, []).append(pk)
    return found


def patch_of(record_id: int) -> dict[str, Any]:
    """The edits of staff on top of a record, numbers with every digit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT patch::text FROM bronze_rawrecord WHERE id = %s", [record_id])
        (text,) = cursor.fetchone()
    patch: dict[str, Any] = JsonDecoder().decode_at(text, 0)[0]
    return patch


def read_stored(
    contract: ContractSpec, cipher: FieldCipher, ids: Sequence[int], extra: Iterable[str] = ()
) -> StoredRows:
    """The fields of the contract, and `extra` ones."""
    named = dict.fromkeys([*contract.field_names(), *contract.key, *extra])
    names = list(named) or [LINE]  # a frame without columns has no rows either
    cells = [f", {CELL} AS c{number}" for number in range(len(names))]
    cells += [f", payload ->> %s AS k{number}" for number in range(len(contract.key))]
    found = copy_out(
        READ.format(cells="".join(cells)),
        [*(name for name in names for _ in range(2)), *contract.key, list(ids)],
    )
    parts = (pl.col(f"k{number}").alias(name) for number, name in enumerate(contract.key))
    keys = found.select(pl.col("id").alias(LINE), *parts).with_columns(
        key_of(contract, list(contract.key)).alias(LINE)
    )
    about = found.select(
        pl.col("id").cast(pl.Int64), "key", "errors", "repeated", pl.col("unread") == pl.lit("t")
    ).with_columns(keys[LINE].alias("received_key"))
    fields = found.select(pl.col(f"c{number}").alias(name) for number, name in enumerate(names))
    secrets = secret_columns(contract, names)
    return StoredRows(about, fields.with_columns(_opened(fields[name], cipher) for name in secrets))


def with_fields(
    rows: StoredRows, contract: ContractSpec, cipher: FieldCipher, fields: Mapping[str, Any]
) -> StoredRows:
    """The rows as they would be with these values of fields that the contract knows."""
    secrets = secret_columns(contract, fields)
    known = {name: value for name, value in fields.items() if name in rows.fields.columns}
    plain = {
        name: _plain(value, name, cipher) if name in secrets else frame_cell(value)
        for name, value in known.items()
    }
    return StoredRows(
        rows.about,
        rows.fields.with_columns(pl.lit(text, pl.String).alias(name) for name, text in plain.items()),
    )


def _plain(value: Any, name: str, cipher: FieldCipher) -> str | None:
    text = cell(value)
    return text and cipher.decrypt(text, name)


def _opened(values: pl.Series, cipher: FieldCipher) -> pl.Series:
    plain = [value and cipher.decrypt(value, values.name) for value in values]
    return pl.Series(values.name, plain, dtype=pl.String)


def outcomes(contract: ContractSpec, rows: StoredRows, *, is_right: bool = False) -> pl.DataFrame:
    """`about` with `key` and `errors` as they shall be, the old ones under `old_key` and `old_errors`.

    A row without a key that has got one by an edit gets its natural key, unless that is taken: then it says so.
    `is_right`: staff say that these rows are the ones that count of those that shared a key.
    """
    checked = check(rows.fields, contract)
    frame = rows.about.rename({"key": "old_key", "errors": "old_errors"}).with_columns(
        wanted=checked["_key"], found=with_unbound(contract, rows.fields, checked["_errors"])
    )
    is_chosen = pl.lit(is_right) | pl.col("wanted").ne_missing(pl.col("received_key"))
    frame = frame.with_columns(repeated=pl.when(is_chosen).then(pl.lit(NO_ERRORS)).otherwise("repeated"))
    frame = frame.with_columns(with_repeated(), *_claims(contract, frame))
    refused = pl.col("claims") & ~pl.col("gets")
    entry = _key_exists(contract)
    return frame.select(
        "id",
        "unread",
        "old_key",
        "old_errors",
        key=pl.when(pl.col("gets")).then("wanted").otherwise("old_key"),
        errors=pl.when(refused).then(_appended(pl.col("found"), entry)).otherwise("found"),
    )


def with_repeated() -> pl.Expr:
    """The failed rules, and that the key was repeated, where that still counts."""
    entry = pl.col("repeated").str.strip_prefix("[").str.strip_suffix("]")
    whole = _appended(pl.col("found"), entry)
    return pl.when(pl.col("repeated") == NO_ERRORS).then("found").otherwise(whole).alias("found")


def _appended(errors: pl.Expr, entry: pl.Expr) -> pl.Expr:
    others = errors.str.strip_prefix("[").str.strip_suffix("]")
    listed = pl.when(others == "").then(entry).otherwise(pl.concat_str(others, pl.lit(","), entry))
    return pl.concat_str(pl.lit("["), listed, pl.lit("]"))


def _claims(contract: ContractSpec, frame: pl.DataFrame) -> list[pl.Series]:
    """`claims`: the row wants a natural key instead of its own; `gets`: it is free, and no row before wants it."""
    is_keyless = pl.col("old_key").str.starts_with(KEYLESS) & (pl.col("wanted") != pl.col("old_key"))
    claims = is_keyless & (pl.col("repeated") == NO_ERRORS)
    claiming = frame.select(claims.fill_null(value=False).alias("claims"), "wanted")
    wanted = claiming.filter("claims")["wanted"]
    taken = keys_taken(contract.name, wanted.to_list())
    first = pl.when("claims").then("wanted").is_first_distinct()
    gets = claiming.select(pl.col("claims") & first & ~pl.col("wanted").is_in(taken)).to_series()
    return [claiming["claims"], gets.fill_null(value=False).alias("gets")]


def keys_taken(dataset: str, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that a record has, deleted ones included."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, [dataset, list(keys)])
        return [key for (key,) in cursor.fetchall()]


def _key_exists(contract: ContractSpec) -> pl.Expr:
    message = pl.concat_str(
        pl.lit(f"{contract.name} has another record with the key "),
        "wanted",
        pl.lit(": delete this row, or edit that record"),
    )
    field = " + ".join(contract.key)
    return pl.struct(
        field=pl.lit(field), rule=pl.lit("key_exists"), message=message, value=pl.col("wanted")
    ).struct.json_encode()


def write_outcomes(frame: pl.DataFrame, *, anew: bool = False) -> int:
    """Store `id`, `key`, `errors` and, if there is such a column, `patch`: edits as JSON text, on top of those that are
    there, or `anew` in their place. Writes only what is different; returns how many records that were."""
    patches = [] if "patch" in frame.columns else [pl.lit("{}").alias("patch")]
    rows = frame.with_columns(*patches, anew=pl.lit(anew))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.bronze_outcome")
        cursor.execute(CREATE)
        copy_in("bronze_outcome", rows.select("id", "key", "patch", "anew", "errors"))
        cursor.execute("ANALYZE bronze_outcome")
        cursor.execute(WRITE)
        return int(cursor.rowcount)

"""Rows on their way into the raw records: checked, keyed, and with their payload as JSON text."""

from collections.abc import Iterable, Mapping, Sequence

import orjson
import polars as pl

from bronze.contracts import Classification, ContractSpec
from bronze.encryption import FieldCipher
from bronze.readers import LINE, BrokenRow, RowBatch
from bronze.readers.formats import plain_name
from bronze.validation import NO_ERRORS, check

INCOMING_SCHEMA: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "key": pl.String(),
    "payload": pl.String(),
    "raw_text": pl.String(),
    "errors": pl.String(),
}
"""`key` is null where the row has none; the merge then derives one from the content."""


def incoming(batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> pl.DataFrame:
    """A batch of a reader in `INCOMING_SCHEMA`, rows that could not be parsed included."""
    frames = []
    if not batch.rows.is_empty():
        checked = check(batch.rows, contract)
        frames.append(
            pl.DataFrame(
                {
                    "line": checked[LINE],
                    "key": checked["_key"],
                    "payload": _payloads(batch, contract, cipher),
                    "raw_text": pl.repeat(None, checked.height, dtype=pl.String, eager=True),
                    "errors": checked["_errors"],
                },
                schema_overrides=INCOMING_SCHEMA,
            )
        )
    if batch.broken:
        frames.append(_broken_rows(batch.broken, contract, cipher))
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict(INCOMING_SCHEMA))


def classification_of(contract: ContractSpec, column: str) -> Classification | None:
    """Who may see a column. One that an alias names counts as the field, though the field has its own column, too."""
    field = contract.column_names().get(plain_name(column))
    return contract.field(field).classification if field else None


def secret_columns(contract: ContractSpec, columns: Iterable[str]) -> list[str]:
    return [name for name in columns if classification_of(contract, name) is Classification.SECRET]


def _payloads(batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> pl.Series:
    """JSON text of each row as received; with secret fields it is built anew around their cipher text."""
    secrets = secret_columns(contract, batch.rows.columns)
    if batch.payloads is not None and not secrets:
        return batch.payloads
    rows = batch.rows.drop(LINE)
    rows = rows.with_columns(cipher.encrypt_column(rows[name], name) for name in secrets)
    if batch.payloads is not None:
        return _with_secrets(batch.payloads, rows.select(secrets))
    return rows.select(pl.struct(pl.all()).struct.json_encode()).to_series()


def _with_secrets(payloads: pl.Series, secrets: pl.DataFrame) -> pl.Series:
    """The cipher texts as members behind the others: of members with the same name jsonb keeps the last alone."""
    sealed = secrets.select(pl.struct(pl.all()).struct.json_encode().str.strip_prefix("{")).to_series()
    opened = payloads.str.strip_chars_end().str.strip_suffix("}")
    return opened + ", " + sealed


def _broken_rows(broken: Sequence[BrokenRow], contract: ContractSpec, cipher: FieldCipher) -> pl.DataFrame:
    sealed = any(field.classification is Classification.SECRET for field in contract.fields)
    return pl.DataFrame(
        {
            "line": [row.line for row in broken],
            "key": pl.Series([None] * len(broken), dtype=pl.String),
            "payload": ["{}"] * len(broken),
            "raw_text": [cipher.encrypt(row.raw, "raw_text") if sealed else row.raw for row in broken],
            "errors": [_broken_error(row) for row in broken],
        },
        schema_overrides=INCOMING_SCHEMA,
    )


def _broken_error(row: BrokenRow) -> str:
    return orjson.dumps([{"field": "", "rule": row.rule, "message": row.message, "value": None}]).decode()


__all__ = ["INCOMING_SCHEMA", "NO_ERRORS", "classification_of", "incoming", "secret_columns"]

"""Rows on their way into the raw records: keyed, with their payload as JSON text, and checked."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import orjson
import polars as pl

from bronze.canonical import canonical_json, content_hashes
from bronze.contracts import Classification, ContractSpec, plain_name
from bronze.encryption import FieldCipher
from bronze.readers import LINE, BrokenRow, RowBatch
from bronze.readers.json_text import NESTED
from bronze.validation import NO_ERRORS, errors_of, keys_of

T = TypeVar("T")

INCOMING_SCHEMA: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "key": pl.String(),
    "payload": pl.String(),
    "raw_text": pl.String(),
    "content_hash": pl.String(),
    "errors": pl.String(),
}
"""`key` is null where the row has none; the merge then derives one from the content. `content_hash` is null where the
database has to work it out, which is where the payload came as JSON."""


class IncomingBatch:
    """A batch of a reader, rows that could not be parsed included; checked when, and as far as, somebody asks."""

    def __init__(self, batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> None:
        self.bytes_read = batch.bytes_read
        self._source = batch.rows
        self._contract = contract
        frames = [] if batch.rows.is_empty() else [_unchecked(batch, contract, cipher)]
        if batch.broken:
            frames.append(_broken_rows(batch.broken, contract, cipher))
        self.rows = pl.concat(frames) if frames else pl.DataFrame(schema=dict(INCOMING_SCHEMA))
        """In `INCOMING_SCHEMA`; `errors` is null where nobody has asked yet."""

    def checked(self, wanted: pl.Series | None = None) -> pl.DataFrame:
        """The rows where `wanted` is true, or all, with their errors."""
        rows = self.rows if wanted is None else self.rows.filter(wanted)
        if not rows["errors"].null_count():
            return rows
        parsed = self._source if wanted is None else self._source.filter(wanted.head(self._source.height))
        errors = pl.concat([errors_of(parsed, self._contract), rows["errors"].slice(parsed.height)])
        return rows.with_columns(errors.alias("errors"))

    def check(self) -> "IncomingBatch":
        """Check all rows at once, so that `checked` has nothing left to do."""
        self.rows = self.checked()
        return self


def incoming(batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> pl.DataFrame:
    """A batch of a reader in `INCOMING_SCHEMA`, checked."""
    return IncomingBatch(batch, contract, cipher).checked()


def read_ahead(batches: Iterator[T]) -> Generator[T]:
    """The same batches; the next one is made, in a thread, while the caller works at one.

    `batches` must not use the database: Django's connections belong to the thread that opened them.
    """
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch


def classification_of(contract: ContractSpec, column: str) -> Classification | None:
    """Who may see a column. One that an alias names counts as the field, though the field has its own column, too."""
    field = contract.column_names().get(plain_name(column))
    return contract.field(field).classification if field else None


def has_secrets(contract: ContractSpec) -> bool:
    return any(field.classification is Classification.SECRET for field in contract.fields)


def secret_columns(contract: ContractSpec, columns: Iterable[str]) -> list[str]:
    if not has_secrets(contract):
        return []
    return [name for name in columns if classification_of(contract, name) is Classification.SECRET]


def _unchecked(batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> pl.DataFrame:
    payloads = _payloads(batch, contract, cipher)
    none = pl.repeat(None, batch.rows.height, dtype=pl.String, eager=True)
    return pl.DataFrame(
        {
            "line": batch.rows[LINE],
            "key": keys_of(batch.rows, contract),
            "payload": payloads,
            "raw_text": none,
            "content_hash": content_hashes(payloads) if batch.payloads is None else none,
            "errors": none,
        },
        schema_overrides=INCOMING_SCHEMA,
    )


def _payloads(batch: RowBatch, contract: ContractSpec, cipher: FieldCipher) -> pl.Series:
    """JSON text of each row as received; with secret fields it is built anew around their cipher text."""
    secrets = secret_columns(contract, batch.rows.columns)
    if batch.payloads is not None and not secrets:
        return batch.payloads
    rows = batch.rows.drop(LINE)
    rows = rows.with_columns(
        cipher.encrypt_column(rows[name].str.strip_prefix(NESTED), name) for name in secrets
    )
    if batch.payloads is not None:
        return _with_secrets(batch.payloads, rows.select(secrets))
    return canonical_json(rows)


def _with_secrets(payloads: pl.Series, secrets: pl.DataFrame) -> pl.Series:
    """The cipher texts as members behind the others: of members with the same name jsonb keeps the last alone."""
    sealed = secrets.select(pl.struct(pl.all()).struct.json_encode().str.strip_prefix("{")).to_series()
    opened = payloads.str.strip_chars_end().str.strip_suffix("}")
    return opened + ", " + sealed


def _broken_rows(broken: Sequence[BrokenRow], contract: ContractSpec, cipher: FieldCipher) -> pl.DataFrame:
    sealed = has_secrets(contract)
    return pl.DataFrame(
        {
            "line": [row.line for row in broken],
            "key": pl.Series([None] * len(broken), dtype=pl.String),
            "payload": ["{}"] * len(broken),
            "raw_text": [cipher.encrypt(row.raw, "raw_text") if sealed else row.raw for row in broken],
            "content_hash": pl.Series([None] * len(broken), dtype=pl.String),
            "errors": [_broken_error(row) for row in broken],
        },
        schema_overrides=INCOMING_SCHEMA,
    )


def _broken_error(row: BrokenRow) -> str:
    return orjson.dumps([{"field": "", "rule": row.rule, "message": row.message, "value": None}]).decode()


__all__ = [
    "INCOMING_SCHEMA",
    "NO_ERRORS",
    "IncomingBatch",
    "classification_of",
    "incoming",
    "read_ahead",
    "secret_columns",
]

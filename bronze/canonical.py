"""JSON text of rows of strings as PostgreSQL writes a jsonb value, so that its hash is known without asking.

A member before another if its name has fewer bytes, or as many and smaller ones; `", "` between members, `": "` within.
"""

import hashlib
from collections.abc import Sequence

import orjson
import polars as pl

CONTROL = [chr(code) for code in range(32)]
ESCAPES = {'"': r"\"", "\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
ESCAPED = {character: rf"\u{ord(character):04x}" for character in CONTROL} | ESCAPES

NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


def canonical_json(rows: pl.DataFrame) -> pl.Series:
    """One object per row of a frame of strings, every column a member; null is null."""
    if not rows.columns:
        return pl.repeat("{}", rows.height, dtype=pl.String, eager=True)
    names = sorted(rows.columns, key=lambda name: (len(name.encode()), name.encode()))
    odd = [column.name for column in rows.select(pl.all().str.contains(NEEDS_ESCAPE).any()) if column.item()]
    escaped = rows.with_columns(pl.col(odd).str.replace_many(list(ESCAPED), list(ESCAPED.values())))
    return escaped.select(_object(escaped, names)).to_series()


def _object(rows: pl.DataFrame, names: Sequence[str]) -> pl.Expr:
    parts: list[pl.Expr] = []
    for position, name in enumerate(names):
        parts += [pl.lit(f"{', ' if position else '{'}{_quoted(name)}: "), *_cell(rows[name])]
    return pl.concat_str(*parts, pl.lit("}"))


def _cell(cells: pl.Series) -> Sequence[pl.Expr]:
    if cells.null_count():
        return [pl.coalesce(pl.lit('"') + pl.col(cells.name) + pl.lit('"'), pl.lit("null"))]
    return [pl.lit('"'), pl.col(cells.name), pl.lit('"')]


def _quoted(name: str) -> str:
    return orjson.dumps(name).decode()


def content_hashes(payloads: pl.Series) -> pl.Series:
    r"""SHA-256 of each canonical text in the form of a bytea literal, `\x…`."""
    texts = payloads.cast(pl.Binary).to_list()
    return pl.Series(
        "content_hash", [r"\x" + hashlib.sha256(text).hexdigest() for text in texts], dtype=pl.String
    )

"""Records of a data set as files."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, JSONField, QuerySet, TextField, Value
from django.http import QueryDict
from ninja import Schema

from bronze.asking import listing_of
from bronze.contracts import Classification, ContractSpec
from bronze.domain import Status as RecordStatus
from bronze.encryption import FieldCipher
from bronze.exact import json_text
from bronze.listing import text_of
from bronze.models import RawRecord
from bronze.presentation import class_of, visible_about
from bronze.repositories import RawRecords
from lakehouse_project.kernel.exact import loads, raw
from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.masking import (
    MASK,
    PERMISSION,
    SECRET_PERMISSION,
    Caller,
    may_see_personal_data,
)
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.tabular.answers import read_query
from lakehouse_project.kernel.tabular.reading import text_frames, typed

VIEW = "bronze.view_rawrecord"

ABOUT: Mapping[str, tuple[Any, pl.DataType]] = {
    "id": (F("id"), pl.Int64()),
    "key": (F("key"), pl.String()),
    "status": (F("status"), pl.String()),
    "errors": (json_text("errors"), pl.String()),
    "conflict": (json_text("conflict"), pl.String()),
    "revision": (F("revision"), pl.Int64()),
    "source_file": (F("source_file_id"), pl.Int64()),
    "line": (F("line"), pl.Int64()),
}
"""What is known of a record itself, in the order in which the list has it under `_record`."""

CONTROLS = {chr(code): f"\\u{code:04x}" for code in range(32)}
ESCAPES = {"\\": "\\\\", '"': '\\"', **CONTROLS}
"""What a character becomes within a text of JSON."""


class RecordFilters(Schema):
    """Which records to list. Every field of the data set is a filter of its own as well."""

    record_status: RecordStatus | None = None


def record_table(
    contract: ContractSpec,
    query: QueryDict,
    caller: Caller,
    *,
    own: Collection[str] = frozenset(RecordFilters.model_fields),
) -> Table:
    """The records that the query string of the list chooses. `own`: its parameters that are no fields.

    Raises what is wrong with the query.
    """
    listing = listing_of(query, contract, caller, own=own)
    status = read_query(RecordFilters, query).record_status
    rows = resolve(RawRecords).rows(contract, listing=listing, status=status).ordered
    return _Export(contract, caller, listing, rows, _names(contract, listing, rows)).table()


def _names(contract: ContractSpec, listing: Listing, rows: "QuerySet[RawRecord]") -> tuple[str, ...]:
    """The fields that were asked for; else those of the contract, then all others that any of the rows has."""
    if listing.fields is not None:
        return listing.fields
    known = contract.field_names()
    others = Func(
        Func(
            F("effective"),
            Value(list(known), output_field=ArrayField(TextField())),
            template="(%(expressions)s::text[])",
            arg_joiner=" - ",
            output_field=JSONField(),
        ),
        function="jsonb_object_keys",
        output_field=TextField(),
    )
    found = rows.order_by().annotate(other=others).values_list("other", flat=True).distinct()
    return (*known, *sorted(found, key=_as_stored))


def _as_stored(name: str) -> tuple[int, bytes]:
    """The order in which PostgreSQL keeps, and so the list shows, the members of an object."""
    encoded = name.encode()
    return len(encoded), encoded


@dataclass(frozen=True)
class _Export:
    """One list of records. `names`: its fields."""

    contract: ContractSpec
    caller: Caller
    listing: Listing
    rows: "QuerySet[RawRecord]"
    names: tuple[str, ...]

    def table(self) -> Table:
        kinds = {field.name: field.kind for field in self.contract.fields}
        return Table(
            name=self.contract.name,
            schema={name: pl.String() for name in self.names} | self._about(),
            frames=self._frames,
            objects=self._objects,
            count=self.rows.count,
            needs=(VIEW, *self._clear()),
            numbers=frozenset(name for name in self.names if kinds.get(name) in ("integer", "decimal")),
        )

    def _about(self) -> dict[str, pl.DataType]:
        """Of a file with columns: left out where fields were chosen."""
        if self.listing.fields is not None:
            return {}
        return {f"_record_{name}": dtype for name, (_expression, dtype) in ABOUT.items()}

    def _clear(self) -> Iterator[str]:
        """The permissions to which the caller owes it that something is shown in clear."""
        needed = {Classification.PERSONAL: PERMISSION, Classification.SECRET: SECRET_PERMISSION}
        classes = {class_of(self.contract, name) for name in self.names}
        yield from (
            right for kind, right in needed.items() if kind in classes and self.caller.has_perm(right)
        )

    def _frames(self) -> Iterator[pl.DataFrame]:
        for frame in self._read({name: text_of(name) for name in self.names}):
            shown = frame.with_columns(hide(frame[name]) for name, hide in self._hidden().items())
            if self.listing.fields is None:
                yield typed(self._visible(shown), {name: pl.String() for name in self.names} | self._about())
            else:
                yield shown.select(self.names)

    def _objects(self) -> Iterator[pl.Series]:
        hidden = self._hidden()
        texts = {f"_text_{name}": text_of(name) for name in hidden}
        for frame in self._read({name: _fragment(name) for name in self.names} | texts):
            shown = [self._quoted(frame, name, hide) for name, hide in hidden.items()]
            yield self._joined(self._visible(frame.with_columns(shown)))

    @staticmethod
    def _quoted(frame: pl.DataFrame, name: str, hide: Callable[[pl.Series], pl.Series]) -> pl.Series:
        """A field as a JSON text; as it is where it is missing or null."""
        text = _json_text(pl.lit(hide(frame[f"_text_{name}"].rename(name))))
        is_there = pl.col(name).is_not_null() & (pl.col(name) != "null")
        return frame.select(pl.when(is_there).then(text).otherwise(pl.col(name)).alias(name)).to_series()

    def _read(self, fields: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
        about = {f"_record_{name}": expression for name, (expression, _dtype) in ABOUT.items()}
        columns = {
            f"column_{number}": each for number, each in enumerate([*fields.values(), *about.values()])
        }
        rows = self.rows.annotate(**columns).values_list(*columns)
        yield from text_frames(rows, [*fields, *about])

    def _hidden(self) -> dict[str, Callable[[pl.Series], pl.Series]]:
        """What is done to the texts of fields that the caller does not see as they are stored."""
        found: dict[str, Callable[[pl.Series], pl.Series]] = {}
        for name in self.names:
            kind = class_of(self.contract, name)
            if kind is Classification.SECRET:
                found[name] = _opened if self.caller.has_perm(SECRET_PERMISSION) else _blank
            elif kind is Classification.PERSONAL and not may_see_personal_data(self.caller):
                found[name] = _masked
        return found

    def _visible(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Errors and conflicts without the values that the caller may not see; most records have neither."""
        is_odd = (pl.col("_record_errors") != "[]") | (pl.col("_record_conflict") != "{}")
        odd = frame.select(is_odd.arg_true()).to_series()
        if odd.is_empty():
            return frame
        pairs = [
            visible_about(self.contract, loads(errors), loads(conflict), self.caller)
            for errors, conflict in frame[odd.to_list()]
            .select("_record_errors", "_record_conflict")
            .iter_rows()
        ]
        errors, conflicts = (
            frame[name].scatter(odd, [_dumped(pair[place]) for pair in pairs])
            for place, name in enumerate(("_record_errors", "_record_conflict"))
        )
        return frame.with_columns(errors, conflicts)

    def _joined(self, frame: pl.DataFrame) -> pl.Series:
        """Rows of JSON texts as JSON objects; a field that neither the contract nor the request names is there if it is."""
        always = set(self.listing.fields or self.contract.field_names())
        members = [_member(name, is_always=name in always) for name in self.names]
        record = pl.concat_str(
            [pl.lit('"_record":{'), *_separated([_about_member(name) for name in ABOUT]), pl.lit("}")]
        )
        body = pl.concat_str([*members, record]) if members else record
        return frame.select(pl.concat_str([pl.lit("{"), body, pl.lit("}")])).to_series()


def _fragment(name: str) -> Func:
    """The JSON text of a field, every digit as stored; null where the record lacks it."""
    return Func(
        F("effective"),
        Value(name),
        template="(%(expressions)s)::text",
        arg_joiner=" -> ",
        output_field=TextField(),
    )


def _member(name: str, *, is_always: bool) -> pl.Expr:
    label, value = orjson.dumps(name).decode(), pl.col(name)
    present = pl.concat_str([pl.lit(f"{label}:"), value, pl.lit(",")])
    missing = f"{label}:null," if is_always else ""
    return pl.when(value.is_null()).then(pl.lit(missing)).otherwise(present)


def _about_member(name: str) -> pl.Expr:
    value = pl.col(f"_record_{name}")
    text = _json_text(value) if name in ("key", "status") else value
    return pl.concat_str([pl.lit(f'"{name}":'), text.fill_null("null")])


def _separated(members: Sequence[pl.Expr]) -> Iterator[pl.Expr]:
    for number, member in enumerate(members):
        yield pl.concat_str([pl.lit(","), member]) if number else member


def _dumped(value: Any) -> str:
    """JSON with every digit that numbers were stored with."""
    return orjson.dumps(value, default=raw, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _json_text(text: pl.Expr) -> pl.Expr:
    escaped = text.str.replace_many(list(ESCAPES), list(ESCAPES.values()))
    return pl.concat_str([pl.lit('"'), escaped, pl.lit('"')])


def _masked(texts: pl.Series) -> pl.Series:
    text = pl.col(texts.name)
    shown = pl.when(text != "").then(text.str.head(1) + MASK).otherwise(text)
    return texts.to_frame().select(shown.alias(texts.name)).to_series()


def _blank(texts: pl.Series) -> pl.Series:
    text = pl.col(texts.name)
    shown = pl.when(text != "").then(pl.lit(MASK)).otherwise(text)
    return texts.to_frame().select(shown.alias(texts.name)).to_series()


def _opened(texts: pl.Series) -> pl.Series:
    cipher = resolve(FieldCipher)
    clear = [cipher.decrypt(text, texts.name) if text else text for text in texts]
    return pl.Series(texts.name, clear, pl.String())

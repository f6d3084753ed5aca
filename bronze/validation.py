"""The contract check: every failed rule of every row, in one vectorised pass.

Input: a frame of strings, one column per field that the data has. Output: the same rows with
`_key` (the natural key, null where a part of it is missing) and `_errors` (JSON text: a list of field, rule, message,
value).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import orjson
import polars as pl

from bronze.contracts import ContractSpec, FieldSpec
from bronze.readers.json_text import NESTED
from bronze.rules import RULES
from lakehouse_project.kernel.parsing import (
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_end,
    parse_integer,
    present,
)

KEY_SEPARATOR = ":"
MAX_KEY = 400
"""Characters of a key; PostgreSQL cannot index texts of any length. A row with a longer one counts as one without a key."""
MAX_SHOWN = 200
"""Characters of a bad value that an error repeats."""

NO_ERRORS = "[]"
TEXT, MOMENT = "_text_of_", "_moment_of_"
"""Columns of trimmed texts and of moments, null where there is none, while rows are checked: these and the field's name."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
"""No date or moment outside of these days is meant: it is a typing error or a stand-in for "never"."""


@dataclass(frozen=True)
class Rule:
    """A rule on a field: `broken` is true where a row breaks it, `message` says how."""

    field: FieldSpec
    name: str
    broken: pl.Expr
    message: str | pl.Expr


FEW = 10_000
"""Rows of which it costs more to hand the rules to several threads than to check them."""


def check(rows: pl.DataFrame, contract: ContractSpec) -> pl.DataFrame:
    """`rows` with `_key` and `_errors` added. Columns without a field in the contract are left alone."""
    return rows.with_columns(_key=keys_of(rows, contract), _errors=errors_of(rows, contract))


def keys_of(rows: pl.DataFrame, contract: ContractSpec) -> pl.Series:
    """The natural key of each row, null where a part of it is missing."""
    complete = _complete(rows, contract)
    return complete.with_columns(_key=key_of(contract, complete.columns))["_key"]


def errors_of(rows: pl.DataFrame, contract: ContractSpec) -> pl.Series:
    """The errors of each row as JSON text."""
    prepared = _complete(rows, contract).with_columns(_texts(contract)).with_columns(_moments(contract))
    rules = _rules(contract)
    select = prepared.select if rows.height > FEW else prepared.select_seq
    flags = select(
        flag for rule, flag in rules if rule.name == "required" or _has_value(prepared, rule.field)
    )
    return _errors(prepared, flags, [rule for rule, _flag in rules])


def _texts(contract: ContractSpec) -> pl.Expr:
    """What nearly every rule looks at."""
    return present(pl.col(contract.field_names())).name.prefix(TEXT)


@lru_cache
def _moments(contract: ContractSpec) -> Sequence[pl.Expr]:
    """What several rules look at and what takes long to read."""
    named = [field.name for field in contract.fields if field.kind == "datetime"]
    return [parse_datetime(pl.col(TEXT + name)).alias(MOMENT + name) for name in named]


def _has_value(prepared: pl.DataFrame, field: FieldSpec) -> bool:
    return prepared[TEXT + field.name].null_count() < prepared.height


@lru_cache
def _rules(contract: ContractSpec) -> Sequence[tuple[Rule, pl.Expr]]:
    """Each with a column that is true where a row breaks it, called by the position of the rule."""
    rules = [rule for field in contract.fields for rule in rules_of(field)]
    return [(rule, rule.broken.fill_null(value=False).alias(str(i))) for i, rule in enumerate(rules)]


def _complete(rows: pl.DataFrame, contract: ContractSpec) -> pl.DataFrame:
    missing = [name for name in contract.field_names() if name not in rows.columns]
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing) if missing else rows


def _errors(rows: pl.DataFrame, flags: pl.DataFrame, rules: Sequence[Rule]) -> pl.Series:
    none = pl.repeat(NO_ERRORS, rows.height, eager=True)
    if not flags.columns:
        return none
    bad = flags.select(pl.any_horizontal(pl.all())).to_series().arg_true()
    return none if bad.is_empty() else none.scatter(bad, _describe(rows[bad], flags[bad], rules))


def _describe(rows: pl.DataFrame, flags: pl.DataFrame, rules: Sequence[Rule]) -> pl.Series:
    """The errors of rows that have some, as JSON text. Only the rules that fired are spelled out."""
    fired = [name for name, seen in zip(flags.columns, flags.max().row(0), strict=True) if seen]
    marked = rows.with_columns(flags[name].alias(f"_{name}") for name in fired)
    entries = [pl.when(pl.col(f"_{name}")).then(_entry(rules[int(name)])) for name in fired]
    listed = pl.concat_list(entries).list.drop_nulls().list.join(",")
    return marked.select(pl.concat_str(pl.lit("["), listed, pl.lit("]"))).to_series()


def key_of(contract: ContractSpec, columns: list[str]) -> pl.Expr:
    """The natural key as text: numbers and dates in plain form, parts joined by a colon, null if one is missing."""
    if not contract.key:
        return pl.lit(None, pl.String)
    parts = [
        _key_part(contract.field(name), composite=len(contract.key) > 1)
        for name in contract.key
        if name in columns
    ]
    key = pl.concat_str(parts, separator=KEY_SEPARATOR, ignore_nulls=False)
    return pl.when(key.str.len_chars() <= MAX_KEY).then(key)


def _key_part(field: FieldSpec, *, composite: bool) -> pl.Expr:
    text = present(pl.col(field.name))
    if field.kind == "integer":
        return pl.coalesce(parse_integer(pl.col(field.name)).cast(pl.String), text)
    if field.kind == "date":
        text = pl.coalesce(parse_date(pl.col(field.name)).dt.to_string("%Y-%m-%d"), text)
    if composite:
        return text.str.replace_all("%", "%25", literal=True).str.replace_all(
            KEY_SEPARATOR, "%3A", literal=True
        )
    return text


def rules_of(field: FieldSpec) -> Iterator[Rule]:
    """The rules of one field. Those on the value hold only where there is one."""
    text = pl.col(TEXT + field.name)
    if field.required:
        yield Rule(field, "required", text.is_null(), "is missing")
    yield from _type_rules(field, text)
    if field.max_length is not None:
        yield Rule(
            field, "max_length", text.str.len_chars() > field.max_length, f"is longer than {field.max_length}"
        )
    if field.pattern is not None:
        yield Rule(field, "pattern", ~text.str.contains(field.pattern), _pattern_message(field))
    if field.check is not None:
        yield _checked(field, text)
    if field.not_before is not None:
        is_before = parse_date(text) < parse_date(pl.col(field.not_before))
        yield Rule(field, "not_before", is_before, f"is before {field.not_before}")


def _type_rules(field: FieldSpec, text: pl.Expr) -> Iterator[Rule]:
    if field.kind == "text":
        nested = pl.col(field.name).str.contains(rf"^{NESTED}[\[{{]")
        yield Rule(field, "text", nested, "is not text but a JSON object or array")
    elif field.kind == "integer":
        yield Rule(
            field, "integer", text.is_not_null() & parse_integer(text).is_null(), "is not a whole number"
        )
        yield from _range_rules(field, parse_integer(text))
    elif field.kind == "decimal":
        yield from _decimal_rules(field, text)
    elif field.kind == "date":
        day = parse_date(text)
        yield Rule(field, "date", text.is_not_null() & day.is_null(), "is not a date like 2024-05-17")
        yield _calendar_rule(field, parse_end(text) if field.may_be_open else day)
    elif field.kind == "datetime":
        moment = pl.col(MOMENT + field.name)
        broken = text.is_not_null() & moment.is_null()
        yield Rule(field, "datetime", broken, "is not a timestamp like 2024-05-17T18:20:00Z (ISO 8601)")
        yield _calendar_rule(field, moment.dt.date())
    elif field.kind == "enum":
        choices = ", ".join(field.choices)
        yield Rule(field, "enum", ~text.str.to_lowercase().is_in(field.choices), f"is not one of {choices}")
    elif field.kind == "object":
        yield Rule(
            field, "object", ~text.map_batches(_are_objects, return_dtype=pl.Boolean), "is not a JSON object"
        )


def _calendar_rule(field: FieldSpec, day: pl.Expr) -> Rule:
    message = f"is not between {FIRST_DAY} and {LAST_DAY}"
    return Rule(field, "range", ~day.is_between(FIRST_DAY, LAST_DAY), message)


def _are_objects(texts: pl.Series) -> pl.Series:
    return pl.Series([None if text is None else _is_object(text) for text in texts], dtype=pl.Boolean)


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _decimal_rules(field: FieldSpec, text: pl.Expr) -> Iterator[Rule]:
    value = parse_decimal(text, pl.Decimal(18, field.scale))
    number = text.str.contains(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$")
    yield Rule(field, "decimal", ~number, "is not a plain number like 1234.50")
    too_fine = number & text.str.contains(rf"\.[0-9]{{{field.scale}}}[0-9]*[1-9]")
    yield Rule(field, "decimal_places", too_fine, f"has more than {field.scale} decimal places")
    yield Rule(field, "decimal_size", number & ~too_fine & value.is_null(), "is too large")
    yield from _range_rules(field, value)


def _range_rules(field: FieldSpec, value: pl.Expr) -> Iterator[Rule]:
    if field.minimum is not None:
        yield Rule(field, "minimum", value < field.minimum, f"is below {field.minimum:f}")
    if field.maximum is not None:
        yield Rule(field, "maximum", value > field.maximum, f"is above {field.maximum}")


def _checked(field: FieldSpec, text: pl.Expr) -> Rule:
    rule = RULES[field.check or ""]

    def problems(texts: pl.Series) -> pl.Series:
        distinct = set(texts.unique()) - {None}
        found = {value: message for value in distinct if (message := rule(value)) is not None}
        if not found:
            return texts.clear(len(texts))
        return texts.replace_strict(found, default=None, return_dtype=pl.String)

    message = text.map_batches(problems, return_dtype=pl.String)
    return Rule(field, field.check or "", text.is_not_null() & message.is_not_null(), message)


def _pattern_message(field: FieldSpec) -> str:
    return f"does not look like {field.example!r}" if field.example else f"does not match {field.pattern}"


def _entry(rule: Rule) -> pl.Expr:
    """One error as JSON text: `{"field": …, "rule": …, "message": …, "value": …}`."""
    message = pl.lit(rule.message) if isinstance(rule.message, str) else rule.message
    shown = present(pl.col(rule.field.name)).str.head(MAX_SHOWN)
    value = pl.lit(None, pl.String) if rule.field.is_personal else shown
    return pl.struct(
        field=pl.lit(rule.field.name),
        rule=pl.lit(rule.name),
        message=pl.concat_str(pl.lit(rule.field.name + " "), message),
        value=value,
    ).struct.json_encode()

"""Lists of raw records: which fields can be chosen by, and the query that a listing becomes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import DateField, DateTimeField, DecimalField, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower, NullIf, Trim

from bronze.contracts import ContractSpec
from bronze.domain import InferredField
from bronze.models import RawRecord
from bronze.validation import MAX_KEY
from lakehouse_project.kernel.filters import Column, Condition, Listing, as_q

OF_RECORD: Mapping[str, tuple[str, Column]] = {
    "record_id": ("id", Column("record_id", "integer")),
    "record_key": ("key", Column("record_key", "text")),
    "record_updated_at": ("updated_at", Column("record_updated_at", "datetime")),
}
"""What is known of the record itself: its column in the table."""


def columns_of(contract: ContractSpec, others: Iterable[InferredField] = ()) -> list[Column]:
    """What records can be chosen and ordered by: the fields of the contract, `others`, and what is known of a record,
    unless a field has the same name."""
    known = {field.name: Column(field.name, field.kind, field.choices) for field in contract.fields}
    found = {field.name: Column(field.name, field.type) for field in others}
    fields = found | known
    return [*fields.values(), *(column for name, (_path, column) in OF_RECORD.items() if name not in fields)]


def is_of_record(column: Column) -> bool:
    """Whether a column of `columns_of` is known of the record itself, and so no field."""
    return column is OF_RECORD.get(column.name, (None, None))[1]


def chosen(
    rows: QuerySet[RawRecord], contract: ContractSpec, listing: Listing
) -> tuple[QuerySet[RawRecord], list[str]]:
    """The rows that a listing asks for, and its order; the last to tell is the order of arrival."""
    for number, condition in enumerate(listing.conditions):
        rows = _narrowed(rows, contract, condition, f"chosen_{number}")
    ordering = []
    for number, order in enumerate(listing.ordering):
        name = order.column.name
        path = OF_RECORD[name][0] if is_of_record(order.column) else f"order_{number}"
        if not is_of_record(order.column):
            rows = rows.annotate(**{path: _ordered_by(order.column)})
        ordering.append(f"-{path}" if order.is_descending else path)
    return rows, [*ordering, "id"]


def _narrowed(
    rows: QuerySet[RawRecord], contract: ContractSpec, condition: Condition, alias: str
) -> QuerySet[RawRecord]:
    name = condition.column.name
    if is_of_record(condition.column):
        return rows.filter(as_q(condition, OF_RECORD[name][0]))
    value = _filled(name) if condition.operator == "isnull" else _typed(condition.column)
    rows, chosen_by_field = rows.alias(**{alias: value}), as_q(condition, alias)
    if _is_key(contract, condition):
        without_key = Q(status=RawRecord.Status.QUARANTINED) & chosen_by_field
        return rows.filter(Q(key__any_of=_keys(condition)) | without_key)
    return rows.filter(chosen_by_field)


def _is_key(contract: ContractSpec, condition: Condition) -> bool:
    """Whether the key of a record says the same as the field, rows in quarantine aside; the key has an index."""
    column = condition.column
    is_key = contract.key == (column.name,) and column.kind in ("text", "integer")
    return (
        is_key and condition.operator in ("eq", "in") and all(len(key) <= MAX_KEY for key in _keys(condition))
    )


def _keys(condition: Condition) -> list[str]:
    """The values of `eq` or `in` as keys."""
    values = [condition.value] if condition.operator == "eq" else condition.value
    return [str(value) for value in values]


def _ordered_by(column: Column) -> Any:
    return _filled(column.name) if column.kind in ("text", "object") else _typed(column)


def text_of(name: str) -> Any:
    """The text of a field. `KeyTextTransform` takes a name like `2024` for a place in an array."""
    return Func(
        "effective",
        Value(name),
        template="(%(expressions)s)",
        arg_joiner=" ->> ",
        output_field=TextField(),
    )


def _filled(name: str) -> Any:
    """The text, null where it is empty."""
    return NullIf(Trim(text_of(name)), Value(""), output_field=TextField())


def _typed(column: Column) -> Any:
    """The value as the type of its column, null where the text is none: rows in quarantine may have any text."""
    text = text_of(column.name)
    match column.kind:
        case "integer" | "decimal":
            return Func(text, function="bronze_number", output_field=DecimalField(max_digits=1000))
        case "date":
            return Func(text, function="bronze_date", output_field=DateField())
        case "datetime":
            return Func(text, function="bronze_moment", output_field=DateTimeField())
        case "enum":
            return Lower(Trim(text))
        case _:
            return Trim(text)

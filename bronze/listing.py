"""Lists of raw records: which fields can be chosen by, and the query that a selection becomes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import DateField, DateTimeField, DecimalField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower, NullIf, Trim

from bronze.contracts import ContractSpec
from bronze.domain import InferredField
from bronze.models import RawRecord
from lakehouse_project.kernel.filters import Column, Condition, Order, Selection, as_q

OF_RECORD: Mapping[str, tuple[str, Column]] = {
    "record_id": ("id", Column("record_id", "integer")),
    "record_key": ("key", Column("record_key", "text")),
    "record_updated_at": ("updated_at", Column("record_updated_at", "datetime")),
}
"""What is known of the record itself: its column in the table."""


def columns_of(contract: ContractSpec, others: Iterable[InferredField] = ()) -> list[Column]:
    """What records can be chosen and ordered by: the fields of the contract, `others`, and what is known of a record."""
    known = {field.name: Column(field.name, field.kind, field.choices) for field in contract.fields}
    found = {field.name: Column(field.name, field.type) for field in others}
    return [*(found | known).values(), *(column for _name, column in OF_RECORD.values())]


def chosen(rows: QuerySet[RawRecord], contract: ContractSpec, selection: Selection) -> QuerySet[RawRecord]:
    """The rows that a selection asks for, in its order; the last to tell is the order of arrival."""
    for number, condition in enumerate(selection.conditions):
        rows = _narrowed(rows, contract, condition, f"chosen_{number}")
    terms = []
    for number, order in enumerate(selection.ordering):
        rows = rows.alias(**{f"order_{number}": _ordered_by(order)})
        name = F(f"order_{number}")
        terms.append(name.desc(nulls_last=True) if order.is_descending else name.asc(nulls_last=True))
    return rows.order_by(*terms, "id")


def _narrowed(
    rows: QuerySet[RawRecord], contract: ContractSpec, condition: Condition, alias: str
) -> QuerySet[RawRecord]:
    name = condition.column.name
    if name in OF_RECORD:
        return rows.filter(as_q(condition, OF_RECORD[name][0]))
    if _is_key(contract, condition):
        return rows.filter(_by_key(condition))
    value = _filled(name) if condition.operator == "isnull" else _typed(condition.column)
    return rows.alias(**{alias: value}).filter(as_q(condition, alias))


def _is_key(contract: ContractSpec, condition: Condition) -> bool:
    """Whether the key of a record says the same as the field; the key has an index."""
    column = condition.column
    is_key = contract.key == (column.name,) and column.kind in ("text", "integer")
    return is_key and condition.operator in ("eq", "in")


def _by_key(condition: Condition) -> Q:
    if condition.operator == "eq":
        return Q(key=str(condition.value))
    return Q(key__any_of=[str(value) for value in condition.value])


def _ordered_by(order: Order) -> Any:
    name = order.column.name
    if name in OF_RECORD:
        return F(OF_RECORD[name][0])
    return _filled(name) if order.column.kind in ("text", "object") else _typed(order.column)


def _text(name: str) -> Any:
    return KeyTextTransform(name, "effective")


def _filled(name: str) -> Any:
    """The text, null where it is empty."""
    return NullIf(Trim(_text(name)), Value(""), output_field=TextField())


def _typed(column: Column) -> Any:
    """The value as the type of its column, null where the text is none: rows in quarantine may have any text."""
    text = _text(column.name)
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

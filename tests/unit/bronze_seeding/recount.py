"""A second opinion on which rows are dirty: plain Python over the text of a file, no code of the product's check."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from stdnum import bic, iban
from stdnum.us import rtn

from bronze.contracts import ContractSpec, FieldSpec

Row = dict[str, str]
COUNTRIES = {"US", "CA", "GB", "DE", "FR", "ES", "NL", "IN", "BR"}
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def csv_rows(path: Path, columns: tuple[str, ...] = (), delimiter: str = ",") -> Iterator[Row | None]:
    """Rows of a CSV file, None for those with too few or too many fields."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        names = columns or tuple(next(reader))
        for cells in reader:
            yield dict(zip(names, cells, strict=True)) if len(cells) == len(names) else None


def ndjson_rows(path: Path) -> Iterator[Row | None]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                yield _texts(json.loads(line, parse_float=str, parse_int=str))
            except json.JSONDecodeError:
                yield None


def order_rows(path: Path) -> Iterator[Row]:
    """Lines of nested orders with the fields of their order."""
    for order in json.loads(path.read_bytes(), parse_float=str, parse_int=str):
        lines = order.pop("lines")
        yield from (_texts(order | line) for line in lines)


def is_dirty(row: Row | None, contract: ContractSpec) -> bool:
    return row is None or any(
        not _is_good(row.get(field.name, "").strip(), field) for field in contract.fields
    )


def _texts(record: dict[str, object]) -> Row:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in record.items()
        if value is not None
    }


def _is_good(text: str, field: FieldSpec) -> bool:
    if not text:
        return not field.required
    return (
        (field.pattern is None or re.search(field.pattern, text) is not None)
        and (field.check != "country" or text in COUNTRIES)
        and (field.check != "bank_routing" or _is_routing(text))
        and (not field.choices or text in field.choices)
        and _is_typed(text, field)
    )


def _is_typed(text: str, field: FieldSpec) -> bool:
    if field.kind == "integer":
        return re.fullmatch(r"-?\d+", text) is not None and _is_in_range(text, field)
    if field.kind == "decimal":
        return (
            NUMBER.fullmatch(text) is not None
            and _decimals(text) <= field.scale
            and _is_in_range(text, field)
        )
    if field.kind in ("date", "datetime"):
        return _is_iso(text, date if field.kind == "date" else datetime)
    return field.kind != "object" or text.startswith("{")


def _decimals(text: str) -> int:
    return len(text.partition(".")[2].rstrip("0"))


def _is_in_range(text: str, field: FieldSpec) -> bool:
    return field.minimum is None or float(text) >= field.minimum


def _is_iso(text: str, kind: type[date]) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_routing(text: str) -> bool:
    is_ifsc = re.fullmatch(r"[A-Z]{4}0[A-Z0-9]{6}", text) is not None
    return is_ifsc or rtn.is_valid(text) or bic.is_valid(text) or iban.is_valid(text)

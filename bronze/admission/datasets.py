"""Which data set a file belongs to, and what its columns are called."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from bronze.contracts import ContractSpec, plain_name
from bronze.contracts.base import FieldSpec

CHECKED_KINDS = frozenset({"integer", "decimal", "date", "datetime"})


def known_names(contracts: Mapping[str, ContractSpec]) -> frozenset[str]:
    return frozenset(name for contract in contracts.values() for name in contract.column_names())


def named_by_file(file_name: str, contracts: Mapping[str, ContractSpec]) -> str | None:
    """The data set whose name is in the file name at word borders; the longest name wins.

    `hired_employees.csv`, `users-2024-01.csv.gz` and `seed_users_001.ndjson` name their data sets. Of `a/b.csv` the
    folder or archive `a` counts only if `b.csv` names none.
    """
    parts = reversed(file_name.split("/"))
    return next(filter(None, (_named_by_part(part, contracts) for part in parts)), None)


def _named_by_part(part: str, contracts: Mapping[str, ContractSpec]) -> str | None:
    words = f"_{re.sub(r'[^a-z0-9]+', '_', part.lower())}_"
    found = {
        (len(name), contract.name)
        for contract in contracts.values()
        for name in (contract.name, *contract.file_names)
        if f"_{name}_" in words or re.search(rf"_{re.escape(name)}\d+_", words)
    }
    return max(found)[1] if found else None


def fitting(columns: Collection[str], contracts: Mapping[str, ContractSpec]) -> list[str]:
    """Data sets that have all their required fields among `columns`, those that know the most of them.

    At least half of the columns must be known.
    """
    scores = {name: known_count(columns, contract) for name, contract in contracts.items()}
    fits = {name: scores[name] for name, contract in contracts.items() if not missing(columns, contract)}
    best = max(fits.values(), default=0)
    return [name for name, score in fits.items() if score == best and 2 * score >= len(columns) > 0]


def known_count(columns: Collection[str], contract: ContractSpec) -> int:
    return len(_fields_in(columns, contract))


def are_names_of(cells: Collection[str], contract: ContractSpec) -> bool:
    """Whether several cells are all names of fields, in whatever order."""
    names = contract.column_names()
    return len(cells) > 1 and all(plain_name(cell) in names for cell in cells)


def filled(row: Iterable[str]) -> list[str]:
    """The cells that are not blank."""
    return [cell for cell in row if cell.strip()]


def missing(columns: Collection[str], contract: ContractSpec) -> list[str]:
    """Required fields that no column stands for."""
    found = _fields_in(columns, contract)
    return [field.name for field in contract.fields if field.required and field.name not in found]


def _fields_in(columns: Collection[str], contract: ContractSpec) -> set[str]:
    names = contract.column_names()
    return {names[plain] for column in columns if (plain := plain_name(column)) in names}


def fits_types(row: Sequence[str], contract: ContractSpec) -> bool:
    """Whether a row without header can be one of the data set: as many cells as fields, numbers and dates in place."""
    fields = contract.fields
    fewest = max((position for position, field in enumerate(fields, 1) if field.required), default=1)
    if not fewest <= len(row) <= len(fields):
        return False
    return all(_fits(cell.strip(), field) for cell, field in zip(row, fields, strict=False))


def is_surely_row(row: Sequence[str], contract: ContractSpec) -> bool:
    """`fits_types`, nothing required is missing, and a number, date or choice in its place shows that it is no title."""
    if not fits_types(row, contract):
        return False
    pairs = list(zip(row, contract.fields, strict=False))
    has_required = all(cell.strip() for cell, field in pairs if field.required)
    return has_required and any(cell.strip() and _is_checked(field) for cell, field in pairs)


def _is_checked(field: FieldSpec) -> bool:
    return bool(field.choices) or field.kind in CHECKED_KINDS


def _fits(cell: str, field: FieldSpec) -> bool:
    if not cell:
        return True
    if field.choices:
        return cell.lower() in {choice.lower() for choice in field.choices}
    match field.kind:
        case "integer" | "decimal":
            return is_number(cell)
        case "date" | "datetime":
            return _is_moment(cell)
        case _:
            return True


def is_number(cell: str) -> bool:
    try:
        Decimal(cell.replace(",", "."))
    except InvalidOperation:
        return False
    return True


def _is_moment(cell: str) -> bool:
    for parse in (datetime.fromisoformat, date.fromisoformat):
        try:
            parse(cell)
        except ValueError:
            continue
        return True
    return False

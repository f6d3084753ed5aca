"""Fields that a caller of the API has misspelled or not named. Files keep columns that no contract knows."""

import difflib
from collections.abc import Collection, Iterable, Iterator

from bronze.contracts import ContractSpec, plain_name
from lakehouse_project.kernel.errors import FieldError

RULE = "unknown_field"
OF_RECORD = "_record"


def unknown_fields(
    contract: ContractSpec, names: Iterable[str], stored: Collection[str] = (), *, row: int | None = None
) -> Iterator[FieldError]:
    """Those of `names` that neither the contract has nor the record, `stored`. Open data sets take any that is a name."""
    known = {*contract.field_names(), *stored}
    for name in names:
        if name == OF_RECORD:
            message = f"{OF_RECORD} tells of the record itself and cannot be set: leave it out"
            yield FieldError(name, RULE, message, row=row)
        elif not name.strip() and name not in known:
            yield FieldError(name, "field_name", "a field has no name: give it one, or leave it out", row=row)
        elif name not in known and not contract.is_open:
            message = f"{name} is no field of {contract.name}{_meant(contract, name)}"
            yield FieldError(name, RULE, message, row=row)


def no_fields(fields: Collection[str], *, row: int | None = None) -> Iterator[FieldError]:
    """A row without a single field, which says nothing."""
    if not fields:
        yield FieldError("", "empty", "the record has no field: give it at least one", row=row)


def _meant(contract: ContractSpec, name: str) -> str:
    by_column = contract.column_names()
    plain = plain_name(name)
    near = [by_column[plain]] if plain in by_column else difflib.get_close_matches(plain, by_column, n=1)
    return f"; did you mean {by_column.get(near[0], near[0])}?" if near else ""

"""The first row of a table: is it a header, and does it name what the data set requires?"""

from collections.abc import Iterable, Mapping

from bronze.admission.datasets import filled, fits_types, is_number, known_count, missing
from bronze.admission.dialect import Dialect
from bronze.admission.errors import (
    InvalidOverride,
    MissingColumns,
    RepeatedColumns,
    TooManyColumns,
    UnknownColumns,
)
from bronze.admission.overrides import Overrides
from bronze.contracts import ContractSpec, plain_name
from bronze.readers.csv_exact import resolved_names

SAMPLE_ROWS = 20
SHOWN_COLUMNS = 20


def takes(dialect: Dialect, contract: ContractSpec, asked: Overrides) -> bool:
    try:
        check_header(dialect, contract, asked.header)
    except (UnknownColumns, MissingColumns):
        return False
    return True


def check_header(dialect: Dialect, contract: ContractSpec, asked: bool | None) -> bool:
    """True: the first row is a header of the contract; False: there is none. Raises when it is neither."""
    first = dialect.rows[0]
    if asked is False or (asked is None and not _is_header(dialect, contract)):
        return False
    if lacking := missing(first, contract):
        raise MissingColumns(
            f"The header lacks {listed(lacking)}, required by the data set {contract.name}. Found: {listed(first)}.",
            missing=lacking,
        )
    return True


def _is_header(dialect: Dialect, contract: ContractSpec) -> bool:
    """Raises `UnknownColumns` where the first row is neither a header nor a row of the contract."""
    first = dialect.rows[0]
    if contract.is_open:
        return _is_open_header(dialect, contract)
    known = known_count(first, contract)
    has_words_only = not any(is_number(cell.strip()) for cell in first)
    is_header = has_words_only and known > 0
    if not (is_header and 2 * known >= len(filled(first))):
        if fits_types(first, contract) or (not has_words_only and _rows_fit(dialect, contract)):
            return False
        if not is_header:
            raise unknown_columns(first, contract)
    return True


def _is_open_header(dialect: Dialect, contract: ContractSpec) -> bool:
    """A data set that takes any field takes any header. Without one, fields are those described, then numbered."""
    first = dialect.rows[0]
    if known_count(first, contract) > 0 or not any(is_number(cell.strip()) for cell in first):
        return True
    return bool(contract.fields) and not fits_types(first[: len(contract.fields)], contract)


def origin_of_names(contract: ContractSpec) -> str:
    return f"taken from the contract {contract.name}" if contract.fields else "numbered"


def _rows_fit(dialect: Dialect, contract: ContractSpec) -> bool:
    rows = dialect.rows[:SAMPLE_ROWS]
    return 2 * sum(fits_types(row, contract) for row in rows) >= len(rows)


def check_repeated(columns: Iterable[str], aliases: Mapping[str, str], contract: ContractSpec) -> None:
    """Which of two columns a field is taken from cannot be told, so neither is taken."""
    names = resolved_names(list(columns), aliases)
    repeated = [name for name in contract.field_names() if names.count(name) > 1]
    if repeated:
        raise RepeatedColumns(
            f"More than one column stands for {listed(repeated)} of the data set {contract.name}. Found: "
            f"{listed(columns)}. Rename or remove all but one of them.",
            repeated=repeated,
        )


def numbered(width: int) -> tuple[str, ...]:
    """What the columns of a file without a header are called."""
    return tuple(f"column_{n}" for n in range(1, width + 1))


def require_fields(asked: Overrides, contract: ContractSpec) -> None:
    """Raises `InvalidOverride` if a column is said to be a field that the data set has not."""
    for column, name in asked.columns.items():
        if not contract.is_open and name not in contract.field_names():
            raise InvalidOverride(
                f"{contract.name} has no field {name!r} for the column {column!r}. There are "
                f"{listed(contract.field_names())}."
            )


def require_named_columns(asked: Overrides, columns: Iterable[str], others: Iterable[str] = ()) -> None:
    """Raises `InvalidOverride` if something is said of a column that the file has not. `others`: what its columns are called
    if it has no header."""
    there = list(columns)
    plain = {plain_name(name) for name in (*there, *others)}
    for column in asked.columns:
        if plain_name(column) not in plain:
            raise InvalidOverride(f"The file has no column {column!r}. There are {listed(there)}.")


def require_columns(name: str, count: int, limit: int) -> None:
    """Raises `TooManyColumns` for more than `limit`."""
    if count > limit:
        raise TooManyColumns(
            f"{name} has {count:,} columns; the limit is {limit:,} (setting MAX_COLUMNS). If the lines are no rows, "
            "send it as a text."
        )


def header_title(above: int) -> str:
    return f"header on line {above + 1}, what is above it left out" if above else "header"


def unknown_columns(columns: Iterable[str], contract: ContractSpec) -> UnknownColumns:
    found = list(columns)
    return UnknownColumns(
        f"The columns are not those of the data set {contract.name}. Found: {listed(found)}. "
        f"Expected: {listed(contract.field_names())}.",
        found=found[:SHOWN_COLUMNS],
        expected=list(contract.field_names()),
    )


def listed(names: Iterable[str]) -> str:
    shown = [name if len(name) <= 60 else name[:60] + "…" for name in names]
    more = f" and {len(shown) - SHOWN_COLUMNS} more" if len(shown) > SHOWN_COLUMNS else ""
    return ", ".join(shown[:SHOWN_COLUMNS]) + more

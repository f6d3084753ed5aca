"""What stands above the data of a CSV file and is none of it: titles, blank lines, and the `sep=;` of Excel."""

import re
from collections.abc import Collection, Sequence

from bronze.admission.datasets import are_names_of, filled, is_number, is_surely_row, known_count, missing
from bronze.admission.dialect import PREAMBLE_ROWS, Dialect
from bronze.contracts import ContractSpec

SEPARATOR_LINE = re.compile(r'"?sep=([^"\w\s]|\t)"?[;,|\t]*\r?(?:\n|$)', re.IGNORECASE)


def named_separator(sample: str) -> tuple[str | None, str]:
    """The delimiter that the first line names, if it does so, and the sample from the next line on."""
    found = SEPARATOR_LINE.match(sample)
    return (found[1], sample[found.end() :]) if found else (None, sample)


def without_preamble(
    dialect: Dialect, contracts: Collection[ContractSpec], target: ContractSpec | None, asked: bool | None
) -> Dialect:
    """The dialect from the header on, if one of `contracts` has it; else from the first row that is none of the titles.

    `target` is the contract that the sender or the file name names; `asked` whether the sender says that there is a
    header. Rows above a header count as data, and the header as none, where they are rows of the contract.
    """
    if asked is not False:
        for position in range(len(dialect.rows[:PREAMBLE_ROWS])):
            if any(_starts_at(position, dialect, contract, target) for contract in contracts):
                return dialect.from_row(position)
    start = next((position for position, row in enumerate(dialect.rows) if filled(row)), 0)
    if asked is not False and target is not None and target.is_open:
        start = _after_titles(dialect, start)
    return dialect.from_row(start)


def _starts_at(position: int, dialect: Dialect, contract: ContractSpec, target: ContractSpec | None) -> bool:
    """Whether the header of the contract is there. Of the target also above ragged rows, and if it lacks fields."""
    is_target = contract is target
    if not _is_header(dialect.rows[position], contract, is_target=is_target):
        return False
    if any(is_surely_row(row, contract) for row in dialect.rows[:position]):
        return False
    return position == 0 or is_target or dialect.from_row(position).is_table


def _is_header(row: Sequence[str], contract: ContractSpec, *, is_target: bool) -> bool:
    cells = filled(row)
    if any(is_number(cell.strip()) for cell in cells):
        return False
    if is_target and are_names_of(cells, contract):
        return True
    if missing(cells, contract):
        return False
    if 2 * known_count(cells, contract) >= len(cells) > 0:
        return True
    has_all_required = contract.is_open and any(field.required for field in contract.fields)
    return is_target and has_all_required and len(cells) > 1


def _after_titles(dialect: Dialect, start: int) -> int:
    """The first row of several filled cells, if words that stand alone in their rows are all that is above it."""
    for position, row in enumerate(dialect.rows[:PREAMBLE_ROWS]):
        cells = filled(row)
        if len(cells) > 1:
            return position if dialect.width > 1 else start
        if any(is_number(cell.strip()) for cell in cells):
            break
    return start

"""What stands above the data of a CSV file and is none of it: titles, blank lines, and the `sep=;` of Excel."""

import re
from collections.abc import Collection, Sequence

from bronze.admission.datasets import fits_types, is_number, known_count, missing
from bronze.admission.dialect import PREAMBLE_ROWS, Dialect
from bronze.contracts import ContractSpec

SEPARATOR_LINE = re.compile(r'"?sep=([^"\w\s]|\t)"?[;,|\t]*\r?(?:\n|$)', re.IGNORECASE)


def named_separator(sample: str) -> tuple[str | None, str]:
    """The delimiter that the first line names, if it does so, and the sample from the next line on."""
    found = SEPARATOR_LINE.match(sample)
    return (found[1], sample[found.end() :]) if found else (None, sample)


def without_preamble(dialect: Dialect, contracts: Collection[ContractSpec]) -> Dialect:
    """The dialect from the header on, if one of `contracts` has it; else from the first row that is not blank.

    Rows above a header count as data, and the header as none, where they could be rows of the contract.
    """
    for position, row in enumerate(dialect.rows[:PREAMBLE_ROWS]):
        above = [title for title in dialect.rows[:position] if not _is_blank(title)]
        cut = dialect.from_row(position)
        if any(_is_header(row, contract) and not _any_fits(above, contract) for contract in contracts) and (
            cut.is_table or position == 0
        ):
            return cut
    first = next((position for position, row in enumerate(dialect.rows) if not _is_blank(row)), 0)
    return dialect.from_row(first)


def _is_header(row: Sequence[str], contract: ContractSpec) -> bool:
    cells = [cell for cell in row if cell.strip()]
    if missing(cells, contract) or any(is_number(cell.strip()) for cell in cells):
        return False
    return 2 * known_count(cells, contract) >= len(cells) > 0


def _any_fits(rows: Sequence[Sequence[str]], contract: ContractSpec) -> bool:
    return any(fits_types(row, contract) for row in rows)


def _is_blank(row: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in row)

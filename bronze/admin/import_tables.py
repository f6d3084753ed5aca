"""Rows of a file as the pages of the wizard show them: a cell for each column, with what is wrong in it."""

from dataclasses import dataclass
from typing import Any

from bronze.domain import FileLook, PreviewRow


@dataclass(frozen=True)
class Cell:
    value: Any
    errors: tuple[str, ...]


@dataclass(frozen=True)
class CheckedRow:
    """`wrong`: columns in which something is wrong. `errors`: what is wrong with the row as a whole, or with fields that
    no column stands for."""

    line: int | None
    is_valid: bool
    cells: tuple[Cell, ...]
    raw_text: str | None
    wrong: tuple[str, ...]
    errors: tuple[str, ...]


def checked_rows(look: FileLook) -> list[CheckedRow]:
    fields = [column.field for column in look.columns]
    return [_checked(row, fields) for row in look.rows]


def _checked(row: PreviewRow, fields: list[str]) -> CheckedRow:
    def messages(field: str) -> tuple[str, ...]:
        return tuple(error["message"] for error in row.errors if error["field"] == field)

    return CheckedRow(
        line=row.line,
        is_valid=row.status == "valid",
        cells=tuple(Cell(row.fields.get(field), messages(field)) for field in fields),
        raw_text=row.raw_text,
        wrong=tuple(field for field in fields if messages(field)),
        errors=tuple(error["message"] for error in row.errors if error["field"] not in fields),
    )

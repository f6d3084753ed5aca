"""Which records the rows of a batch name, and which revisions of them they mean."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bronze.contracts import ContractSpec
from bronze.readers.json_text import cell
from bronze.rows import frame_of
from bronze.validation import check
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.preconditions import PreconditionFailed

KEY, REVISION = "_key", "_revision"
"""Members of a row that are no fields: which record it is, where its key fields do not say so, and which revision of it the
caller has seen."""

Fields = Mapping[str, Any]


def keys_of(contract: ContractSpec, rows: Sequence[Fields]) -> list[str | None]:
    """The keys that the rows name: `_key`, or what their key fields make."""
    named = [{name: row.get(name) for name in contract.key} for row in rows]
    is_told = all(KEY in row for row in rows)
    keys = check(frame_of(named), contract)["_key"] if contract.key and not is_told else [None] * len(rows)
    return [cell(row.get(KEY)) or key for row, key in zip(rows, keys, strict=True)]


def keyless(contract: ContractSpec, row: int, what: str) -> FieldError:
    """What is wrong with a row that names no record. `what`: what the record is for."""
    names = " and ".join(contract.key)
    message = f"the row says by {names or KEY}{f' or {KEY}' if names else ''} which record it {what}"
    return FieldError(contract.key[0] if contract.key else KEY, "required", message, row=row)


def outdated(rows: Mapping[int, Fields], revisions: Mapping[int, int]) -> Iterator[FieldError]:
    """The rows that mean another revision than there is. `revisions`: of the record of each row."""
    for row, fields in rows.items():
        seen = fields.get(REVISION)
        if seen is not None and row in revisions and cell(seen) != str(revisions[row]):
            message = f"the record has been changed: it is at revision {revisions[row]}"
            yield FieldError(REVISION, PreconditionFailed.code, message, row=row)

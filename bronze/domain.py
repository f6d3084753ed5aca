"""Entities of the bronze layer."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lakehouse_project.kernel.errors import FieldError

Status = Literal["valid", "quarantined", "deleted"]
FileState = Literal["received", "loaded", "failed"]


class Receipt(BaseModel):
    """What became of each row that was read. `read` is the sum of the others."""

    model_config = ConfigDict(frozen=True)

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def summary(self) -> str:
        """`2,002 read = 1,932 inserted + 70 quarantined`."""
        counts = self.model_dump(exclude={"read"})
        parts = [f"{count:,} {name}" for name, count in counts.items() if count]
        return f"{self.read:,} read = {' + '.join(parts)}" if parts else f"{self.read:,} read"

    def __add__(self, other: "Receipt") -> "Receipt":
        mine, theirs = self.model_dump(), other.model_dump()
        return Receipt(**{name: mine[name] + theirs[name] for name in mine})


class ReceivedFile(BaseModel):
    """A source file: what admission found, how far it is, and its receipt."""

    model_config = ConfigDict(frozen=True)

    id: int
    dataset: str
    name: str
    sha256: str
    size: int
    media_type: str
    detected: list[str]
    state: FileState
    error: str
    receipt: Receipt
    repeated: bool = False
    """The same bytes had been received before; this is the earlier receipt."""


class Record(BaseModel):
    """A raw record with the edits of staff applied (`fields`)."""

    model_config = ConfigDict(frozen=True)

    id: int
    dataset: str
    key: str
    fields: dict[str, Any]
    status: Status
    errors: list[dict[str, Any]]
    revision: int
    source_file_id: int | None
    line: int | None


class RowOutcome(BaseModel):
    """What became of one row of a batch. `key` and `revision` are None where it has none; `errors` say why it failed."""

    model_config = ConfigDict(frozen=True)

    row: int
    outcome: Literal["created", "replaced", "deleted", "failed"]
    key: str | None
    revision: int | None
    errors: tuple[FieldError, ...] = ()

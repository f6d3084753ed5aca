"""Entities of the bronze layer."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.kinds import Kind

LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")

Status = Literal["valid", "quarantined", "deleted"]
FileState = Literal["received", "loaded", "failed", "undone"]


class DatasetCounts(BaseModel):
    """What is in a data set. `records` are those that are not deleted."""

    model_config = ConfigDict(frozen=True)

    records: int
    quarantined: int
    files: int
    waiting: int
    """Files that are not loaded yet."""


class InferredField(BaseModel):
    """What a look at some records tells of a field."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: Kind
    filled: float
    """Share of the records that have a value, 0 to 1."""
    example: Any


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
    """A source file: what admission found, how far it is, the operation that loads it, and its receipt."""

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
    operation: UUID | None = None
    repeated: bool = False
    """The same bytes had been received before; this is the earlier receipt."""
    document_status: str | None = None
    document_message: str = ""
    """How the text of a document was read, and why not all of it; None for a file with rows, and until it is read."""


class DocumentFacts(BaseModel):
    """What is known of a document, its text apart."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    title: str
    author: str
    status: str
    message: str
    """Why there is no text, or not all of it."""
    page_count: int
    user_id: str
    """Key of the user it belongs to; empty: nobody."""
    linked_by: str | None
    """Who has said so; None: the text itself."""
    linked_at: datetime | None
    is_deleted: bool
    name: str
    media_type: str
    size: int
    source_file_id: int
    created_at: datetime


class PageText(BaseModel):
    """A page of a document. `number` from 1; `error`: why it has no text, or not all of it."""

    model_config = ConfigDict(frozen=True)

    number: int
    text: str
    error: str
    is_ocr: bool
    """The text was read from the picture of the page, and may be wrong."""


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
    conflict: dict[str, dict[str, Any]] = {}
    """Overridden fields of which a later file brought another value: received_before, received_now, patched."""


class Revision(BaseModel):
    """What a record was, or is, and who made it so."""

    model_config = ConfigDict(frozen=True)

    revision: int
    at: datetime
    user: str | None
    """None: nobody in person, or not known."""
    reason: str
    status: Status
    fields: dict[str, Any]
    changed: list[str]
    """Fields that differ from the revision before."""
    errors: list[dict[str, Any]]
    source_file_id: int | None
    is_current: bool


class UndoneRecord(BaseModel):
    """A record that an undo concerns. `user` and `reason`: of its last change, for one that is left as it is."""

    model_config = ConfigDict(frozen=True)

    id: int
    key: str
    user: str | None = None
    reason: str | None = None


class UndoGroup(BaseModel):
    """How many records there are, and the first of them."""

    model_config = ConfigDict(frozen=True)

    count: int = 0
    records: list[UndoneRecord] = []


class Undone(BaseModel):
    """What undoing a file does: updated records put back, inserted ones removed, those changed since left alone.

    `waiting`: valid records that need one which is removed, and wait for it in quarantine then.
    """

    model_config = ConfigDict(frozen=True)

    file: ReceivedFile
    restored: UndoGroup = UndoGroup()
    removed: UndoGroup = UndoGroup()
    left: UndoGroup = UndoGroup()
    waiting: int = 0


class PreviewRow(BaseModel):
    """A row of a file as the contract check sees it."""

    model_config = ConfigDict(frozen=True)

    line: int | None
    fields: dict[str, Any]
    raw_text: str | None
    """The text of a row that cannot be parsed; it has no fields then."""
    status: Status
    errors: list[dict[str, Any]]


class FieldChange(BaseModel):
    """What an update does to one field as it was received."""

    model_config = ConfigDict(frozen=True)

    field: str
    old: Any
    new: Any


class PreviewUpdate(BaseModel):
    """An update that loading a file would make."""

    model_config = ConfigDict(frozen=True)

    key: str
    line: int | None
    changes: list[FieldChange]
    conflicts: list[str]
    """Changed fields that staff have overridden."""


def in_line(line: int | None, message: str) -> str:
    """What is said of a row with its line, once: of a row that cannot be parsed the message names it already."""
    return message if line is None or message.startswith(f"line {line}") else f"line {line}: {message}"


class Reason(BaseModel):
    """A rule that rows of a file break, how many do, and what is said of the first of them."""

    model_config = ConfigDict(frozen=True)

    field: str
    """Empty: the row as a whole, such as one that cannot be parsed."""
    rule: str
    count: int
    example: str
    line: int | None

    @property
    def sentence(self) -> str:
        return in_line(self.line, self.example)


class FileColumn(BaseModel):
    """A column of a file under its own name, and the name that its values get in the records."""

    model_config = ConfigDict(frozen=True)

    name: str
    field: str


class FileLook(BaseModel):
    """What a file seems to be. `error`: why it cannot be taken like that; there are no rows then."""

    model_config = ConfigDict(frozen=True)

    dataset: str | None
    detected: list[str] = []
    kind: str = ""
    delimiter: str = ""
    encoding: str = ""
    has_header: bool = True
    record_path: str = ""
    columns: list[FileColumn] = []
    lacking: list[str] = []
    """Fields of the contract that no column stands for."""
    rows: list[PreviewRow] = []
    error: str = ""


class Preview(BaseModel):
    """What loading a file would do."""

    model_config = ConfigDict(frozen=True)

    name: str
    dataset: str
    size: int
    media_type: str
    detected: list[str]
    received_as: int | None
    """The file that brought these very bytes before; sending them again changes nothing."""
    receipt: Receipt
    is_whole: bool
    """False: only the first rows of a large file were tried, and the receipt and the rest tell of them alone."""
    rows: list[PreviewRow]
    updates: list[PreviewUpdate]
    reasons: list[Reason]
    """Why rows would be quarantined, the most frequent first."""


class RowOutcome(BaseModel):
    """What became of one row of a batch. `key` and `revision` are None where it has none; `errors` say why it failed."""

    model_config = ConfigDict(frozen=True)

    row: int
    outcome: Literal["created", "replaced", "changed", "deleted", "failed"]
    key: str | None
    revision: int | None
    errors: tuple[FieldError, ...] = ()


MAX_SELECTED = 1000
MAX_NAME = 200


def _storable(text: str) -> str:
    if "\x00" in text or LONE_SURROGATE.search(text):
        raise ValueError("A text must not contain NUL characters or halves of surrogate pairs.")
    return text


StorableText = Annotated[str, AfterValidator(_storable)]
"""What PostgreSQL takes."""

Name = Annotated[StorableText, Field(max_length=MAX_NAME)]


class Selection(BaseModel):
    """Quarantined records of a data set: those with these ids, or all that the filters leave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Name
    file: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    field: Name | None = None
    """With an error in this field, of this rule."""
    rule: Name | None = None
    ids: Annotated[tuple[Annotated[int, Field(ge=1, le=2**63 - 1)], ...], Field(max_length=MAX_SELECTED)] = ()
    up_to: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """The highest id that counts: what came later is left alone."""


class FailedRule(BaseModel):
    """How many records have an error in this field of this rule."""

    model_config = ConfigDict(frozen=True)

    field: str
    rule: str
    count: int


class RepairedRow(BaseModel):
    """A record before and after a repair."""

    model_config = ConfigDict(frozen=True)

    id: int
    key: str
    new_key: str | None
    """The natural key that a record without one gets."""
    status: Status
    changes: list[FieldChange]
    errors: list[dict[str, Any]]


class Repair(BaseModel):
    """What a repair does to the records that it takes: `released` become valid, `quarantined` are edited and stay, the rest
    is left as it is."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    taken: int
    released: int
    quarantined: int
    unchanged: int
    unparsed: int
    """Rows of the selection that are not among the taken ones: they could not be parsed, and are repaired one by one."""
    more: bool
    """There are more records than one run takes."""
    up_to: int | None
    reasons: list[FailedRule]
    """Why records stay."""
    rows: list[RepairedRow]
    """The first of those that change."""


class Removal(BaseModel):
    """Quarantined records deleted, and those kept because others refer to them."""

    model_config = ConfigDict(frozen=True)

    deleted: int
    kept: int
    more: bool

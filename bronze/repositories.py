"""Reading and writing the tables of the bronze layer."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from bronze.contracts import DOCUMENTS, ContractSpec
from bronze.domain import Receipt, ReceivedFile, Record
from bronze.errors import FileNotFailed, FileNotLoaded, FileNotReceived, RecordNotFound, UnknownDataset
from bronze.exact import json_text, with_digits
from bronze.key_locks import lock_all_keys, lock_keys, lock_records, names_of_keys
from bronze.listing import chosen
from bronze.models import Dataset, RawRecord, SourceFile
from bronze.readers import FileFormat
from bronze.rows import KEYLESS
from bronze.uses import held_uses
from governance.visibility import hidden
from lakehouse_project.kernel.exact import loads_jsonb
from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.rows import Rows

MAX_ATTEMPTS = 3

EVERYTHING = Listing()


CONTENT_KEYS = """
SELECT '?' || encode(sha256(convert_to(row.payload::jsonb::text, 'UTF8')), 'hex')
FROM unnest(%s::text[]) WITH ORDINALITY AS row (payload, number) ORDER BY row.number
"""
"""As the merge makes the keys of rows that have none."""


COLUMNS_OF_ONE = (
    *("id", "dataset_id", "key", "status", "revision", "source_file_id", "line"),
    *("fields", "failed", "conflicts"),
)
ONE_RECORD = """
SELECT id, dataset_id, key, status, revision, source_file_id, line, effective::text, errors::text, conflict::text
FROM bronze_rawrecord WHERE dataset_id = %s AND key = %s AND status <> 'deleted'
"""
"""As written: a query of the ORM takes longer to build than this one to run."""

REVISIONS = """
SELECT key, revision FROM bronze_rawrecord
WHERE dataset_id = %(dataset)s AND key = ANY(ARRAY(SELECT jsonb_array_elements_text(%(keys)s)))
"""


def dataset_names() -> Collection[str]:
    return set(Dataset.objects.filter(deleted_at=None).values_list("name", flat=True))


def require_dataset(name: str) -> None:
    """Raise `UnknownDataset` for one that there is not, or that is hidden from the caller. Documents are one."""
    if "\x00" in name or not Dataset.objects.filter(name=name, deleted_at=None).exists():
        raise UnknownDataset(f"There is no data set {name!r}.")


def are_of_a_file(sha256: str) -> bool:
    """Whether any file has these bytes, whatever became of it."""
    return SourceFile.objects.filter(sha256=sha256).exists()


class SourceFiles:
    """Source files and their receipts."""

    def find_same(self, dataset: str, sha256: str) -> ReceivedFile | None:
        """The file with these bytes in this data set, unless loading it failed or was undone."""
        gone = (SourceFile.State.FAILED, SourceFile.State.UNDONE)
        row = SourceFile.objects.filter(dataset_id=dataset, sha256=sha256).exclude(state__in=gone).first()
        return _file_entity(row).model_copy(update={"repeated": True}) if row else None

    def add(self, **values: Any) -> ReceivedFile:
        """Raises `UnknownDataset` for one that is hidden from whoever sends the file."""
        require_dataset(values["dataset_id"])
        return _file_entity(SourceFile.objects.create(**values))

    def get(self, file_id: int) -> ReceivedFile:
        """Raises `FileNotReceived`."""
        row = SourceFile.objects.filter(pk=file_id).first()
        if row is None:
            raise FileNotReceived(f"There is no source file {file_id}.")
        return _file_entity(row)

    def format_of(self, file_id: int) -> FileFormat:
        """How the file is read."""
        return FileFormat.from_dict(SourceFile.objects.values_list("format", flat=True).get(pk=file_id))

    def rows(self, *, dataset: str | None, state: str | None) -> Rows:
        """Files, newest first."""
        rows = SourceFile.objects.all()
        rows = rows.filter(dataset_id=dataset) if dataset else rows
        rows = rows.filter(state=state) if state else rows
        return Rows(rows, ("-id",), FILE_COLUMNS).each(lambda row: _file_entity(SourceFile(**row)))

    def receipts(self, file_ids: Sequence[int]) -> Mapping[str, Receipt]:
        """The receipts of some files, summed by data set."""
        sums: dict[str, Receipt] = {}
        for row in SourceFile.objects.filter(pk__in=file_ids).order_by("dataset_id"):
            file = _file_entity(row)
            sums[file.dataset] = sums.get(file.dataset, Receipt()) + file.receipt
        return sums

    def waiting(self) -> Sequence[int]:
        """Ids of files whose turn it is to be loaded: the oldest of each data set, and all documents."""
        received = SourceFile.objects.filter(state=SourceFile.State.RECEIVED).order_by("dataset_id", "id")
        turns = received.exclude(dataset_id=DOCUMENTS).distinct("dataset_id").values_list("id", flat=True)
        return [*turns, *received.filter(dataset_id=DOCUMENTS).values_list("id", flat=True)]

    def begin(self, file_id: int) -> int:
        """Count an attempt to load the file: which one it is, 0 if its turn is over or has not come.

        Files of one data set are loaded one after another, in the order in which they came: the later one corrects the
        earlier. Documents do not meet and are loaded in any order.
        """
        with transaction.atomic():
            row = self.claim(file_id)
            if row is None or (row.dataset_id != DOCUMENTS and not self._is_next(row)):
                return 0
            row.attempts += 1
            row.save(update_fields=["attempts"])
            return row.attempts

    def take_back_attempt(self, file_id: int) -> None:
        """The attempt was ended by others and says nothing against the file: it is its turn again."""
        SourceFile.objects.filter(pk=file_id).update(attempts=F("attempts") - 1)

    def _is_next(self, file: SourceFile) -> bool:
        earlier = SourceFile.objects.filter(
            dataset_id=file.dataset_id, state=SourceFile.State.RECEIVED, pk__lt=file.pk
        )
        return not earlier.exists()

    def ahead_of(self, file_id: int) -> int:
        """How many files of the same data set are loaded before this one."""
        received = SourceFile.objects.filter(state=SourceFile.State.RECEIVED)
        dataset = received.filter(pk=file_id).values("dataset_id")
        return received.filter(dataset_id__in=dataset, pk__lt=file_id).count()

    def next_waiting(self, dataset: str) -> int | None:
        """Id of the file of a data set whose turn it is."""
        received = SourceFile.objects.filter(dataset_id=dataset, state=SourceFile.State.RECEIVED)
        return received.order_by("id").values_list("id", flat=True).first()

    def claim(self, file_id: int) -> SourceFile | None:
        """Lock a received file for the transaction; None if it is loaded already or another worker has it."""
        received = SourceFile.objects.select_for_update(skip_locked=True).filter(
            state=SourceFile.State.RECEIVED
        )
        return received.filter(pk=file_id).first()

    def hold_loaded(self, file_id: int) -> ReceivedFile:
        """Lock a file that is loaded. Raises `FileNotReceived`, or `FileNotLoaded` that says how far it is."""
        row = SourceFile.objects.select_for_update().filter(pk=file_id).first()
        if row is None:
            raise FileNotReceived(f"There is no source file {file_id}.")
        if row.state != SourceFile.State.LOADED:
            raise FileNotLoaded(f"File {file_id} ({row.name}) is {row.state}: there is nothing to undo.")
        return _file_entity(row)

    def retry(self, file_id: int) -> ReceivedFile:
        """Let a file that failed wait for a worker again. Raises `FileNotReceived` or `FileNotFailed`."""
        failed = SourceFile.objects.filter(pk=file_id, state=SourceFile.State.FAILED)
        try:
            with transaction.atomic():
                done = failed.update(state=SourceFile.State.RECEIVED, attempts=0, error="")
        except IntegrityError as error:
            raise FileNotFailed(
                f"The bytes of file {file_id} have been received again since: look at the later file."
            ) from error
        file = self.get(file_id)
        if not done:
            raise FileNotFailed(
                f"File {file_id} ({file.name}) is {file.state}: only a failed one is tried again."
            )
        return file

    def mark_undone(self, file_id: int) -> ReceivedFile:
        """The receipt stays; the same bytes are taken again from now on."""
        SourceFile.objects.filter(pk=file_id).update(state=SourceFile.State.UNDONE)
        return self.get(file_id)

    def one_at_a_time(self, dataset: str) -> None:
        """Wait until no other transaction writes many records of the data set, and keep others waiting."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"bronze:{dataset}"])

    def waiting_documents(self, first: int, limit: int) -> Sequence[int]:
        """Document `first`, if it was received and not loaded yet, and others like it."""
        received = SourceFile.objects.filter(state=SourceFile.State.RECEIVED, dataset_id=DOCUMENTS)
        order = Case(When(pk=first, then=0), default=1)
        return list(received.order_by(order, "id").values_list("id", flat=True)[:limit])

    def finish(self, file_id: int, receipt: Receipt) -> None:
        """Store the receipt. `rows_read` must be the sum of the others: the database checks it."""
        counts = {f"rows_{name}": value for name, value in receipt.model_dump().items()}
        SourceFile.objects.filter(pk=file_id).update(
            state=SourceFile.State.LOADED, loaded_at=timezone.now(), xid=_current_xid(), error="", **counts
        )

    def remark(self, file_id: int, sentence: str) -> None:
        """Add a sentence to what was found out about the file."""
        row = SourceFile.objects.select_for_update().get(pk=file_id)
        row.detected = [*row.detected, sentence]
        row.save(update_fields=["detected"])

    def fail(self, file_id: int, reason: str) -> None:
        received = SourceFile.objects.filter(pk=file_id, state=SourceFile.State.RECEIVED)
        received.update(state=SourceFile.State.FAILED, error=reason)


class RawRecords:
    """Raw records one by one. Bulk loads go through `bronze.merge`."""

    def rows(
        self, contract: ContractSpec, *, listing: Listing = EVERYTHING, status: str | None = None
    ) -> Rows:
        """Records, in the order of their arrival unless the listing has another.

        Deleted ones only if `status` asks for them.
        """
        rows = RawRecord.objects.filter(dataset_id=contract.name)
        rows = rows.filter(status=status) if status else rows.exclude(status=RawRecord.Status.DELETED)
        found, ordering = chosen(rows, contract, listing)
        return Rows(found, ordering, COLUMNS, TEXTS).each(_record_entity)

    def get(self, dataset: str, key: str) -> Record:
        """Raises `RecordNotFound`, for deleted records and those of data sets that are hidden from the caller too."""
        _require_storable(dataset, key)
        with connection.cursor() as cursor:
            cursor.execute(ONE_RECORD, [dataset, key])
            for row in () if dataset in hidden() else cursor.fetchall():
                return _record_entity(dict(zip(COLUMNS_OF_ONE, row, strict=True)))
        raise RecordNotFound(f"{dataset} has no record with the key {key!r}.")

    def text_of(self, dataset: str, key: str) -> str:
        """The fields of a record as JSON text, every digit as stored. Raises `RecordNotFound`."""
        _require_storable(dataset, key)
        rows = RawRecord.objects.filter(dataset_id=dataset, key=key).exclude(status="deleted")
        for text in rows.values_list(json_text("effective"), flat=True):
            return str(text)
        raise RecordNotFound(f"{dataset} has no record with the key {key!r}.")

    def content_keys(self, payloads: Sequence[str]) -> list[str]:
        """The keys of rows whose data set has no key fields: made from their payloads, JSON texts."""
        with connection.cursor() as cursor:
            cursor.execute(CONTENT_KEYS, [list(payloads)])
            return [key for (key,) in cursor.fetchall()]

    def lock(self, dataset: str, key: str) -> tuple[int, bool] | None:
        """The id of a key's row, and whether it is deleted. The key is locked for the transaction, even without a row."""
        _require_storable(dataset, key)
        return self.lock_all(dataset, [key]).get(key)

    def locked(self, record_id: int, *, with_all_keys: bool = False) -> RawRecord:
        """The row, locked for the transaction, as `lock` does. `with_all_keys`: it may get another key.

        Raises `RecordNotFound`.
        """
        for dataset, key in RawRecord.objects.filter(pk=record_id).values_list("dataset_id", "key"):
            if with_all_keys or key.startswith(KEYLESS):
                lock_all_keys(dataset)
            lock_keys(dataset, [key])
        row = RawRecord.objects.select_for_update().filter(pk=record_id).first()
        if row is None:
            raise RecordNotFound(f"There is no record {record_id}.")
        return with_digits(row)

    def id_of(self, dataset: str, key: str) -> int:
        """The id of a record, deleted or not. Raises `RecordNotFound`."""
        _require_storable(dataset, key)
        for found in RawRecord.objects.filter(dataset_id=dataset, key=key).values_list("id", flat=True):
            return found
        raise RecordNotFound(f"{dataset} has no record with the key {key!r}.")

    def set_conflict(self, record_id: int, conflict: Mapping[str, Any]) -> None:
        RawRecord.objects.filter(~Q(conflict=conflict), pk=record_id).update(conflict=conflict)

    def lock_all(self, dataset: str, keys: Sequence[str]) -> dict[str, tuple[int, bool]]:
        """As `lock` for many keys: key -> id and whether it is deleted, of those that have a row.

        Every caller waits for keys and rows in the same order, so no two of them wait for each other.
        """
        return lock_records(dataset, keys)

    def revisions(self, dataset: str, keys: Sequence[str]) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(REVISIONS, names_of_keys(dataset, keys))
            return dict(cursor.fetchall())

    def reset(self, *record_ids: int) -> None:
        """Make way for new versions that keep their contract: no edits, no errors, not deleted."""
        clean = {"patch": {}, "conflict": {}, "errors": [], "status": RawRecord.Status.VALID}
        RawRecord.objects.filter(~Q(**clean), pk__in=record_ids).update(**clean)

    def delete(self, dataset: str, *keys: str) -> None:
        """Leave tombstones: the records stay, marked as deleted."""
        RawRecord.objects.filter(dataset_id=dataset, key__any_of=keys).update(status=RawRecord.Status.DELETED)

    def delete_unused(self, dataset: str, ids: Sequence[int]) -> int:
        """Leave tombstones of those that no record of another data set strictly refers to; how many are kept."""
        rows = RawRecord.objects.filter(pk__in=ids)
        kept = held_uses(dataset, *rows.values_list("key", flat=True))
        rows.exclude(key__any_of=list(kept)).update(status=RawRecord.Status.DELETED)
        return len(kept)

    def by_id(self, ids: Sequence[int]) -> list[Record]:
        return [_record_entity(row) for row in _values(RawRecord.objects.filter(pk__in=ids).order_by("id"))]

    def exists(self, dataset: str, key: str) -> bool:
        """Whether there is a valid record."""
        return RawRecord.objects.filter(dataset_id=dataset, key=key, status=RawRecord.Status.VALID).exists()

    def names_of(self, dataset: str, keys: Sequence[str]) -> dict[str, list[str]]:
        """Key -> the names of the fields that its record has."""
        rows = RawRecord.objects.filter(dataset_id=dataset, key__any_of=keys)
        return {key: list(fields) for key, fields in rows.values_list("key", "effective")}

    def texts_of(self, dataset: str, keys: Sequence[str]) -> dict[str, tuple[int, int, str]]:
        """Key -> id, revision, and the fields as JSON text with every digit; of records that are not deleted."""
        rows = RawRecord.objects.filter(dataset_id=dataset, key__any_of=keys)
        rows = rows.exclude(status=RawRecord.Status.DELETED)
        found = rows.values_list("key", "id", "revision", json_text("effective"))
        return {key: (pk, revision, text) for key, pk, revision, text in found}

    def bring_back(self, record_id: int) -> None:
        """A tombstone becomes what it was."""
        rows = RawRecord.objects.filter(pk=record_id)
        rows.filter(errors=[]).update(status=RawRecord.Status.VALID)
        rows.exclude(errors=[]).update(status=RawRecord.Status.QUARANTINED)


def _current_xid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (xid,) = cursor.fetchone()
    return int(xid)


def _require_storable(dataset: str, key: str) -> None:
    """PostgreSQL does not take NUL characters, not even to look for them."""
    if "\x00" in key:
        raise RecordNotFound(f"{dataset} has no record with the key {key!r}.")


COLUMNS = ("id", "dataset_id", "key", "status", "revision", "source_file_id", "line")
TEXTS = {
    "fields": json_text("effective"),
    "failed": json_text("errors"),
    "conflicts": json_text("conflict"),
}
"""What a record is made of."""


def _values(rows: QuerySet[RawRecord]) -> Any:
    return rows.values(*COLUMNS, **TEXTS)


def _record_entity(row: Mapping[str, Any]) -> Record:
    return Record(
        id=row["id"],
        dataset=row["dataset_id"],
        key=row["key"],
        fields=loads_jsonb(row["fields"]),
        status=row["status"],
        errors=loads_jsonb(row["failed"]),
        revision=row["revision"],
        source_file_id=row["source_file_id"],
        line=row["line"],
        conflict=loads_jsonb(row["conflicts"]),
    )


FILE_COLUMNS = tuple(field.attname for field in SourceFile._meta.concrete_fields)


def _file_entity(row: SourceFile) -> ReceivedFile:
    receipt = {name: getattr(row, f"rows_{name}") for name in Receipt.model_fields}
    return ReceivedFile(
        id=row.pk,
        dataset=row.dataset_id,
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        detected=row.detected,
        state=row.state,
        error=row.error,
        receipt=Receipt(**receipt),
        operation=row.operation,
    )

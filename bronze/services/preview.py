"""Looks at a file that is not loaded yet: what it is, and what loading it would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from bronze.admission import Admitted, Candidate, Overrides, admit, columns_of
from bronze.admission.archives import Refused
from bronze.admission.datasets import named_by_file
from bronze.admission.errors import InvalidOverride
from bronze.catalog import contract_named, visible_contracts
from bronze.contracts import DOCUMENTS, ContractSpec
from bronze.domain import FileColumn, FileLook, Preview, PreviewRow, Receipt
from bronze.encryption import FieldCipher
from bronze.incoming import incoming
from bronze.preview import FirstRows, Reasons, RowSample, dry_run, updates_by
from bronze.readers import FileFormat, read_rows
from bronze.readers.csv_exact import unique_names
from bronze.readers.formats import MARKS, FormatKind
from bronze.rejected import RECORD, ReturnedRows
from bronze.repositories import SourceFiles
from bronze.services.intake import MergeRows
from bronze.services.receiving import NOTHING_SAID, ReceiveFile, UnpackFiles
from lakehouse_project.kernel.errors import InvalidInput, PermanentError

DRY_RUN = 0
"""Stands for the file that is not there; no source file has this id."""


@dataclass(frozen=True, kw_only=True)
class LookAtFile:
    """Find out what a file is, match its columns with the fields of its contract, and check its first rows.

    Nothing is written, and of a large file only the beginning is read as rows.
    """

    receive: ReceiveFile
    cipher: FieldCipher

    def __call__(
        self, path: Path, *, name: str, dataset: str | None = None, overrides: Overrides = NOTHING_SAID
    ) -> FileLook:
        """Raises a `PermanentError` if the file is of no kind that is read, whatever is said of it."""
        candidate = self.receive.candidate(path, name=name, dataset=dataset, overrides=overrides)
        contracts = visible_contracts()
        try:
            admitted = admit(candidate, contracts)
        except PermanentError as error:
            kind, columns = _columns_under_own_names(candidate, contracts)
            meant = dataset or named_by_file(name, contracts)
            return _refused(kind, columns, meant, overrides, error)
        return self._admitted(candidate, admitted)

    def _admitted(self, candidate: Candidate, admitted: Admitted) -> FileLook:
        fmt = admitted.format
        look = FileLook(
            dataset=admitted.dataset,
            detected=list(admitted.detected),
            kind=fmt.kind,
            delimiter=fmt.delimiter,
            encoding=fmt.encoding,
            has_header=fmt.has_header,
            record_path=fmt.record_path or fmt.array_key or "",
        )
        if admitted.dataset == DOCUMENTS:
            return look
        matched = _matched(candidate, fmt)
        return look.model_copy(
            update={
                "columns": matched,
                "lacking": _lacking(admitted.dataset, matched),
                "rows": self._first_rows(candidate.path, admitted),
            }
        )

    def _first_rows(self, path: Path, admitted: Admitted) -> list[PreviewRow]:
        sample = RowSample()
        contract = contract_named(admitted.dataset)
        for batch in FirstRows(1).of(read_rows(path, admitted.format)):
            sample.add(incoming(ReturnedRows(admitted.dataset).unmarked(batch), contract, self.cipher))
        return sample.rows()


def _columns_under_own_names(
    candidate: Candidate, contracts: Mapping[str, ContractSpec]
) -> tuple[FormatKind, tuple[str, ...]]:
    """As `columns_of`, also where it cannot be that the header is on the line that was said."""
    try:
        return columns_of(candidate, contracts)
    except InvalidOverride:
        overrides = replace(candidate.overrides, header_line=None)
        return columns_of(replace(candidate, overrides=overrides), contracts)


def _matched(candidate: Candidate, fmt: FileFormat) -> list[FileColumn]:
    if fmt.kind == "csv":
        names = fmt.header if fmt.has_header else tuple(f"column_{n}" for n in range(1, len(fmt.columns) + 1))
        fields = fmt.columns
    else:
        _kind, names = columns_of(candidate)
        fields = unique_names(names, fmt.aliases)
    marks = MARKS if RECORD in fields else ()
    return [
        FileColumn(name=name, field=field)
        for name, field in zip(names, fields, strict=True)
        if field not in marks
    ]


def _refused(
    kind: str, columns: tuple[str, ...], dataset: str | None, overrides: Overrides, error: PermanentError
) -> FileLook:
    aliases = contract_named(dataset).column_names() if dataset and dataset != DOCUMENTS else {}
    fields = unique_names(columns, {**aliases, **overrides.aliases})
    matched = [FileColumn(name=name, field=field) for name, field in zip(columns, fields, strict=True)]
    return FileLook(
        kind=kind,
        dataset=dataset,
        columns=matched,
        lacking=_lacking(dataset, matched),
        error=error.message,
    )


def _lacking(dataset: str | None, columns: list[FileColumn]) -> list[str]:
    there = {column.field for column in columns}
    if dataset is None or dataset == DOCUMENTS:
        return []
    return [name for name in contract_named(dataset).field_names() if name not in there]


@dataclass(frozen=True, kw_only=True)
class PreviewFile:
    """Admit, read, check and merge a file in a transaction that is rolled back. Nothing is kept of it."""

    unpack: UnpackFiles
    files: SourceFiles
    merge: MergeRows

    def __call__(
        self,
        path: Path,
        *,
        name: str,
        dataset: str | None = None,
        overrides: Overrides = NOTHING_SAID,
        limit: int | None = None,
    ) -> Preview:
        """Of an archive it must be the only file. `limit`: try about so many rows of the file alone.

        Raises a `PermanentError` that says what is wrong with the file, or `DatasetBusy`.
        """
        with self.unpack([(path, name)], dataset=dataset, overrides=overrides) as found:
            return self._preview(_only(found), limit)

    def _preview(self, candidate: Candidate, limit: int | None) -> Preview:
        admitted = admit(candidate, visible_contracts())
        same = self.files.find_same(admitted.dataset, admitted.sha256)
        preview = Preview(
            name=candidate.name,
            dataset=admitted.dataset,
            size=admitted.size,
            media_type=admitted.media_type,
            detected=list(admitted.detected),
            received_as=same.id if same else None,
            receipt=Receipt(read=1, inserted=1),
            is_whole=True,
            rows=[],
            updates=[],
            reasons=[],
        )
        if admitted.dataset == DOCUMENTS:
            return preview
        return self._dry_run(candidate.path, admitted, preview, limit)

    def _dry_run(self, path: Path, admitted: Admitted, preview: Preview, limit: int | None) -> Preview:
        sample, reasons, first = RowSample(), Reasons(), FirstRows(limit)

        def seen(rows: pl.DataFrame) -> None:
            sample.add(rows)
            reasons.add(rows)

        with dry_run():
            self.files.one_at_a_time(admitted.dataset)
            loaded = self.merge(path, admitted.format, admitted.dataset, DRY_RUN, seen=seen, bound=first.of)
            updates = updates_by(DRY_RUN, loaded.returned.replaced)
        return preview.model_copy(
            update={
                "receipt": loaded.receipt,
                "detected": [*preview.detected, *loaded.returned.sentences()],
                "is_whole": first.is_whole,
                "rows": sample.rows(),
                "updates": updates,
                "reasons": reasons.most_frequent_first(),
            }
        )


def _only(found: Sequence[Candidate | Refused]) -> Candidate:
    first, *others = found
    if others:
        raise InvalidInput(
            f"The archive holds {len(found)} files, and a preview is of one file. Unpack it and preview them one by one."
        )
    if isinstance(first, Refused):
        raise first.error
    return first

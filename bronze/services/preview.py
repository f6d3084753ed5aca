"""A dry run: what loading a file would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bronze.admission import Admitted, Candidate, Overrides, admit
from bronze.admission.archives import Refused
from bronze.contracts import DOCUMENTS
from bronze.domain import Preview, PreviewUpdate, Receipt
from bronze.preview import RowSample, updates_by
from bronze.repositories import SourceFiles, rolled_back
from bronze.services.intake import NOTHING_SAID, MergeRows, UnpackFiles
from lakehouse_project.kernel.errors import InvalidInput

DRY_RUN = 0
"""Stands for the file that is not there; no source file has this id."""


@dataclass(frozen=True, kw_only=True)
class PreviewFile:
    """Admit, read, check and merge a file in a transaction that is rolled back. Nothing is kept of it."""

    unpack: UnpackFiles
    files: SourceFiles
    merge: MergeRows

    def __call__(
        self, path: Path, *, name: str, dataset: str | None = None, overrides: Overrides = NOTHING_SAID
    ) -> Preview:
        """Of an archive it must be the only file. Raises a `PermanentError` that says what is wrong with the file."""
        with self.unpack([(path, name)], dataset=dataset, overrides=overrides) as found:
            return self._preview(_only(found))

    def _preview(self, candidate: Candidate) -> Preview:
        admitted = admit(candidate)
        sample = RowSample()
        receipt, updates = self._dry_run(candidate.path, admitted, sample)
        same = self.files.find_same(admitted.dataset, admitted.sha256)
        return Preview(
            name=candidate.name,
            dataset=admitted.dataset,
            size=admitted.size,
            media_type=admitted.media_type,
            detected=list(admitted.detected),
            received_as=same.id if same else None,
            receipt=receipt,
            rows=sample.rows(),
            updates=updates,
        )

    def _dry_run(
        self, path: Path, admitted: Admitted, sample: RowSample
    ) -> tuple[Receipt, list[PreviewUpdate]]:
        if admitted.dataset == DOCUMENTS:
            return Receipt(read=1, inserted=1), []
        with rolled_back():
            self.files.one_at_a_time(admitted.dataset)
            merged = self.merge(path, admitted.format, admitted.dataset, DRY_RUN, seen=sample.add)
            return merged.receipt, updates_by(DRY_RUN)


def _only(found: Sequence[Candidate | Refused]) -> Candidate:
    first, *others = found
    if others:
        raise InvalidInput(
            f"The archive holds {len(found)} files, and a preview is of one file. Unpack it and preview them one by one."
        )
    if isinstance(first, Refused):
        raise first.error
    return first

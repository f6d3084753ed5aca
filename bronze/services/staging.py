"""Files that are looked at before they are loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bronze.admission import Candidate
from bronze.admission.archives import Refused
from bronze.admission.errors import FileNotReadable
from bronze.errors import StagedFileGone
from bronze.services.preview import LookAtFile
from bronze.services.receiving import NOTHING_SAID, ReceiveFile, UnpackFiles, refusal
from bronze.staged import StagedFile, StagedFiles
from lakehouse_project.kernel.errors import PermanentError


@dataclass(frozen=True, kw_only=True)
class StageFiles:
    """Keep files that can be read, those in archives one by one, until somebody says how to go on: all of them or none."""

    unpack: UnpackFiles
    look: LookAtFile
    staged: StagedFiles

    def __call__(
        self, sent: Sequence[tuple[Path, str]], *, user_id: int | None, dataset: str | None
    ) -> list[StagedFile]:
        """`sent`: local paths, which are gone then, and names. Raises what is wrong with a file, or `FilesRefused`."""
        with self.unpack(sent, dataset=dataset, overrides=NOTHING_SAID) as found:
            readable, refused = [], []
            for one in found:
                if problem := self._problem(one):
                    refused.append(problem)
                elif isinstance(one, Candidate):
                    readable.append((one.path, one.name))
            if refused:
                raise refusal(refused, len(found))
            return self.staged.keep(readable, user_id=user_id, dataset=dataset)

    def _problem(self, one: Candidate | Refused) -> Refused | None:
        if isinstance(one, Refused):
            return one
        try:
            self.look(one.path, name=one.name, dataset=one.dataset)
        except PermanentError as error:
            return Refused(one.name, error)
        return None


@dataclass(frozen=True, kw_only=True)
class ReceiveStaged:
    """Receive a staged file as its sender has seen it. Asked twice, the answer is the same file."""

    staged: StagedFiles
    receive: ReceiveFile

    def __call__(self, token: str, *, user_id: int | None) -> int:
        """The id of the source file. Raises `StagedFileGone`, and whatever `ReceiveFile` raises."""
        staged = self.staged.get(token, user_id)
        if staged.file_id is not None:
            return staged.file_id
        try:
            return self._receive(staged)
        except (StagedFileGone, FileNotReadable, FileNotFoundError):
            known = self.staged.get(token, user_id)
            if known.file_id is None:
                raise
            return known.file_id  # the same word, given at the same time, was faster

    def _receive(self, staged: StagedFile) -> int:
        received = self.receive(
            self.staged.path(staged),
            name=staged.name,
            via="upload",
            dataset=staged.dataset,
            user_id=staged.user_id,
            overrides=staged.overrides,
        )
        self.staged.finish(staged, received.id)
        return received.id

"""The end of an import: a staged file is received."""

from dataclasses import dataclass

from bronze.admission.errors import FileNotReadable
from bronze.errors import StagedFileGone
from bronze.services.intake import ReceiveFile
from bronze.staged import StagedFile, StagedFiles


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

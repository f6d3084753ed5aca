"""Files that somebody has sent to look at before loading them, and what is said of them so far.

Each has a folder of its own with a name that nobody can guess. What is left behind is removed after a day.
"""

import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bronze.admission import Overrides
from bronze.errors import StagedFileGone

KEPT_SECONDS = 24 * 3600
TOKEN = re.compile(r"[\w-]{22}")
GONE = "This file is no longer here: what is not loaded is removed after a day. Send it again."


class StagedFile(BaseModel):
    """A file that waits for the word to load it. `file_id`: what it became when the word was given."""

    model_config = ConfigDict(frozen=True)

    token: str
    user_id: int | None
    name: str
    dataset: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    header_line: int | None = None
    record_path: str | None = None
    columns: Mapping[str, str] = {}
    bundle: tuple[str, ...] = ()
    """The tokens of all files that were sent with it, in order, its own included."""
    file_id: int | None = None

    @property
    def place(self) -> int:
        """From 1."""
        return self.bundle.index(self.token) + 1

    @property
    def next_token(self) -> str | None:
        following = self.bundle[self.place :]
        return following[0] if following else None

    @property
    def overrides(self) -> Overrides:
        return Overrides(
            delimiter=self.delimiter,
            encoding=self.encoding,
            header=self.header,
            header_line=self.header_line,
            record_path=self.record_path,
            columns=self.columns,
        )


@dataclass(frozen=True, kw_only=True)
class StagedFiles:
    """Staged files as folders below `folder`; each is there for the user who sent it alone."""

    folder: Path

    def keep(
        self, sent: Sequence[tuple[Path, str]], *, user_id: int | None, dataset: str | None
    ) -> list[StagedFile]:
        """Move files here, given by paths and names. Removes what was left behind a day ago."""
        self.sweep()
        bundle = tuple(secrets.token_urlsafe(16) for _ in sent)
        return [
            self._keep(
                path,
                StagedFile(token=token, user_id=user_id, name=name, dataset=dataset, bundle=bundle),
            )
            for token, (path, name) in zip(bundle, sent, strict=True)
        ]

    def _keep(self, path: Path, staged: StagedFile) -> StagedFile:
        home = self.folder / staged.token
        home.mkdir(mode=0o700, parents=True)
        shutil.move(path, home / "content")
        self.save(staged)
        return staged

    def get(self, token: str, user_id: int | None) -> StagedFile:
        """Raises `StagedFileGone`, also for the file of somebody else."""
        try:
            text = self._about(token).read_text() if TOKEN.fullmatch(token) else ""
        except FileNotFoundError:
            text = ""
        if not text or (staged := StagedFile.model_validate_json(text)).user_id != user_id:
            raise StagedFileGone(GONE)
        return staged

    def path(self, staged: StagedFile) -> Path:
        """Where the bytes are. Raises `StagedFileGone`."""
        path = self.folder / staged.token / "content"
        if not path.is_file():
            raise StagedFileGone(GONE)
        return path

    def save(self, staged: StagedFile) -> None:
        about = self._about(staged.token)
        partial = about.with_name(f"{secrets.token_hex(4)}.partial")
        partial.write_text(staged.model_dump_json())
        partial.replace(about)

    def finish(self, staged: StagedFile, file_id: int) -> None:
        """Remember what became of the file; its bytes are in the storage now."""
        self.save(staged.model_copy(update={"file_id": file_id}))
        (self.folder / staged.token / "content").unlink(missing_ok=True)

    def _about(self, token: str) -> Path:
        return self.folder / token / "about.json"

    def sweep(self) -> None:
        """Remove what was left behind a day ago."""
        oldest = time.time() - KEPT_SECONDS
        for home in self.folder.glob("*"):
            with suppress(FileNotFoundError):  # another request sweeps, too
                if home.stat().st_mtime < oldest:
                    shutil.rmtree(home, ignore_errors=True)

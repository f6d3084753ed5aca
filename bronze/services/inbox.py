"""The inbox: what is put there is loaded and set aside, in `done`, or in `failed` with the reason.

An inbox is polled, so that it works on network shares and object stores as well. `<inbox>/<data set>/` names the data
set of what is in it. Nothing is ever deleted or overwritten.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

import structlog

from bronze.domain import ReceivedFile
from bronze.repositories import SourceFiles
from bronze.services.receiving import ReceiveFiles
from lakehouse_project.kernel.errors import LakehouseError, PermanentError

log = structlog.get_logger(__name__)

UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
Folder = Literal["done", "failed"]


@dataclass(frozen=True)
class Dropped:
    """A file in an inbox: `place` says where, `version` which bytes. `dataset`: what its folder says it is."""

    place: str
    name: str
    dataset: str | None
    version: Hashable


class Inbox(Protocol):
    """Where files are put. Every method may raise a `TransientError` that says what is wrong with the inbox."""

    @property
    def via(self) -> str:
        """How a file came, as its receipt says."""

    @property
    def where(self) -> str:
        """Its address, for people."""

    def waiting(self, datasets: Collection[str]) -> Iterable[Dropped]:
        """The finished files in the inbox and in its folders named like one of `datasets`, by name."""

    def fetched(self, dropped: Dropped) -> AbstractContextManager[Path]:
        """A local path with the bytes. Raises `FileChanged` if they are others by now, `FileNotReadable` for no file."""

    def set_aside(self, dropped: Dropped, folder: Folder, reason: str = "") -> None:
        """Move the file to a folder of the inbox, under a name that is free, with the reason in a text file beside it.

        Raises `FileChanged` if there are other bytes by now; they stay."""


@dataclass(kw_only=True)
class WatchInbox:
    """Call `step` again and again; a file is taken once it has stayed the same for `settle_seconds`."""

    inbox: Inbox
    receive: ReceiveFiles
    files: SourceFiles
    datasets: Callable[[], Collection[str]]
    settle_seconds: float
    _seen: dict[str, tuple[Hashable, float]] = field(default_factory=dict)
    _taken: dict[Dropped, list[int]] = field(default_factory=dict)
    _complaints: dict[str, str] = field(default_factory=dict)

    def step(self, now: float) -> None:
        """Take what has settled, and set aside what has been loaded. `now`: seconds of any steady clock.

        A file that cannot be stored or moved just now is left for the next step and holds up no other. Raises the
        `TransientError` of an inbox that cannot be looked into.
        """
        waiting = list(self.inbox.waiting(self.datasets()))
        present = set(waiting)
        places = {dropped.place for dropped in waiting}
        self._seen = {place: seen for place, seen in self._seen.items() if place in places}
        self._complaints = {place: said for place, said in self._complaints.items() if place in places}
        self._taken = {dropped: ids for dropped, ids in self._taken.items() if dropped in present}
        for dropped in waiting:
            try:
                self._look_at(dropped, now)
            except (OSError, LakehouseError) as error:
                self._complain(dropped.place, str(error))

    def _look_at(self, dropped: Dropped, now: float) -> None:
        if dropped in self._taken:
            self._finish(dropped, [self.files.get(file_id) for file_id in self._taken[dropped]])
        elif self._has_settled(dropped, now):
            self._take(dropped)

    def _has_settled(self, dropped: Dropped, now: float) -> bool:
        version, since = self._seen.get(dropped.place, (None, now))
        if version != dropped.version:
            since = now
        self._seen[dropped.place] = dropped.version, since
        return now - since >= self.settle_seconds

    def _take(self, dropped: Dropped) -> None:
        try:
            with self.inbox.fetched(dropped) as path:
                received = self.receive(
                    [(path, dropped.name)], via=self.inbox.via, dataset=dropped.dataset, user_id=None
                )
        except PermanentError as error:
            self._set_aside(dropped, "\n".join(_sentences(error)))
        else:
            self._taken[dropped] = [file.id for file in received]

    def _finish(self, dropped: Dropped, files: Sequence[ReceivedFile]) -> None:
        """Several files came from one archive; it has failed if one of them has."""
        if any(file.state == "received" for file in files):
            return
        failed = [file for file in files if file.state == "failed"]
        reason = "\n".join(file.error if len(files) == 1 else f"{file.name}: {file.error}" for file in failed)
        self._set_aside(dropped, reason)

    def _set_aside(self, dropped: Dropped, reason: str) -> None:
        folder: Folder = "failed" if reason else "done"
        self.inbox.set_aside(dropped, folder, reason)
        log.info("file_set_aside", place=dropped.place, folder=folder, reason=reason)

    def _complain(self, place: str, sentence: str) -> None:
        """Once, until something else is wrong: the next step is a second away."""
        if self._complaints.get(place) != sentence:
            log.warning("file_left", place=place, error=sentence)
        self._complaints[place] = sentence


def is_finished_name(name: str) -> bool:
    """Not hidden, and not one that programs give to what they still write."""
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def free_names(name: str) -> Iterator[str]:
    """`jobs.csv`, `jobs-2.csv`, `jobs-3.csv` and so on."""
    path = PurePosixPath(name)
    number = 1
    yield name
    while True:
        number += 1
        yield f"{path.stem}-{number}{path.suffix}"


def reason_name(name: str) -> str:
    return f"{name}.reason.txt"


def _sentences(error: PermanentError) -> Iterator[str]:
    yield error.message
    yield from (f"{entry.field}: {entry.message}" for entry in error.errors)

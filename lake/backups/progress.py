"""How far a stream is, told to whoever wants to know; telling may raise and so end the work."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from lake.backups.encryption import Source

Report = Callable[[int, int], None]
"""Is told bytes done of bytes in all."""


def silent(_done: int, _total: int) -> None:
    """Tells nobody."""


class Counted:
    """A stream that tells how much has been read of `total` bytes, which may be a guess."""

    def __init__(self, source: Source, total: int, report: Report) -> None:
        self._source, self._total, self._report = source, total, report
        self._done = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._done += len(piece)
        self._report(min(self._done, self._total), self._total)
        return piece


@contextmanager
def counted(opened: AbstractContextManager[Source], total: int, report: Report) -> Iterator[Counted]:
    """`opened`, counted."""
    with opened as source:
        yield Counted(source, total, report)

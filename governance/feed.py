"""Change feeds: what a stage has not read yet, without ever missing a row.

Ids and timestamps are handed out before a transaction commits, so a reader that remembers the highest one it saw
misses rows of transactions that were still open. Rows therefore carry the id of the transaction that wrote them, and a
stage reads up to the oldest transaction still open: `pg_snapshot_xmin(pg_current_snapshot())`. A long transaction delays
a stage; it never makes it lose a row.
Source: PostgreSQL manual, section 9.27.8, "Transaction ID and Snapshot Information Functions".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from zlib import crc32

from django.db import connection
from django.db.models import Min

from governance.models import Watermark
from lakehouse_project.kernel.errors import TransientError


class NothingToDo(TransientError):
    """The work is done already, or somebody else is doing it: a tracked run that raises it is forgotten."""

    code = "nothing_to_do"


class FeedBusy(NothingToDo):
    """Another runner of the same stage is at work."""

    code = "feed_busy"


@dataclass(frozen=True)
class Window:
    """Transactions to read: `low <= xid < high`. `is_full` asks for a run over everything."""

    low: int
    high: int
    is_full: bool


@dataclass(frozen=True)
class ChangeFeed:
    """The position of one stage. All methods work on Django's default connection."""

    stage: str

    @contextmanager
    def window(self, *, everything: bool = False) -> Iterator[Window]:
        """Give the unread window, and move the watermark when the block ends without an error.

        Call it inside `transaction.atomic()`: watermark and results then commit together.
        Raises `FeedBusy` if another transaction reads for the same stage. With `everything` the window is a full one,
        and another reader is waited for.
        """
        self._lock(wait=everything)
        watermark = self._watermark()
        identifier, high = _cluster_position()
        is_full = everything or watermark.system_identifier != identifier
        yield Window(low=0 if is_full else watermark.position, high=high, is_full=is_full)
        watermark.position, watermark.system_identifier = high, identifier
        watermark.save()

    def claim(self) -> None:
        """Be the only one at work in this stage until the transaction ends. Raises `FeedBusy`."""
        self._lock(wait=False)

    def position(self) -> int:
        """Every transaction below this id has been read; 0 before the first run or after a restore."""
        watermark = self._watermark()
        return watermark.position if watermark.system_identifier == _cluster_position()[0] else 0

    def rewind(self) -> None:
        """Make the next window a full one."""
        Watermark.objects.filter(stage=self.stage).delete()

    def _watermark(self) -> Watermark:
        return Watermark.objects.filter(stage=self.stage).first() or Watermark(stage=self.stage)

    def _lock(self, *, wait: bool) -> None:
        lock = [_LOCK_SPACE, _signed_crc(self.stage)]
        with connection.cursor() as cursor:
            if wait:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", lock)
                return
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", lock)
            (locked,) = cursor.fetchone()
        if not locked:
            raise FeedBusy(f"Stage {self.stage} is already running.")


def read_by_all_but(stage: str) -> int:
    """Every transaction below this id has been read by all stages but `stage`; 0 where none of them has read anything.

    A stage that has not begun reads everything when it does, and so waits for no change.
    """
    identifier, _ = _cluster_position()
    others = Watermark.objects.filter(system_identifier=identifier).exclude(stage=stage)
    return others.aggregate(least=Min("position"))["least"] or 0


def drain(run: Callable[[], bool]) -> None:
    """Call `run` until it says that nothing was left to do.

    A runner that finds its stage busy may leave: the one at work looks again after it has committed, and so sees
    whatever made this one start.
    """
    with suppress(FeedBusy):
        while run():
            pass


_LOCK_SPACE = 0x1AE
"""First half of the advisory lock ids, so that they do not meet the locks of other programs."""


def _signed_crc(text: str) -> int:
    return crc32(text.encode()) - (1 << 31)


def _cluster_position() -> tuple[str, int]:
    """The identifier of the database cluster, and the id of its oldest open transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
            "FROM pg_control_system()"
        )
        identifier, xmin = cursor.fetchone()
    return identifier, xmin

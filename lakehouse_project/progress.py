"""How far the layers are with what came in: has everything that a file changed reached gold and search?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from bronze.models import RawRecord, SourceFile
from gold.repositories import MartRepository
from governance.feed import ChangeFeed
from governance.models import Run
from lakehouse_project.celery import app
from lakehouse_project.kernel.errors import PermanentError
from search.sources import Changes
from silver.models import Change


class StageFailed(PermanentError):
    """A stage failed while we waited for it."""

    code = "stage_failed"


class NobodyWorks(PermanentError):
    """There is no worker that could do the work."""

    code = "no_worker"


@dataclass(frozen=True)
class Progress:
    """`waiting_for`: what is still to come, empty once gold and search have everything."""

    waiting_for: str

    @property
    def is_done(self) -> bool:
        return not self.waiting_for


@dataclass
class Pipeline:
    """Watches how the given files travel through the layers. Call `look` until it says done."""

    file_ids: tuple[int, ...]
    since: datetime
    _changes_up_to: int | None = None

    def look(self) -> Progress:
        """Raises `StageFailed` if a stage has failed since."""
        return Progress(next(self._missing(), ""))

    def _missing(self) -> Iterator[str]:
        files = SourceFile.objects.filter(pk__in=self.file_ids)
        if waiting := files.filter(state=SourceFile.State.RECEIVED).count():
            yield f"bronze ({waiting} of {len(self.file_ids)} files to load)"
        loaded = files.aggregate(last=Max("xid"))["last"]
        if loaded is None:
            return
        self._raise_failures()
        unread = RawRecord.objects.filter(xid__gte=ChangeFeed("silver").position(), xid__lte=loaded)
        if unread.exists():
            yield "silver"
        if self._changes_up_to is None:
            self._changes_up_to = max(loaded, Change.objects.aggregate(last=Max("xid"))["last"] or 0)
        yield from _behind(self._changes_up_to)

    def _raise_failures(self) -> None:
        failed = Run.objects.filter(state=Run.State.FAILED, created_at__gte=self.since).exclude(kind="ingest")
        if run := failed.first():
            raise StageFailed(f"The run {run.kind} failed: {run.message} See the run {run.id} in the admin.")


def _behind(up_to: int) -> Iterator[str]:
    """The stages after silver that have not read all that concerns them of the transactions up to `up_to`."""
    gold, search = ChangeFeed("gold").position(), ChangeFeed("search").position()
    if gold <= up_to and MartRepository().has_news(gold, timezone.now().date()):
        yield "gold"
    if search <= up_to and Changes().has_news(search):
        yield "search"


def require_worker() -> None:
    """Raise `NobodyWorks` unless a worker answers."""
    if not app.control.ping(timeout=3.0):
        raise NobodyWorks("No worker answers, so nothing is being loaded. Start it with `lakehouse up`.")

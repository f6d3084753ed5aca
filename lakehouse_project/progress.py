"""How far the layers are with what came in: has everything that a file changed reached gold, search and the lake?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from bronze.models import RawRecord, SourceFile
from gold.published import PublishedMarts
from gold.repositories import MartChanges, TableStates
from governance.feed import ChangeFeed
from governance.models import Run
from lake.repositories import PublishedTables
from lakehouse_project.celery import app
from lakehouse_project.kernel.errors import PermanentError
from search.sources import Changes
from silver.models import Change
from silver.published import PublishedFacts


class StageFailed(PermanentError):
    """A stage failed while we waited for it."""

    code = "stage_failed"


class NobodyWorks(PermanentError):
    """There is no worker that could do the work."""

    code = "no_worker"


STAGES = ("silver", "gold", "search", "lake")


@dataclass(frozen=True)
class Progress:
    """How many of the files are done with bronze, and which stages have not read all that they brought."""

    loaded: int
    files: int
    behind: tuple[str, ...]
    under_way: float = 0.0
    """How much of the files that are being loaded, in files."""

    @property
    def is_done(self) -> bool:
        return self.loaded == self.files and not self.behind


@dataclass
class Pipeline:
    """Watches how the given files travel through the layers. Call `look` until it says done."""

    file_ids: tuple[int, ...]
    since: datetime
    _changes_up_to: int | None = None
    _marts: Mapping[str, datetime] | None = None
    """When each mart had changed last, once gold had all that the files brought."""

    def look(self) -> Progress:
        """Raises `StageFailed` if a stage has failed since."""
        files = SourceFile.objects.filter(pk__in=self.file_ids)
        loaded = files.exclude(state=SourceFile.State.RECEIVED).count()
        if loaded < len(self.file_ids):
            return Progress(loaded, len(self.file_ids), STAGES, _under_way(files))
        last_xid = files.aggregate(last=Max("xid"))["last"]
        behind = tuple(self._behind(last_xid)) if last_xid is not None else ()
        return Progress(loaded, len(self.file_ids), behind)

    def _behind(self, loaded: int) -> Iterator[str]:
        """`loaded`: the last transaction that loaded one of the files."""
        self._raise_failures()
        unread = RawRecord.objects.filter(xid__gte=ChangeFeed("silver").position(), xid__lte=loaded)
        if unread.exists():
            yield from STAGES
            return
        if self._changes_up_to is None:
            self._changes_up_to = max(loaded, Change.objects.aggregate(last=Max("xid"))["last"] or 0)
        gold, search = ChangeFeed("gold").position(), ChangeFeed("search").position()
        is_gold_behind = gold <= self._changes_up_to and MartChanges().has_news(gold, timezone.now().date())
        if is_gold_behind:
            yield "gold"
        if search <= self._changes_up_to and Changes().has_news(search):
            yield "search"
        if is_gold_behind or self._is_lake_behind(self._changes_up_to):
            yield "lake"

    def _is_lake_behind(self, changes: int) -> bool:
        """With silver, or with the marts as they were when gold had everything: they may go on changing."""
        lake = ChangeFeed("lake").position()
        if lake <= changes and PublishedFacts().has_news(lake, {}):
            return True
        if self._marts is None:
            self._marts = TableStates().all()
        return PublishedMarts().lag(self._marts, PublishedTables().stamps())

    def _raise_failures(self) -> None:
        failed = Run.objects.filter(state=Run.State.FAILED, created_at__gte=self.since).exclude(kind="ingest")
        if run := failed.first():
            raise StageFailed(f"The run {run.kind} failed: {run.message} See the run {run.id} in the admin.")


def _under_way(files: "QuerySet[SourceFile]") -> float:
    running = Run.objects.filter(pk__in=files.values("operation"), state=Run.State.RUNNING)
    return running.aggregate(done=Sum("progress"))["done"] or 0.0


def require_worker() -> None:
    """Raise `NobodyWorks` unless a worker answers."""
    if not app.control.ping(timeout=3.0):
        raise NobodyWorks("No worker answers, so nothing is being loaded. Start it with `lakehouse up`.")

"""Tasks of the search queue."""

from contextlib import suppress

from celery import shared_task

from governance.backoff import is_resting
from governance.feed import drain
from governance.services import track
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.services import resolve
from search.errors import NoMirror
from search.services import MirrorChanges, ProjectChanges, RebuildIndexes, Reconcile


@shared_task(name="search.project")
def project() -> None:
    """Bring the index up to date, until nothing is left."""
    if not is_resting("projection"):
        drain(_project)


def _project() -> bool:
    projected = resolve(ProjectChanges)()
    if projected:
        resolve(EventBus).publish("search.changed")
    return projected.total > 0


@shared_task(name="search.mirror")
def mirror() -> None:
    """Bring the search server up to date, if there is one."""
    with suppress(NoMirror):
        resolve(MirrorChanges)()


@shared_task(name="search.reindex")
def reindex(run_id: str) -> None:
    """Rebuild every index of the search server. Its run says how it went."""
    with suppress(LakehouseError):
        resolve(RebuildIndexes)(run_id=run_id)


@shared_task(name="search.reconcile")
def reconcile(run_id: str | None = None, *, repair: bool = False) -> None:
    """Report how the search server differs from the rows. Its run says how it went."""
    with suppress(LakehouseError):
        resolve(Reconcile)(run_id=run_id, is_repaired=repair)


@shared_task(name="search.run")
def run(run_id: str) -> None:
    """What somebody has asked for: project what is new."""
    with suppress(LakehouseError), track("pipeline", run_id=run_id):
        project()

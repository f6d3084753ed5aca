"""Building the star schema anew from the raw records, and clearing away what nobody reads any more."""

from dataclasses import dataclass

from silver.domain import OnProgress, RefineResult
from silver.repositories.unit import forget_old_changes
from silver.services.refine import RefineChanges


@dataclass(frozen=True, kw_only=True)
class RebuildStar:
    """Refine every raw record again, as after a change of the code or of a setting; for repair, too.

    Rows that are right already are not written, and surrogate keys and the former versions of users stay. The pipeline may
    go on meanwhile: readers see the star schema as it was until all is done, and another refinement waits.
    """

    refine: RefineChanges

    def __call__(self, on_progress: OnProgress | None = None, *, run_id: str | None = None) -> RefineResult:
        return self.refine.everything(on_progress, run_id=run_id)


@dataclass(frozen=True, kw_only=True)
class ForgetChanges:
    """Delete the announcements of changes that all stages have read. Record history is the audit, and is kept."""

    def __call__(self) -> int:
        return forget_old_changes()

"""Quality: what was measured, between which limits it is good, and how fresh everything is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from governance.backoff import STAGES, failures_in_a_row
from governance.models import QualityResult, QualityThreshold, Run

NEWEST = "newest record"
"""Check whose value is the moment of the newest record, in seconds since 1970."""

SINCE_NEWEST = "seconds since newest record"
SINCE_SUCCESS = "seconds since last success"
FAILURES = "failures in a row"

KEPT = 1_000_000
"""Results beyond so many are forgotten, the oldest first."""


@dataclass(frozen=True)
class Limits:
    """Both inclusive; None is no limit."""

    at_least: float | None = None
    at_most: float | None = None

    def hold(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


DEFAULTS: Mapping[str, Limits] = MappingProxyType(
    {
        "records rejected": Limits(at_most=0),
        "passages missing on the search server": Limits(at_most=0),
        "passages extra on the search server": Limits(at_most=0),
        "passages stale on the search server": Limits(at_most=0),
        "share of unique keys": Limits(at_least=1),
        "share of records quarantined": Limits(at_most=0.2),
        "share of rows with an unknown member": Limits(at_most=0.2),
        "share of rows without a reporting amount": Limits(at_most=0.25),
        FAILURES: Limits(at_most=0),
    }
)
"""Where no threshold is set. A check without limits passes, unless what measured it says otherwise."""


Watch = Callable[[datetime], Iterable["Check"]]
WATCHES: list[Watch] = []
"""What other apps ask of the clock, beside how fresh tables and stages are; they add theirs when they start."""


@dataclass(frozen=True)
class Measure:
    """What a run found of one table."""

    table: str
    check: str
    value: float
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A measure beside its limits of today. `subject` is a table, or a stage of the pipeline; live ones have no run."""

    subject: str
    check: str
    value: float
    at_least: float | None
    at_most: float | None
    passed: bool
    detail: str = ""
    measured_at: datetime
    run: UUID | None = None

    @property
    def shown(self) -> str:
        return plain(self.value)

    @property
    def good(self) -> str:
        """Which values are good, in words."""
        limits = {"at least": self.at_least, "at most": self.at_most}
        return ", ".join(f"{words} {plain(limit)}" for words, limit in limits.items() if limit is not None)


def plain(value: float) -> str:
    """Four places at most, and no zeros at the end."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def record(run: Run, measures: Iterable[Measure]) -> None:
    """Write what `run` has measured, judged by the limits of now."""
    limits = _Limits()
    rows = QualityResult.objects.bulk_create(
        QualityResult(
            run=run,
            table=measure.table,
            check_name=measure.check[:80],
            value=measure.value,
            passed=limits.of(measure.table, measure.check).hold(measure.value),
            detail=measure.detail,
        )
        for measure in measures
    )
    if rows:
        QualityResult.objects.filter(pk__lte=rows[-1].pk - KEPT).delete()


def checks(*, run: UUID | None = None) -> list[Check]:
    """The latest result of each check on each table and, live, how fresh they and the stages are; of `run`, what it
    measured."""
    limits = _Limits()
    results = QualityResult.objects.select_related("run").order_by("table", "check_name", "-pk")
    if run:
        return [_recorded(result, limits) for result in results.filter(run=run)]
    newest = results.distinct("table", "check_name").values("pk")  # out of the index, however many there are
    latest = list(results.filter(pk__in=newest))
    return [*(_recorded(result, limits) for result in latest), *_live(latest, limits, timezone.now())]


def failing() -> list[Check]:
    """What is not as good as it should be."""
    return [check for check in checks() if not check.passed]


def names() -> tuple[list[str], list[str]]:
    """The subjects and the checks that there are."""
    results = QualityResult.objects.order_by()
    subjects = {*results.values_list("table", flat=True).distinct(), *STAGES}
    subjects |= set(Run.objects.order_by().values_list("kind", flat=True).distinct())
    found = results.values_list("check_name", flat=True).distinct()
    return sorted(subjects), sorted({*found, *DEFAULTS, SINCE_NEWEST, SINCE_SUCCESS})


class _Limits:
    """The limits of each check: those set for the table, for every table, or the default ones."""

    def __init__(self) -> None:
        self._set = {
            (row.table, row.check_name): Limits(row.at_least, row.at_most)
            for row in QualityThreshold.objects.all()
        }

    def of(self, subject: str, check: str) -> Limits:
        found = self._set.get((subject, check)) or self._set.get(("", check))
        return found or DEFAULTS.get(check, Limits())


def _recorded(result: QualityResult, limits: _Limits) -> Check:
    found = limits.of(result.table, result.check_name)
    return Check(
        subject=result.table,
        check=result.check_name,
        value=result.value,
        at_least=found.at_least,
        at_most=found.at_most,
        passed=result.passed if found == Limits() else found.hold(result.value),
        detail=result.detail,
        measured_at=result.run.finished_at or result.run.created_at,
        run=result.run_id,
    )


def _live(latest: Iterable[QualityResult], limits: _Limits, now: datetime) -> Iterator[Check]:
    for result in latest:
        if result.check_name == NEWEST:
            yield _now(result.table, SINCE_NEWEST, now.timestamp() - result.value, limits, now)
    succeeded = Run.objects.filter(state=Run.State.SUCCEEDED).order_by()
    for row in succeeded.values("kind").annotate(last=Max("finished_at")).order_by("kind"):
        yield _now(row["kind"], SINCE_SUCCESS, (now - row["last"]).total_seconds(), limits, now)
    for stage in sorted(STAGES):
        yield _now(stage, FAILURES, failures_in_a_row(stage), limits, now)
    for watch in WATCHES:
        yield from watch(now)


def _now(subject: str, check: str, value: float, limits: _Limits, now: datetime) -> Check:
    found = limits.of(subject, check)
    return Check(
        subject=subject,
        check=check,
        value=round(max(value, 0.0), 1),
        at_least=found.at_least,
        at_most=found.at_most,
        passed=found.hold(value),
        measured_at=now,
    )

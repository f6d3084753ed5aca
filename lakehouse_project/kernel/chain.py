"""Chain of Responsibility: ordered steps over one subject, an early end with a result, cleanup in any case.

    admission = Chain(steps=(check_size, find_format, find_contract), cleanup=remove_temporary_files)
    outcome = admission.run(candidate)

A step takes the subject and returns it, changed or not, or `Stop(result)`, which ends the chain early and well.
An error raised by a step ends the chain too and carries the step's name as `step` in its context.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from lakehouse_project.kernel.errors import LakehouseError

S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True)
class Stop(Generic[R]):
    """What a step returns when nothing is left to do, such as a file that was received before."""

    result: R


@dataclass(frozen=True)
class Chain(Generic[S, R]):
    """`cleanup` gets the subject as the last step that finished left it."""

    steps: tuple[Callable[[S], S | Stop[R]], ...]
    cleanup: Callable[[S], None] | None = None

    def run(self, subject: S) -> S | Stop[R]:
        try:
            for step in self.steps:
                outcome = self._run_step(step, subject)
                if isinstance(outcome, Stop):
                    return outcome
                subject = outcome
            return subject
        finally:
            if self.cleanup is not None:
                self.cleanup(subject)

    @staticmethod
    def _run_step(step: Callable[[S], S | Stop[R]], subject: S) -> S | Stop[R]:
        try:
            return step(subject)
        except LakehouseError as error:
            error.context.setdefault("step", getattr(step, "__name__", type(step).__name__))
            raise

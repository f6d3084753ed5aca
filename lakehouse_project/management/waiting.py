"""Waiting on the command line: progress bars on a terminal, a line per step elsewhere."""

import time
from collections.abc import Sequence

from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from lakehouse_project.progress import STAGES, Pipeline, Progress, require_worker

POLL_SECONDS = 0.25
LOOK_FOR_WORKER_AFTER = 15.0


def wait_for_all_stages(file_ids: Sequence[int]) -> None:
    """Return when gold, search and the lake have all that the files brought.

    Raises `StageFailed` if a stage fails, `NobodyWorks` if nothing moves and no worker answers.
    """
    pipeline = Pipeline(tuple(file_ids), since=timezone.now())
    last, moved = None, time.monotonic()
    with _Display(len(file_ids)) as display:
        while not (progress := pipeline.look()).is_done:
            if progress != last:
                last, moved = progress, time.monotonic()
                display.show(progress)
            elif time.monotonic() - moved > LOOK_FOR_WORKER_AFTER:
                require_worker()
                moved = time.monotonic()
            time.sleep(POLL_SECONDS)
        display.show(progress)


class _Display:
    """One bar per layer; without a terminal a line whenever a layer is done."""

    def __init__(self, files: int) -> None:
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._console = console
        self._tasks = {"bronze": self._bars.add_task("bronze", total=files)}
        self._tasks |= {stage: self._bars.add_task(stage, total=1, start=False) for stage in STAGES}
        self._done: set[str] = set()

    def __enter__(self) -> "_Display":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        self._bars.update(self._tasks["bronze"], completed=progress.loaded + progress.under_way)
        if progress.loaded < progress.files:
            return
        for stage in STAGES:
            self._bars.start_task(self._tasks[stage])
        self._finish("bronze", *(stage for stage in STAGES if stage not in progress.behind))

    def _finish(self, *layers: str) -> None:
        for layer in layers:
            if layer in self._done:
                continue
            self._done.add(layer)
            self._bars.update(self._tasks[layer], completed=self._bars.tasks[self._tasks[layer]].total)
            if not self._console.is_terminal:
                self._console.print(f"{layer} is up to date", highlight=False)

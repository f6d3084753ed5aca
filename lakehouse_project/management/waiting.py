"""Waiting on the command line, with a line that says for what."""

import time
from collections.abc import Sequence

from django.utils import timezone
from rich.console import Console

from lakehouse_project.progress import Pipeline, require_worker

POLL_SECONDS = 0.25
LOOK_FOR_WORKER_AFTER = 15.0


def wait_for_gold_and_search(file_ids: Sequence[int]) -> None:
    """Return when gold and search have all that the files brought.

    Raises `StageFailed` if a stage fails, `NobodyWorks` if nothing moves and no worker answers.
    """
    pipeline = Pipeline(tuple(file_ids), since=timezone.now())
    console = Console(stderr=True)
    stage, moved = "", time.monotonic()
    with console.status("") as status:
        while not (progress := pipeline.look()).is_done:
            if progress.waiting_for != stage:
                stage, moved = progress.waiting_for, time.monotonic()
                status.update(f"waiting for {stage}")
            elif time.monotonic() - moved > LOOK_FOR_WORKER_AFTER:
                require_worker()
                moved = time.monotonic()
            time.sleep(POLL_SECONDS)

"""`lakehouse reconcile`"""

from argparse import ArgumentParser
from typing import Any

from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand
from search.domain import Drift
from search.services import Reconcile


class Command(LakehouseCommand):
    help = "Compare the search server with the rows: what it lacks, has too much or has of an older version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="send again what differs")

    def handle(self, *_args: Any, repair: bool, **_options: Any) -> None:
        drifts = resolve(Reconcile)(is_repaired=repair)
        width = max(map(len, drifts))
        for alias, drift in drifts.items():
            self.stdout.write(f"{alias:<{width}}  {_told(drift)}")
        if any(drifts.values()):
            if not repair:
                raise SystemExit(1)
            self.stdout.write("What differs is sent again by the worker.")


def _told(drift: Drift) -> str:
    differing = ", ".join(f"{count:,} {name}" for name, count in drift.counts.items() if count)
    return f"{drift.compared:,} passages, {differing or 'the same'}"

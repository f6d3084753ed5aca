"""`lakehouse operations [list|show|cancel]`"""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from governance.models import Run
from governance.operations.repositories import Operations
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "What was asked for, and what the pipeline does: list it, look at one, cancel one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        steps = parser.add_subparsers(dest="step", metavar="list|show|cancel")
        listing = steps.add_parser("list", help="newest first; the default")
        listing.add_argument("--kind", help="only of this kind, such as ingest, rebuild, export")
        listing.add_argument("--state", choices=Run.State.values, help="only in this state")
        listing.add_argument("--limit", type=int, default=20, help="how many (default: %(default)s)")
        for name, text in (
            ("show", "how far one is"),
            ("cancel", "let one that waits not begin, one at work stop"),
        ):
            steps.add_parser(name, help=text).add_argument("id", type=UUID)

    def handle(self, *_args: Any, step: str | None, **options: Any) -> None:
        operations = resolve(Operations)
        if step == "show":
            self.stdout.write("\n".join(_whole(operations.get(options["id"], None))))
        elif step == "cancel":
            run = operations.cancel(options["id"], None)
            self.stdout.write(run.message or "It stops at its next step.")
        else:
            self._list(operations, options)

    def _list(self, operations: Operations, options: dict[str, Any]) -> None:
        window = slice(0, options.get("limit") or 20)
        found = operations.rows(None, kind=options.get("kind"), state=options.get("state")).page(window)
        for run in (Run(**row) for row in found.items):
            self.stdout.write(
                f"{run.pk}  {run.kind:<10} {run.state:<9} {run.progress:>4.0%}  {_outcome(run)}"
            )
        if not found.items:
            self.stdout.write("There is none.")


def _outcome(run: Run) -> str:
    counts = ", ".join(
        f"{count:,} {name}" for name, count in run.counts.items() if isinstance(count, int) and count
    )
    return run.message or counts


def _whole(run: Run) -> Iterator[str]:
    shown = {
        "kind": run.kind,
        "state": f"{run.state}{', to be cancelled' if run.cancel_requested_at and not run.finished_at else ''}",
        "progress": f"{run.progress:.0%}",
        "of": ", ".join(
            f"{name} {value}" for name, value in run.inputs.items() if value not in ("", [], None)
        ),
        "outcome": _outcome(run),
        "asked for by": run.requested_by,
        "created": run.created_at,
        "started": run.started_at,
        "finished": run.finished_at,
    }
    yield from (f"{name:<13} {value}" for name, value in shown.items() if value)

"""`lakehouse undo FILE_ID`"""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from bronze.domain import Undone, UndoneRecord
from bronze.services import PreviewUndo, UndoFile
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand


class Command(LakehouseCommand):
    help = "Take a loaded file back: put back what it updated, remove what it inserted, leave what was changed since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file_id", type=int, metavar="FILE_ID", help="the number of the file")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, file_id: int, yes: bool, **_options: Any) -> None:
        if not yes:
            self._ask(resolve(PreviewUndo)(file_id))
        undone = resolve(UndoFile)(file_id)
        self.stdout.write(f"File {file_id} ({undone.file.name}) is undone.")
        self.stdout.write("\n".join(_told(undone)))

    def _ask(self, plan: Undone) -> None:
        self.stdout.write(f"Undo file {plan.file.id} ({plan.file.name} -> {plan.file.dataset}):")
        self.stdout.write("\n".join(_told(plan)))
        try:
            answer = input("Go on? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was undone.")


def _told(plan: Undone) -> Iterator[str]:
    groups = {
        "restored": (plan.restored, "as they were before the file"),
        "removed": (plan.removed, "not there before the file"),
        "left": (plan.left, "changed since"),
    }
    for name, (group, meaning) in groups.items():
        yield f"  {group.count:,} {name} ({meaning})"
        yield from (f"    {_shown(record)}" for record in group.records if record.reason)
    if plan.waiting:
        yield f"  {plan.waiting:,} valid records that need a removed one wait for it in quarantine"


def _shown(record: UndoneRecord) -> str:
    """A key as a terminal can print it, and who changed the record."""
    key = record.key.encode("unicode_escape").decode() if not record.key.isprintable() else record.key
    return f"{key}: {record.reason}{f' by {record.user}' if record.user else ''}"

"""`lakehouse reindex`"""

from argparse import ArgumentParser
from typing import Any

from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.bars import progress_bar
from lakehouse_project.management.command import LakehouseCommand
from search.domain import ENTITIES, INDEXES
from search.services import RebuildIndexes


class Command(LakehouseCommand):
    help = "Build the indexes of the search server anew from the rows, while the old ones answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--entity",
            action="append",
            choices=ENTITIES,
            default=[],
            help="only this entity; may be repeated",
        )

    def handle(self, *_args: Any, entity: list[str], **_options: Any) -> None:
        rebuild = resolve(RebuildIndexes)
        with progress_bar("building the indexes") as show:
            wanted = [index for index in INDEXES if not entity or index.entity in entity]
            counts = rebuild(wanted, on_progress=show)
        width = max(map(len, counts))
        for alias, count in counts.items():
            self.stdout.write(f"{alias:<{width}}  {count:>10,} passages")

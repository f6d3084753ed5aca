"""`lakehouse rebuild --layer LAYER`"""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand

from gold.services import RefreshMarts, RefreshViews, WriteFiles
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.bars import bar
from silver.services import RebuildStar


class Command(BaseCommand):
    help = "Build a layer anew from the one below it. It gives the same content as the increments did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--layer", choices=("silver", "gold"), required=True, help="what to build anew")

    def handle(self, *_args: Any, layer: str, **_options: Any) -> None:
        counts = self._silver() if layer == "silver" else self._gold()
        changed = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        self.stdout.write(f"{layer} is rebuilt: {changed or 'everything was right already'}.")

    def _silver(self) -> Mapping[str, int]:
        with bar("refining") as show:
            return resolve(RebuildStar)(show).counts

    def _gold(self) -> Mapping[str, int]:
        with bar("computing the marts") as show:
            refreshed = resolve(RefreshMarts).everything(show)
            resolve(RefreshViews)()
            resolve(WriteFiles)()
        return refreshed.rows

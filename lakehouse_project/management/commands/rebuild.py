"""`lakehouse rebuild --layer LAYER`"""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from gold.services import RefreshMarts, RefreshViews, WriteFiles
from lake.services import PublishLake
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.bars import progress_bar
from lakehouse_project.management.command import LakehouseCommand
from silver.services import RebuildStar


class Command(LakehouseCommand):
    help = "Build a layer anew from the one below it. It gives the same content as the increments did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--layer", choices=("silver", "gold", "lake"), required=True, help="what to build anew"
        )

    def handle(self, *_args: Any, layer: str, **_options: Any) -> None:
        rebuild = {"silver": self._silver, "gold": self._gold, "lake": self._lake}[layer]
        counts = rebuild()
        changed = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        self.stdout.write(f"{layer} is rebuilt: {changed or 'everything was right already'}.")

    def _silver(self) -> Mapping[str, int]:
        with progress_bar("refining") as show:
            return resolve(RebuildStar)(show).counts

    def _lake(self) -> Mapping[str, int]:
        with Console(stderr=True).status("publishing"):
            return resolve(PublishLake).everything().rows

    def _gold(self) -> Mapping[str, int]:
        with progress_bar("computing the marts") as show:
            refreshed = resolve(RefreshMarts).everything(show)
            resolve(RefreshViews)()
            resolve(WriteFiles)()
        return refreshed.rows

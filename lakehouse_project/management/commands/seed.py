"""`lakehouse seed`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from bronze.repositories import SourceFiles
from bronze.seeding import write_seed
from bronze.services import SeedLake
from governance.services import track
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.bars import progress_bar
from lakehouse_project.management.command import LakehouseCommand
from lakehouse_project.management.waiting import wait_for_all_stages


class Command(LakehouseCommand):
    help = "Generate a company's data as files of every kind and load them. Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scale", type=float, default=1.0, help="1 means 1,000 users and 20,000 order lines"
        )
        parser.add_argument(
            "--seed", type=int, default=42, help="the same seed and scale give the same files"
        )
        parser.add_argument(
            "--wait", action="store_true", help="return when gold, search and the lake have the data"
        )
        parser.add_argument("--output", type=Path, help="only write the files into this folder")

    def handle(
        self, *_args: Any, scale: float, seed: int, wait: bool, output: Path | None, **_options: Any
    ) -> None:
        if scale <= 0 or seed < 0:
            raise CommandError("--scale must be above 0 and --seed not below 0.")
        if output is not None:
            files = write_seed(output, scale=scale, seed=seed)
            self.stdout.write(f"{len(files)} files written to {output}")
            return
        with track("seed", scale=scale, seed=seed) as run, progress_bar("seeding") as show:
            run.report.listener = show
            seeded = resolve(SeedLake)(scale=scale, seed=seed, on_progress=run.report)
            run.counts = {"files": len(seeded), "rows": sum(file.rows for file in seeded)}
        ids = [file.file_id for file in seeded]
        new = sum(not file.repeated for file in seeded)
        known = "" if new == len(ids) else f", {len(ids) - new} were here already"
        self.stdout.write(f"Scale {scale:g}, seed {seed}: {new} files received{known}")
        if wait:
            wait_for_all_stages(ids)
            self._report(ids)

    def _report(self, ids: list[int]) -> None:
        """A line per data set: what became of its rows."""
        for dataset, receipt in resolve(SourceFiles).receipts(ids).items():
            self.stdout.write(f"  {dataset:<16} {receipt.summary()}")

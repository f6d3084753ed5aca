"""`lakehouse rates`"""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from bronze.enrichment.sources import RateFile
from bronze.services.rates import RUN, FetchRates
from governance.services import track
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand
from lakehouse_project.management.waiting import wait_for_all_stages


class Command(LakehouseCommand):
    help = "Fetch exchange rates into bronze, from RATE_SOURCE or a file that was saved from such a service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        day = date.fromisoformat
        parser.add_argument(
            "--since", type=day, help="first day; else a week before the last known rate, of a file its first"
        )
        parser.add_argument("--until", type=day, help="last day; else today")
        parser.add_argument("--file", type=Path, help="read this file (JSON of Frankfurter) instead")
        parser.add_argument(
            "--wait", action="store_true", help="return when gold, search and the lake have the rates"
        )

    def handle(
        self,
        *_args: Any,
        since: date | None,
        until: date | None,
        file: Path | None,
        wait: bool,
        **_options: Any,
    ) -> None:
        source = None
        if file is not None:
            source, since = RateFile(file), since or date.min
        with track(RUN) as run:
            fetched = resolve(FetchRates)(since=since, until=until, source=source)
            run.counts, run.message = fetched.counts, fetched.note
        if fetched.file:
            known = " (the same rates had been received before)" if fetched.file.repeated else ""
            self.stdout.write(
                f"{fetched.rates:,} rates until {fetched.last_day}: file {fetched.file.id}{known}"
            )
        if fetched.note:
            self.stdout.write(fetched.note)
        if wait and fetched.file:
            wait_for_all_stages([fetched.file.id])

"""`lakehouse backup-cost`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from lake.backups.cost.document import document
from lake.backups.cost.model import Assumptions, Inputs, cheapest, estimates, prices, recommended
from lake.backups.cost.units import days, gigabytes, gigabytes_a_day
from lake.backups.depot import Depot
from lake.backups.domain import StoredBackup
from lakehouse_project.kernel.errors import InvalidInput, TransientError
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand

LEAST_BYTES = 50_000_000
"""A smaller database is mostly catalogue, and says nothing of how rows compress."""


class Command(LakehouseCommand):
    help = "Compare what logical dumps, base backups with WAL, and volume snapshots cost, from size, growth and retention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", required=True, help="of the database today: 100GB")
        parser.add_argument("--growth", required=True, help="of the database: 2GB/day")
        parser.add_argument("--retention", default="30,90", help="days that backups are kept: 30,90")
        parser.add_argument("--rto", type=float, default=4.0, help="hours within which all has to be back")
        parser.add_argument("--rpo", type=float, default=24.0, help="hours of work that may be lost")
        parser.add_argument("--hour-cost", type=float, default=60.0, help="of whoever looks after it, in USD")
        parser.add_argument("--assume", action="store_true", help="measure nothing on backups that are there")
        parser.add_argument(
            "--output", type=Path, help="write the analysis to this file, as docs/cost-analysis.md"
        )

    def handle(self, *_args: Any, output: Path | None, **options: Any) -> None:
        if options["rto"] <= 0 or options["rpo"] <= 0 or options["hour_cost"] < 0:
            raise InvalidInput("--rto and --rpo are hours above 0, --hour-cost is 0 or more.")
        assumed = Assumptions() if options["assume"] else measured()
        inputs = Inputs(
            size_gb=gigabytes(options["size"]),
            growth_gb_day=gigabytes_a_day(options["growth"]),
            rto_hours=options["rto"],
            rpo_hours=options["rpo"],
            assumed=assumed.model_copy(update={"hour_usd": options["hour_cost"]}),
        )
        retention = days(options["retention"])
        if output is not None:
            output.write_text(document(inputs, retention, prices(), _command(options)), encoding="utf-8")
            self.stdout.write(f"Written: {output}.")
            return
        for window in retention:
            self._compare(inputs, window)
        self.stdout.write(
            f"List prices of {prices().region} as noted in {prices().as_of}: check them. "
            "--output writes down every input and formula."
        )

    def _compare(self, inputs: Inputs, window: int) -> None:
        best = cheapest(estimates(inputs, window, prices()), inputs)
        choice = recommended(best, inputs)
        self.stdout.write(f"{window} days:")
        for each in best:
            mark = "→" if each == choice else " "
            cost = f"${each.month_usd:,.2f} a month, ${each.total_usd:,.2f} with upkeep"
            self.stdout.write(
                f"{mark} {each.strategy:<20} {cost:<40} {each.stored_gb:>10,.1f} GB  restore "
                f"{each.restore_hours:>6,.1f} h  RPO {each.rpo_hours:>5.2f} h  {each.storage_class}"
            )


def measured() -> Assumptions:
    """Compression and restore rate of the newest backup that is large enough to say something; else what is assumed."""
    try:
        found = resolve(Depot).find().backups
    except TransientError:  # the bucket cannot be reached, and the analysis needs no bucket
        return Assumptions()
    large = [backup for backup in found if backup.manifest.database_bytes >= LEAST_BYTES]
    return _measured_on(large[0]) if large else Assumptions()


def _measured_on(backup: StoredBackup) -> Assumptions:
    manifest, verification = backup.manifest, backup.verification
    source = f"measured on backup {backup.id}"
    found = Assumptions(dump_ratio=manifest.dump.size / manifest.database_bytes, dump_ratio_source=source)
    if verification is None or not verification.is_good:
        return found
    rate = manifest.database_bytes / 1e6 / verification.seconds
    return found.model_copy(update={"restore_mb_s": rate, "restore_source": source})


def _command(options: dict[str, Any]) -> str:
    limits = "".join(
        f" --{name.replace('_', '-')} {options[name]:g}"
        for name, usual in (("rto", 4), ("rpo", 24), ("hour_cost", 60))
        if options[name] != usual
    )
    assume = " --assume" if options["assume"] else ""
    return (
        f"lakehouse backup-cost --size {options['size']} --growth {options['growth']} "
        f"--retention {options['retention']}{limits}{assume}"
    )

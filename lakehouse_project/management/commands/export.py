"""`lakehouse export SOURCE`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import CommandError

from governance.services import track
from lakehouse_project.exports.domain import Compression, Wanted
from lakehouse_project.exports.services import Exported, WriteExport
from lakehouse_project.exports.tasks import EXPORT
from lakehouse_project.kernel.masking import PERMISSION, SECRET_PERMISSION
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import Format
from lakehouse_project.management.bars import progress_bar
from lakehouse_project.management.command import LakehouseCommand


class Operator:
    """Who works on the machine itself sees every list; what is masked elsewhere only if it is asked for."""

    def __init__(self, *, is_clear: bool) -> None:
        self._is_clear = is_clear

    def has_perm(self, perm: str) -> bool:
        return self._is_clear or perm not in (PERMISSION, SECRET_PERMISSION)


class Command(LakehouseCommand):
    help = "Write a list to a file: records of a data set, a table of the star schema, a mart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source", metavar="SOURCE", help="bronze/users, silver/order-lines, gold/people/city-payroll, …"
        )
        parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where to write it")
        parser.add_argument("--format", choices=[*Format], default=Format.CSV, help="default: %(default)s")
        parser.add_argument("--compression", choices=get_args(Compression), default="none")
        parser.add_argument(
            "--filters", default="", metavar="QUERY", help="as the list takes them: 'city=Bonn&id__gt=5'"
        )
        parser.add_argument("--fields", default="", metavar="FIELD,…", help="only these, in this order")
        parser.add_argument(
            "--ordering", default="", metavar="FIELD,…", help="a minus before one for descending"
        )
        parser.add_argument(
            "--clear", action="store_true", help="personal and secret fields in clear, not masked"
        )

    def handle(self, *_args: Any, output: Path, clear: bool, **options: Any) -> None:
        lists = {name: [part for part in options[name].split(",") if part] for name in ("fields", "ordering")}
        given = {name: options[name] for name in ("source", "filters", "format", "compression")}
        wanted = Wanted(**given, **lists)
        if not output.parent.is_dir():
            raise CommandError(f"There is no folder {output.parent}.")
        written = self._write(wanted, Operator(is_clear=clear), output)
        self.stdout.write(f"{written.rows:,} rows, {written.size:,} bytes: {output}")

    def _write(self, wanted: Wanted, caller: Operator, output: Path) -> Exported:
        """Beside the file, and in its place once it is whole."""
        partial = output.with_name(f".{output.name}.part")
        inputs = wanted.model_dump(mode="json")
        try:
            with track(EXPORT, **inputs) as run, progress_bar(f"exporting {wanted.source}") as show:
                run.report.listener = show
                written = resolve(WriteExport)(wanted, caller, partial, run.report)
                run.counts = {"rows": written.rows, "bytes": written.size}
            partial.replace(output)
        finally:
            partial.unlink(missing_ok=True)
        return written

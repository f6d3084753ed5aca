"""`lakehouse ingest FILE...`"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from bronze.admission import Overrides
from bronze.documents import Documents
from bronze.domain import Preview, ReceivedFile, in_line
from bronze.repositories import SourceFiles
from bronze.services import PreviewFile, ReceiveFiles
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand
from lakehouse_project.management.sources import Source, named_sources
from lakehouse_project.management.waiting import wait_for_all_stages

EXIT_CODES = (
    "Exit status: 0 if every file was received, and with --wait loaded; 1 if one was refused or failed, the others are "
    "taken all the same; 2 for arguments that make no sense."
)


class Command(LakehouseCommand):
    help = (
        "Load files into bronze; silver, gold and search follow by themselves. A folder stands for the files in it, "
        "hidden and half-written ones aside; - stands for standard input."
    )

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, epilog=EXIT_CODES, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files",
            nargs="+",
            metavar="FILE",
            help="CSV, JSON, NDJSON, Parquet, PDF, text; also as gzip or zip. A folder, a pattern such as '*.csv', or -",
        )
        parser.add_argument("--name", help="what standard input is called, such as jobs.csv")
        parser.add_argument("--dataset", help="the data set; found by file name or columns if left out")
        parser.add_argument("--delimiter", help="of CSV: a character, or comma, semicolon, tab, vertical bar")
        parser.add_argument("--encoding", help="of text, such as utf-8 or cp1252")
        parser.add_argument("--header", choices=("yes", "no"), help="whether CSV begins with a header")
        parser.add_argument(
            "--header-line",
            metavar="N",
            help="the line of CSV, from 1, that is the header, below titles or notes",
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="which field a column stands for, such as 'First name=full_name'; may be given several times",
        )
        parser.add_argument(
            "--record-path", metavar="NAME", help="of JSON: the member whose elements are the rows"
        )
        parser.add_argument(
            "--wait", action="store_true", help="return when gold, search and the lake have the data"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what loading would do, and keep nothing"
        )

    def handle(
        self,
        *_args: Any,
        files: list[str],
        name: str | None,
        dataset: str | None,
        wait: bool,
        dry_run: bool,
        **options: Any,
    ) -> None:
        names = ("delimiter", "encoding", "header", "header_line", "record_path")
        overrides = Overrides.of_texts(**{name: options[name] for name in names}, columns=options["column"])
        with named_sources(files, name) as sources:
            if not sources:
                raise CommandError(
                    f"There is no file in {', '.join(_shown(Path(given)) for given in files)}."
                )
            if dry_run:
                refused = self._preview(sources, dataset, overrides)
            else:
                refused = self._load(sources, dataset, overrides, wait=wait)
        if refused:
            sys.exit(1)

    def _load(self, sources: list[Source], dataset: str | None, overrides: Overrides, *, wait: bool) -> int:
        """How many were refused or failed."""
        received, refused = self._receive(sources, dataset, overrides)
        if wait and received:
            wait_for_all_stages([file.id for _path, file in received])
        return refused + [self._report(path, file, loaded=wait) for path, file in received].count(False)

    def _receive(
        self, sources: list[Source], dataset: str | None, overrides: Overrides
    ) -> tuple[list[tuple[Path, ReceivedFile]], int]:
        """The files that were taken, those of an archive one by one, and how many sources were refused."""
        receive = resolve(ReceiveFiles)
        received, refused = [], 0
        for source in sources:
            sent = [(source.path, source.name)]
            try:
                files = receive(sent, via="command", dataset=dataset, overrides=overrides)
            except LakehouseError as error:
                self._refuse(source.shown, error)
                refused += 1
            else:
                received += [(_in_archive(source.shown, file), file) for file in files]
        return received, refused

    def _refuse(self, path: Path, error: LakehouseError) -> None:
        self.stderr.write(f"{_shown(path)}: {error.message}")
        for line in error.errors:
            self.stderr.write(f"  {line.field}: {line.message}")

    def _preview(self, sources: list[Source], dataset: str | None, overrides: Overrides) -> int:
        """Tell what loading each would do; how many would be refused."""
        preview, refused = resolve(PreviewFile), 0
        for source in sources:
            try:
                seen = preview(source.path, name=source.name, dataset=dataset, overrides=overrides)
            except LakehouseError as error:
                self._refuse(source.shown, error)
                refused += 1
            else:
                self.stdout.write("\n".join(_told(source.shown, seen)))
        return refused

    def _report(self, path: Path, file: ReceivedFile, *, loaded: bool) -> bool:
        """Print what became of a file; False if it failed."""
        (now,) = resolve(Documents).with_status([resolve(SourceFiles).get(file.id)])
        if now.state == "failed":
            self.stderr.write(f"{_shown(path)}: {now.error}")
            return False
        again = f" (the same bytes came before, as file {file.id}: nothing to do)" if file.repeated else ""
        self.stdout.write(
            f"{_shown(path)} -> {file.dataset}: {now.receipt.summary() if loaded or file.repeated else 'received'}{again}"
        )
        for line in _remarks(file, now):
            self.stdout.write(f"  {line}")
        return True


def _remarks(file: ReceivedFile, now: ReceivedFile) -> Iterator[str]:
    """What was found out while a file was loaded, and whether the text of a document could be read."""
    if now.document_status not in (None, "ok", "pending"):
        yield f"its text: {now.document_status}. {now.document_message}".rstrip()
    elif not file.repeated:
        yield from now.detected[len(file.detected) :]


def _in_archive(path: Path, file: ReceivedFile) -> Path:
    """The path to show for a file: that of the archive and its name therein, or that of the file itself."""
    member = file.name.partition("/")[2]
    return path / member if member else path


def _told(path: Path, seen: Preview) -> Iterator[str]:
    """What a dry run found, line by line."""
    yield f"{_shown(path)} -> {seen.dataset}: would be {seen.receipt.summary()}"
    if seen.received_as:
        yield f"  the same bytes came before, as file {seen.received_as}: nothing to do"
    yield from (f"  {line}" for line in seen.detected)
    for row in seen.rows:
        yield from (f"  {in_line(row.line, error['message'])}" for error in row.errors)
    for update in seen.updates:
        changes = ", ".join(change.field for change in update.changes)
        conflict = f" (edited by staff: {', '.join(update.conflicts)})" if update.conflicts else ""
        yield f"  {update.key} would change: {changes}{conflict}"


def _shown(path: Path) -> str:
    """A path as a terminal can print it, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()

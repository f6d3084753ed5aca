"""What the commands share that write documentation from the code."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from lakehouse_project.management.command import LakehouseCommand

NOTICE = "<!-- Written by `lakehouse {command}`; do not edit. -->"


class GenerateCommand(LakehouseCommand):
    """Writes generated files, or with `--check` only says which are not up to date. Needs no database."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if a file is out of date"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder = docs_folder()
        files = {folder / name: text for name, text in self.files().items()}
        drifted = [path for path, text in files.items() if _read(path) != text]
        names = ", ".join(str(path.relative_to(folder.parent)) for path in drifted)
        if options["check"] and drifted:
            raise CommandError(f"Out of date: {names}. Run the command without --check.")
        for path in drifted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        self.stdout.write(f"Written: {names}." if drifted else "Up to date.")

    def files(self) -> Mapping[str, str]:
        """Path below `docs/` -> text."""
        raise NotImplementedError


def docs_folder() -> Path:
    """The `docs` folder of the clone. Raises `CommandError` where an installed wheel runs."""
    folder: Path = settings.PACKAGE_DIR.parent / "docs"
    if not folder.is_dir():
        raise CommandError(f"There is no {folder}: documentation is written in a clone of the repository.")
    return folder


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None

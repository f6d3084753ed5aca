"""`lakehouse cleanup --what lake|athena|backups|local|all`"""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from rich.console import Console
from rich.filesize import decimal

from lake.athena.links import Links
from lake.athena.site import AthenaSite
from lake.cleanup import (
    AthenaObjects,
    Found,
    LocalFolder,
    StoredObjects,
    Target,
    WholeBucket,
    remaining,
    removed,
)
from lake.storage import S3Storage, Storage
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.asking import require_word
from lakehouse_project.management.command import LakehouseCommand

PREFIXES = {
    "athena": ("athena/", "athena-results/"),
    "lake": ("lake/", "hive/", "queries/"),
    "backups": ("backups/",),
}
FOLDERS = ("output", "exports", "cache", "tmp")
"""Of the state folder: what can be made again."""
KINDS = ("athena", "lake", "backups", "local")


class Command(LakehouseCommand):
    help = "Remove published tables, what Athena knows of them, backups or local output. Never the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--what", required=True, choices=(*KINDS, "all"), help="what is to go")
        parser.add_argument(
            "--bucket",
            action="store_true",
            help="with --what all: delete the bucket too, with the original files in it",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what is there")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, what: str, bucket: bool, dry_run: bool, yes: bool, **_options: Any) -> None:
        if bucket and what != "all":
            raise CommandError("--bucket goes with --what all: the bucket holds all of it.")
        targets = list(_targets(what, with_bucket=bucket))
        found = {target: target.look() for target in targets}
        for target, contents in found.items():
            self.stdout.write(f"{target.name:<8} {target.where}: {_told(contents)}")
        full = [target for target in targets if not found[target].is_nothing]
        if dry_run or not full:
            self.stdout.write("There is nothing to remove." if not full else "Nothing was removed.")
            return
        if not yes:
            self._ask(what, full, with_bucket=bucket)
        with Console(stderr=True).status("removing"):
            for target in removed(full):
                self.stdout.write(f"removed  {target.where}")
            left = remaining(targets)
        if left:
            raise CommandError(f"Still there: {', '.join(target.where for target in left)}. Run it again.")
        self.stdout.write("Listed again: nothing is left.")

    def _ask(self, what: str, full: Sequence[Target], *, with_bucket: bool) -> None:
        word = (
            next((t.storage.bucket for t in full if isinstance(t, WholeBucket)), what)
            if with_bucket
            else what
        )
        require_word(word, f"Type {word} to remove it: ", "Nothing was removed.")


def _targets(what: str, *, with_bucket: bool) -> Iterator[Target]:
    """Athena first: its tables point to the files. With `all` only where it was set up: other stores have none."""
    kinds = KINDS if what == "all" else (what,)
    storage = resolve(Storage)
    if what == "athena" or ("athena" in kinds and resolve(Links).is_marked()):
        yield AthenaObjects(name="athena", site=resolve(AthenaSite))
    for kind, prefixes in PREFIXES.items():
        if kind in kinds:
            yield from (StoredObjects(name=kind, storage=storage, prefix=prefix) for prefix in prefixes)
    if "local" in kinds:
        for folder in FOLDERS:
            yield LocalFolder(name="local", folder=settings.LAKEHOUSE_HOME / folder)
    if with_bucket:
        if not isinstance(storage, S3Storage):
            raise CommandError("The storage is a folder, not a bucket: leave out --bucket.")
        yield WholeBucket(name="bucket", storage=storage)


def _told(found: Found) -> str:
    if found.is_nothing:
        return "nothing"
    parts = [f"{found.items:,} things, {decimal(found.size)}"]
    parts += [f"{found.older:,} older versions"] if found.older else []
    parts += [f"{found.unfinished:,} unfinished uploads"] if found.unfinished else []
    return ", ".join(parts)

"""What the arguments of `lakehouse ingest` stand for: files, the files in folders, patterns, standard input."""

import glob
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management.base import CommandError

from bronze.services.inbox import is_finished_name

STDIN = "-"
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """`name`: what the file is called; `shown`: how the user knows it."""

    path: Path
    name: str
    shown: Path


@contextmanager
def named_sources(arguments: Sequence[str], stdin_name: str | None) -> Iterator[list[Source]]:
    """The files that are meant, for as long as the block lasts. Raises `CommandError`."""
    if arguments.count(STDIN) > 1:
        raise CommandError("Standard input (-) can be read only once.")
    if stdin_name and STDIN not in arguments:
        raise CommandError("--name is for standard input: say - as the file.")
    with ExitStack() as stack:
        found = []
        for argument in arguments:
            if argument == STDIN:
                path = stack.enter_context(_standard_input(sys.stdin.buffer))
                found.append(Source(path, stdin_name or "stdin", Path(stdin_name or STDIN)))
            else:
                found += [Source(path, path.name, path) for path in _expanded(argument)]
        yield found


def _expanded(argument: str) -> Iterator[Path]:
    """The shell may have left a pattern as it is; a file may be called like one."""
    matching: list[str] = []
    if not os.path.lexists(argument):
        matching = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  a Path takes no absolute pattern
    for path in matching or [argument]:
        yield from _files(Path(path))


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or the files in a folder: not hidden, finished, and not set aside by the inbox."""
    if not path.is_dir():
        yield path
        return
    inbox = settings.LAKEHOUSE_HOME / "inbox"
    for folder, folders, names in os.walk(path):
        is_inbox = Path(folder).resolve() == inbox.resolve()
        aside = {"done", "failed"} if is_inbox else set()
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in aside)
        found = (Path(folder, name) for name in sorted(names) if is_finished_name(name))
        yield from (file for file in found if file.is_file())


@contextmanager
def _standard_input(stream: IO[bytes]) -> Iterator[Path]:
    """A file with the bytes; of too many, no more than admission needs to refuse them."""
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="stdin-") as out:
        try:
            while out.tell() <= settings.MAX_UPLOAD_BYTES and (piece := stream.read(PIECE_BYTES)):
                out.write(piece)
            out.flush()
        except OSError as error:
            raise CommandError(f"Standard input cannot be kept: {error.strerror}.") from error
        yield Path(out.name)

"""Files through the door and into the raw records, with the services as they run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from bronze.domain import ReceivedFile
from bronze.models import RawRecord
from bronze.repositories import SourceFiles
from bronze.services import LoadFile, ReceiveFile
from lakehouse_project.kernel.services import resolve


@dataclass(frozen=True)
class Intake:
    folder: Path

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def receive(self, name: str, content: bytes | str, dataset: str | None = None) -> ReceivedFile:
        return resolve(ReceiveFile)(self.file(name, content), name=name, via="command", dataset=dataset)

    def load(self, name: str, content: bytes | str, dataset: str | None = None) -> ReceivedFile:
        """The file as it is after loading, with its receipt."""
        received = self.receive(name, content, dataset)
        resolve(LoadFile)(received.id)
        return resolve(SourceFiles).get(received.id)

    def rows(self, dataset: str, *rows: dict[str, Any]) -> ReceivedFile:
        """Load rows by a file, which unlike the API may have columns that no contract knows."""
        return self.load(f"{dataset}.ndjson", "".join(f"{json.dumps(row)}\n" for row in rows), dataset)


def counts(file: ReceivedFile) -> dict[str, int]:
    """The receipt without what is zero."""
    return {name: count for name, count in file.receipt.model_dump().items() if count}


def records(dataset: str) -> dict[str, dict[str, Any]]:
    """key -> fields of the valid records."""
    rows = RawRecord.objects.filter(dataset=dataset, status="valid")
    return dict(rows.order_by("key").values_list("key", "effective"))


def everything(dataset: str) -> list[tuple[Any, ...]]:
    """All there is of a data set, but where and when it came from."""
    rows = RawRecord.objects.filter(dataset=dataset).order_by("key")
    return list(rows.values_list("key", "payload", "raw_text", "status", "errors"))


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

"""The inbox as a prefix of an S3 bucket."""

import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bronze.admission import require_size
from bronze.errors import FileChanged
from bronze.services.inbox import Dropped, Folder, free_names, is_finished_name, reason_name
from lake.s3 import Bucket, ObjectChanged, StoredObject


@dataclass(frozen=True, kw_only=True)
class DropBucket:
    """Objects below `prefix`, which is empty or ends with a slash. Larger ones than `max_bytes` are not downloaded."""

    bucket: Bucket
    prefix: str
    scratch: Path
    max_bytes: int
    via: ClassVar[str] = "s3"

    @property
    def where(self) -> str:
        return f"s3://{self.bucket.name}/{self.prefix}"

    def waiting(self, datasets: Collection[str]) -> Iterable[Dropped]:
        objects, folders = self.bucket.listed(self.prefix)
        yield from self._dropped(objects, None)
        for folder in folders:
            dataset = folder.removeprefix(self.prefix).removesuffix("/")
            if dataset in datasets:
                yield from self._dropped(self.bucket.listed(folder)[0], dataset)

    def _dropped(self, objects: Iterable[StoredObject], dataset: str | None) -> Iterator[Dropped]:
        for stored in objects:
            name = stored.key.rpartition("/")[2]
            if name and is_finished_name(name):
                yield Dropped(stored.key, name, dataset, stored)

    @contextmanager
    def fetched(self, dropped: Dropped) -> Iterator[Path]:
        stored = _stored(dropped)
        require_size(dropped.name, stored.size, self.max_bytes)
        with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="s3-") as out, _noticing_changes(dropped):
            self.bucket.download(stored, out)
            out.flush()
            yield Path(out.name)

    def set_aside(self, dropped: Dropped, folder: Folder, reason: str = "") -> None:
        target = next(
            filter(self._is_free, (f"{self.prefix}{folder}/{name}" for name in free_names(dropped.name)))
        )
        with _noticing_changes(dropped):
            self.bucket.move(_stored(dropped), target)
        if reason:
            self.bucket.write(reason_name(target), f"{reason}\n")

    def _is_free(self, key: str) -> bool:
        return not self.bucket.has(key) and not self.bucket.has(reason_name(key))


def _stored(dropped: Dropped) -> StoredObject:
    if not isinstance(dropped.version, StoredObject):
        raise TypeError(f"{dropped.place} is of another inbox.")
    return dropped.version


@contextmanager
def _noticing_changes(dropped: Dropped) -> Iterator[None]:
    try:
        yield
    except ObjectChanged as error:
        raise FileChanged(f"{dropped.name} has been replaced or taken away.") from error

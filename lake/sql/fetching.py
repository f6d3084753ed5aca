"""The files of a table as local paths: where they lie, or a copy of those in a bucket. It stays good: files never change."""

import hashlib
import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from deltalake.fs import DeltaStorageHandler

from lake.errors import LakeUnavailable
from lake.sql.domain import MB, human_bytes, local_root
from lake.sql.errors import QueryTooLarge
from lake.sql.snapshots import Snapshot

THREADS = 8
IN_USE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class LocalFiles:
    """`folder` keeps copies, `megabytes` of them; what was not asked for longest goes first, save what is in use."""

    folder: Path
    megabytes: int

    def of(self, snapshot: Snapshot, rows: Sequence[int]) -> list[str]:
        """Paths of these files. Raises `LakeUnavailable`, `QueryTooLarge`."""
        root, paths = local_root(snapshot.uri), snapshot.paths(rows)
        if root is not None:
            return [str(root / unquote(path)) for path in paths]
        home = self.folder / hashlib.sha256(snapshot.uri.encode()).hexdigest()[:24]
        copies = [home / path for path in paths]
        sizes = snapshot.sizes(rows)
        missing = [each for each in zip(paths, copies, sizes, strict=True) if not _is_kept(each[1])]
        self._make_room(sum(size for _, _, size in missing))
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda each: _copy(snapshot, each[0], each[1]), missing))
        return [str(copy) for copy in copies]

    def _make_room(self, wanted: int) -> None:
        limit = self.megabytes * MB
        if wanted > limit:
            raise QueryTooLarge(
                f"The files are {human_bytes(wanted)} in the bucket, more than the {human_bytes(limit)} that are kept here "
                "(LAKE_CACHE_MB). Choose fewer partitions, or run it on Athena."
            )
        kept = sorted(
            (found.stat().st_atime, found.stat().st_size, found) for found in self.folder.rglob("*.parquet")
        )
        total = sum(size for _, size, _ in kept) + wanted
        for asked, size, copy in kept:
            if total <= limit or time.time() - asked < IN_USE_SECONDS:
                return
            copy.unlink(missing_ok=True)
            total -= size


def _is_kept(copy: Path) -> bool:
    """Whether it is there; it counts as asked for now."""
    try:
        os.utime(copy)
    except FileNotFoundError:
        return False
    return True


def _copy(snapshot: Snapshot, path: str, copy: Path) -> None:
    """Whole or not at all."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = copy.with_name(f".{uuid.uuid4().hex}.partial")
    store = DeltaStorageHandler.from_table(snapshot.delta._table, snapshot.options, {})  # noqa: SLF001  as its own to_pyarrow_dataset does
    try:
        with store.open_input_file(path) as source, partial.open("wb") as out:
            while piece := source.read(MB):
                out.write(piece)
        partial.replace(copy)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise LakeUnavailable(
            f"A file of the table {snapshot.name} could not be fetched: {error}. Run the query again."
        ) from error

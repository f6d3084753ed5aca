"""The published tables as their readers need them: where they are, what is in them, how to get there."""

from dataclasses import dataclass
from typing import Any

from lake.delta import DeltaLog, table_key
from lake.domain import TableFacts, TableState
from lake.errors import UnknownTable
from lake.manifests import CATALOGUE, manifest_key, read_manifest
from lake.repositories import PublishedTables
from lake.storage import Storage


@dataclass(frozen=True, kw_only=True)
class LakeTables:
    """Read the lake: `facts` are remembered in the database, of the tables that the storage still has; `state` reads a log.

    `location(name)` and `storage.options()` are what `polars.scan_delta` and `DeltaTable` take. The paths of
    `state(name).files` are relative to the location. `manifest(name)` is the plain Hive catalogue: the prefix of each
    partition, with the counts and the sha256 of its files.
    """

    storage: Storage
    published: PublishedTables

    def facts(self) -> list[TableFacts]:
        """All published tables, by name. Those that somebody has taken away are none."""
        there = {stored.key for stored in self.storage.list(CATALOGUE)}
        return [table for table in self.published.all() if manifest_key(table.name) in there]

    def get(self, name: str) -> TableFacts:
        """Raises `UnknownTable`."""
        return self.published.get(name)

    def location(self, name: str) -> str:
        """A local path, or `s3://bucket/prefix/lake/name`."""
        return self.storage.uri(table_key(name))

    def state(self, name: str) -> TableState:
        """The newest version. Raises `UnknownTable` or `LakeUnavailable`."""
        self.get(name)
        state = DeltaLog(storage=self.storage, name=name).state()
        if state is None:
            raise UnknownTable(
                f"The table {name} has been taken away from {self.storage.where}. Run `lakehouse rebuild --layer lake`."
            )
        return state

    def manifest(self, name: str) -> dict[str, Any]:
        """See `lake.manifests.write_manifest`. Raises `UnknownTable`."""
        self.get(name)
        try:
            return read_manifest(self.storage, name)
        except FileNotFoundError as error:
            raise UnknownTable(
                f"The catalogue of {name} has been taken away from {self.storage.where}. "
                "Run `lakehouse rebuild --layer lake`."
            ) from error

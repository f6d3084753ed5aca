"""The published tables as their readers need them: where they are, what is in them, how to get there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.visibility import ANYTHING, hidden, holds_any
from lake.delta import DeltaLog, table_key
from lake.domain import TableFacts, TableState
from lake.errors import UnknownTable
from lake.manifests import CATALOGUE, Catalogue, manifest_key
from lake.repositories import PublishedTables, unknown
from lake.storage import Storage


@dataclass(frozen=True, kw_only=True)
class LakeTables:
    """Read the lake: `facts` are remembered in the database, of the tables that the storage still has; `state` reads a log.

    `location(name)` and `storage.options()` are what `polars.scan_delta` and `DeltaTable` take. The paths of
    `state(name).files` are relative to the location. `manifest(name)` is the plain Hive catalogue: the prefix of each
    partition, with the counts and the sha256 of its files.

    A table that holds anything of a data set that is hidden from whoever asks is not there. `origins` are the data sets of
    each table; one that has none there may hold anything.
    """

    storage: Storage
    published: PublishedTables
    origins: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def facts(self) -> list[TableFacts]:
        """All published tables, by name. Those that somebody has taken away are none."""
        there = {stored.key for stored in self.storage.list(CATALOGUE)}
        return [
            table
            for table in self.published.all()
            if manifest_key(table.name) in there and not self._is_hidden(table.name)
        ]

    def datasets(self, name: str) -> frozenset[str]:
        """The data sets that a table is made of."""
        return self.origins.get(name, frozenset({ANYTHING}))

    def get(self, name: str) -> TableFacts:
        """Raises `UnknownTable`."""
        if self._is_hidden(name):
            raise unknown(name)
        return self.published.get(name)

    def _is_hidden(self, name: str) -> bool:
        return holds_any(self.datasets(name), hidden())

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
        """See `lake.manifests.Catalogue.read`. Raises `UnknownTable`."""
        self.get(name)
        try:
            return Catalogue(storage=self.storage, name=name).read()
        except FileNotFoundError as error:
            raise UnknownTable(
                f"The catalogue of {name} has been taken away from {self.storage.where}. "
                "Run `lakehouse rebuild --layer lake`."
            ) from error

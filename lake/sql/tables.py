"""The published tables, as queries know them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lake.sql.domain import TableAddress
from lake.storage import Storage

FOLDER = "lake/"
LOG = "/_delta_log/"


@dataclass(frozen=True, kw_only=True)
class StoredTables:
    """Every Delta table right below `lake/` in the storage."""

    storage: Storage

    def addresses(self) -> Sequence[TableAddress]:
        options = self.storage.options()
        return [TableAddress(name, self.storage.uri(FOLDER + name), options) for name in self._names()]

    def _names(self) -> list[str]:
        keys = (found.key for found in self.storage.list(FOLDER))
        return sorted({key.removeprefix(FOLDER).split("/", 1)[0] for key in keys if LOG in key})

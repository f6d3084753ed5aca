"""Files that list the Parquet files of a partition, at a place that follows from its values: for partition projection, which
works out where a partition is and cannot be told.

A list is replaced as a whole, so that a query sees the former or the present files of a partition.
"""

import json
from dataclasses import dataclass
from typing import Literal

from lake.athena.tables import HiveTable
from lake.storage import Storage

FOLDER = "athena/links/"
MARK = "athena/links/set-up.json"
Hive = Literal["partitions", "projection"]


@dataclass(frozen=True, kw_only=True)
class Links:
    """`athena/links/<table>/year=…/month=…/day=…/files` in the storage, and whether Athena was set up."""

    storage: Storage

    def write(self, table: HiveTable) -> str:
        """Bring the lists up to date; where they are. Those that name what they should are left alone."""
        known = self._known(table.name)
        wanted = {self._folder(table, values): list(files) for values, files in table.files.items()}
        for folder, files in wanted.items():
            if known.get(folder) != files:
                self._put(f"{folder}files", "\n".join(files) + "\n")
        for folder in known.keys() - wanted.keys():
            self.storage.delete(f"{folder}files")
        self._put(self._index(table.name), json.dumps(wanted))
        return f"{self.storage.uri(FOLDER + table.name)}/"

    def mark(self, hive: Hive | None) -> None:
        """Remember that Athena was set up, and how its Hive tables are made, which follow each publish from then on."""
        self._put(MARK, json.dumps({"hive": hive or self.hive()}))

    def is_marked(self) -> bool:
        return self._mark() is not None

    def hive(self) -> Hive | None:
        """How the Hive tables are made; None where there are none."""
        return (self._mark() or {}).get("hive")

    def _mark(self) -> dict[str, Hive | None] | None:
        try:
            with self.storage.open(MARK) as file:
                return dict(json.loads(file.read()))
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        self.storage.delete_prefix("athena/")

    def _folder(self, table: HiveTable, values: tuple[int, ...]) -> str:
        pairs = zip(table.partition_by, values, strict=True)
        return f"{FOLDER}{table.name}/{'/'.join(f'{part}={value}' for part, value in pairs)}/"

    def _index(self, name: str) -> str:
        return f"athena/{name}.json"

    def _known(self, name: str) -> dict[str, list[str]]:
        try:
            with self.storage.open(self._index(name)) as file:
                return dict(json.loads(file.read()))
        except FileNotFoundError:
            return {}

    def _put(self, key: str, text: str) -> None:
        with self.storage.write(key) as out:
            out.write(text.encode())

"""The plain Hive catalogue: for each table a JSON file that says where its partitions are now.

A reader that knows no Delta log takes the prefixes from there. The partitions themselves stand in parts, one for all that
differ in the last partition column alone (the days of a month). A publish writes the parts that it concerns anew, each under
another name, and then replaces the file that names the parts: it costs the same however many partitions there are, and what
an earlier version named stays until the grace time is over.
"""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from lake.delta import as_columns, table_key
from lake.domain import DataFile, TableHead, TableState, Values
from lake.storage import Storage

CATALOGUE = "hive/"
PARTS_FOLDER = "_hive/"
"""Below the table. Readers of Delta leave alone what begins with an underscore."""
READERS = 8

Entry = dict[str, Any]
"""A partition: its values, the prefix that holds its files, its rows, and its files with bytes, rows and sha256."""


def manifest_key(name: str) -> str:
    return f"{CATALOGUE}{name}.json"


@dataclass(frozen=True)
class Root:
    """What the file of a table says. `parts`: values of all but the last partition column -> path below the table."""

    head: TableHead
    transaction: int
    parts: Mapping[Values, str]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The catalogue of the table `name`. Its parts are read once."""

    storage: Storage
    name: str
    _known: dict[str, dict[Values, Entry]] = field(default_factory=dict)

    def root(self) -> Root | None:
        """None where there is none, or none that can be read."""
        try:
            with self.storage.open(manifest_key(self.name)) as source:
                return _root(json.loads(source.read()))
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def read(self) -> dict[str, Any]:
        """All of it, with the `partitions` in place of the parts. Raises `FileNotFoundError`, also for one that cannot be
        read, such as one of an earlier version; the next publish or vacuum makes it anew."""
        with self.storage.open(manifest_key(self.name)) as source:
            found: dict[str, Any] = json.loads(source.read())
        if "parts" not in found:
            raise FileNotFoundError(manifest_key(self.name))
        paths = [part["path"] for part in found.pop("parts")]
        with ThreadPoolExecutor(READERS) as pool:
            entries = [entry for part in pool.map(self._part, paths) for entry in part.values()]
        return found | {"partitions": entries}

    def files(self, root: Root, wanted: Collection[Values]) -> Mapping[Values, list[DataFile]]:
        """The files of those of the partitions that have any."""
        found = {values: self._entries(root, values[:-1]).get(values) for values in wanted}
        return {values: _files(entry, values) for values, entry in found.items() if entry}

    def write(self, state: TableState) -> TableHead:
        """Flip the catalogue to this version of the table."""
        by_part: dict[Values, dict[Values, Entry]] = {}
        for values, files in sorted(state.by_partition().items()):
            by_part.setdefault(values[:-1], {})[values] = _entry(state.partition_by, values, files)
        parts = self._written(state.head, by_part)
        self._flip(Root(state.head, state.transaction, parts))
        return state.head

    def move(self, root: Root, added: Iterable[DataFile], removed: Iterable[DataFile]) -> TableHead:
        """Flip it to the next version of the table: the partitions of these files have those that were added."""
        new, old = _grouped(added), _grouped(removed)
        head = _counted(root.head, new, old)
        touched: dict[Values, dict[Values, Entry]] = {}
        for values in sorted(new.keys() | old.keys()):
            part = values[:-1]
            entries = touched.setdefault(part, dict(self._entries(root, part)))
            entries.pop(values, None)
            if values in new:
                entries[values] = _entry(head.partition_by, values, new[values])
        written = self._written(head, {part: dict(sorted(each.items())) for part, each in touched.items()})
        kept = {part: path for part, path in root.parts.items() if part not in touched}
        self._flip(Root(head, root.transaction + 1, kept | written))
        return head

    def sweep(self, before: dt.datetime) -> None:
        """Delete the parts that are named no more, and were written before."""
        root = self.root()
        named = set(root.parts.values()) if root else set()
        place = f"{table_key(self.name)}/"
        for stored in list(self.storage.list(f"{place}{PARTS_FOLDER}")):
            if stored.key.removeprefix(place) not in named and stored.modified < before:
                self.storage.delete(stored.key)

    def _entries(self, root: Root, part: Values) -> Mapping[Values, Entry]:
        path = root.parts.get(part)
        return {} if path is None else self._part(path)

    def _part(self, path: str) -> dict[Values, Entry]:
        if path not in self._known:
            with self.storage.open(f"{table_key(self.name)}/{path}") as source:
                entries = json.loads(source.read())["partitions"]
            self._known[path] = {tuple((entry["values"] or {}).values()): entry for entry in entries}
        return self._known[path]

    def _written(self, head: TableHead, parts: Mapping[Values, Mapping[Values, Entry]]) -> dict[Values, str]:
        """The parts that have partitions, stored under new names."""
        publish, paths = uuid.uuid4().hex, {}
        for part, entries in parts.items():
            if not entries:
                continue
            pairs = zip(head.partition_by, part, strict=False)
            name = ",".join(f"{column}={value}" for column, value in pairs) or "all"
            paths[part] = f"{PARTS_FOLDER}{publish}/{name}.json"
            self._put(f"{table_key(self.name)}/{paths[part]}", {"partitions": list(entries.values())})
        return paths

    def _flip(self, root: Root) -> None:
        head = root.head
        said = {
            "table": self.name,
            "version": head.version,
            "transaction": root.transaction,
            "root": self.storage.uri(table_key(self.name)),
            "partition_by": list(head.partition_by),
            "columns": as_columns(head.schema),
            "schema": head.schema,
            "rows": head.rows,
            "bytes": head.size,
            "file_count": head.files,
            "partition_count": head.partitions,
            "parts": [
                {"values": _named(head.partition_by, part), "path": path}
                for part, path in sorted(root.parts.items())
            ],
        }
        self._put(manifest_key(self.name), said)

    def _put(self, key: str, content: Mapping[str, Any]) -> None:
        with self.storage.write(key) as out:
            out.write(json.dumps(content).encode())


def _root(said: Mapping[str, Any]) -> Root:
    head = TableHead(
        version=said["version"],
        schema=said["schema"],
        partition_by=tuple(said["partition_by"]),
        rows=said["rows"],
        size=said["bytes"],
        files=said["file_count"],
        partitions=said["partition_count"],
    )
    return Root(
        head, said["transaction"], {tuple(part["values"].values()): part["path"] for part in said["parts"]}
    )


def _named(columns: Sequence[str], values: Values) -> dict[str, int]:
    return dict(zip(columns, values, strict=False))


def _entry(columns: Sequence[str], values: Values, files: Collection[DataFile]) -> Entry:
    """`location` is relative to the table, and so are the paths of the files."""
    in_order = sorted(files, key=lambda file: file.path)
    return {
        "values": _named(columns, values) or None,
        "location": f"{in_order[0].folder}/",
        "rows": sum(file.rows for file in in_order),
        "files": [
            {"path": file.path, "bytes": file.size, "rows": file.rows, "sha256": file.sha256}
            for file in in_order
        ],
    }


def _files(entry: Entry, values: Values) -> list[DataFile]:
    return [DataFile(file["path"], file["bytes"], file["rows"], values) for file in entry["files"]]


def _grouped(files: Iterable[DataFile]) -> dict[Values, list[DataFile]]:
    found: dict[Values, list[DataFile]] = {}
    for file in files:
        found.setdefault(file.partition, []).append(file)
    return found


def _counted(
    head: TableHead, new: Mapping[Values, list[DataFile]], old: Mapping[Values, list[DataFile]]
) -> TableHead:
    added = [file for files in new.values() for file in files]
    removed = [file for files in old.values() for file in files]
    return replace(
        head,
        version=head.version + 1,
        rows=head.rows + sum(file.rows for file in added) - sum(file.rows for file in removed),
        size=head.size + sum(file.size for file in added) - sum(file.size for file in removed),
        files=head.files + len(added) - len(removed),
        partitions=head.partitions + len(new.keys() - old.keys()) - len(old.keys() - new.keys()),
    )

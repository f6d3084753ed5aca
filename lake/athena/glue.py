"""The catalogue of Glue: a database, its tables and their partitions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from lake.athena.errors import EXISTS, GONE, AthenaUnavailable, asked, code_of
from lake.athena.tables import HiveTable, partition_input

AT_ONCE, DELETED_AT_ONCE = 100, 25
"""Partitions per request, by the limits of Glue."""
COMMENT = "Published tables of a lakehouse. Made by `lakehouse lake athena setup`."


@dataclass(frozen=True)
class Flips:
    """What became of partitions."""

    added: int
    moved: int
    removed: int


@dataclass(frozen=True, kw_only=True)
class GlueCatalogue:
    """One database. Every method raises what `lake.athena.errors.asked` says."""

    client: Any
    database: str

    def create_database(self) -> bool:
        """Whether it is new."""
        with asked(f"create the database {self.database}"):
            try:
                self.client.create_database(DatabaseInput={"Name": self.database, "Description": COMMENT})
            except ClientError as error:
                if code_of(error) != EXISTS:
                    raise
                return False
        return True

    def exists(self) -> bool:
        with asked(f"look for the database {self.database}"):
            try:
                self.client.get_database(Name=self.database)
            except ClientError as error:
                if code_of(error) != GONE:
                    raise
                return False
        return True

    def tables(self) -> list[dict[str, Any]]:
        """As Glue has them; none if there is no database."""
        with asked(f"list the tables of {self.database}"):
            try:
                pages = self.client.get_paginator("get_tables").paginate(DatabaseName=self.database)
                return [table for page in pages for table in page["TableList"]]
            except ClientError as error:
                if code_of(error) != GONE:
                    raise
                return []

    def put_table(self, table: Mapping[str, Any]) -> None:
        """Create or replace the description of a table; its partitions stay."""
        with asked(f"create the table {table['Name']}"):
            try:
                self.client.create_table(DatabaseName=self.database, TableInput=table)
            except ClientError as error:
                if code_of(error) != EXISTS:
                    raise
                self.client.update_table(DatabaseName=self.database, TableInput=table)

    def flip(self, name: str, table: HiveTable) -> Flips:
        """Bring the partitions of `name` to where the catalogue of the lake says that they are now."""
        with asked(f"update the partitions of {name}"):
            known = dict(self._locations(name))
            wanted = table.locations
            added = [values for values in wanted if values not in known]
            moved = [values for values in wanted if values in known and known[values] != wanted[values]]
            removed = [values for values in known if values not in wanted]
            self._create(name, table, added)
            self._update(name, table, moved)
            self._delete(name, removed)
        return Flips(len(added), len(moved), len(removed))

    def delete_table(self, name: str) -> None:
        with asked(f"drop the table {name}"):
            _unless_gone(lambda: self.client.delete_table(DatabaseName=self.database, Name=name))

    def delete_database(self) -> None:
        with asked(f"drop the database {self.database}"):
            _unless_gone(lambda: self.client.delete_database(Name=self.database))

    def _locations(self, name: str) -> Iterator[tuple[tuple[int, ...], str]]:
        pages = self.client.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=name, ExcludeColumnSchema=True
        )
        for page in pages:
            for partition in page["Partitions"]:
                yield tuple(map(int, partition["Values"])), partition["StorageDescriptor"]["Location"]

    def _create(self, name: str, table: HiveTable, every: Collection[tuple[int, ...]]) -> None:
        for part in _batches(every, AT_ONCE):
            told = self.client.batch_create_partition(
                DatabaseName=self.database,
                TableName=name,
                PartitionInputList=[partition_input(table, values) for values in part],
            )
            _require_done(name, told)

    def _update(self, name: str, table: HiveTable, every: Collection[tuple[int, ...]]) -> None:
        for part in _batches(every, AT_ONCE):
            told = self.client.batch_update_partition(
                DatabaseName=self.database,
                TableName=name,
                Entries=[
                    {
                        "PartitionValueList": list(map(str, values)),
                        "PartitionInput": partition_input(table, values),
                    }
                    for values in part
                ],
            )
            _require_done(name, told)

    def _delete(self, name: str, every: Collection[tuple[int, ...]]) -> None:
        for part in _batches(every, DELETED_AT_ONCE):
            told = self.client.batch_delete_partition(
                DatabaseName=self.database,
                TableName=name,
                PartitionsToDelete=[{"Values": list(map(str, values))} for values in part],
            )
            _require_done(name, told)


def _batches(every: Collection[tuple[int, ...]], size: int) -> Iterator[Sequence[tuple[int, ...]]]:
    rest = iter(every)
    while part := list(islice(rest, size)):
        yield part


def _require_done(name: str, told: Mapping[str, Any]) -> None:
    """A batch of Glue answers 200 also where some of it failed."""
    if errors := told.get("Errors"):
        first = errors[0].get("ErrorDetail", {})
        raise AthenaUnavailable(
            f"Glue did not take {len(errors)} partitions of {name}: "
            f"{first.get('ErrorMessage') or first.get('ErrorCode')}. Run `lakehouse lake athena setup` again."
        )


def _unless_gone(delete: Any) -> None:
    try:
        delete()
    except ClientError as error:
        if code_of(error) != GONE:
            raise

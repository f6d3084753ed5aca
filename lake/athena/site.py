"""All that the lake has on Athena: work group, database, tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lake.athena.errors import asked, code_of, message_of
from lake.athena.glue import Flips, GlueCatalogue
from lake.athena.links import Hive, Links
from lake.athena.queries import AthenaQueries
from lake.athena.tables import HiveTable, delta_statement, partitioned_input, projected_input
from lake.sql.domain import MINIMUM_BYTES
from lake.sql.tables import sql_name
from lake.tables import LakeTables

ENGINE_VERSION = "Athena engine version 3"


@dataclass(frozen=True)
class SetUp:
    """A table that Athena knows, and what was done for it."""

    name: str
    kind: str
    flips: Flips | None = None


@dataclass(frozen=True)
class Dropped:
    """What was taken away."""

    tables: tuple[str, ...]
    database: str
    workgroup: str


@dataclass(frozen=True, kw_only=True)
class AthenaSite:
    """`results` is the s3:// address where the work group writes; `scan_bytes` what it lets one query read."""

    athena: Any
    glue: GlueCatalogue
    queries: AthenaQueries
    lake: LakeTables
    links: Links
    workgroup: str
    results: str
    scan_bytes: int

    def set_up(self, hive: Hive | None = None) -> list[SetUp]:
        """Make or mend all of it. With `hive` each table is there a second time, as `<name>_hive`, as plain Hive partitions
        whose places `follow` brings up to date after each publish. Delta tables need no such thing."""
        self._put_workgroup()
        self.glue.create_database()
        self.links.mark(hive)
        made = []
        for facts in self.lake.facts():
            name, location = sql_name(facts.name), self.lake.location(facts.name)
            self.queries.run(delta_statement(self.glue.database, name, location))
            made.append(SetUp(name, "delta"))
            if hive is not None and facts.partition_by:
                made.append(self._put_hive(facts.name, hive))
        return made

    def follow(self) -> list[SetUp]:
        """Bring the Hive tables, if there are any, to what is published now. Asks Glue alone."""
        hive = self.links.hive()
        if hive is None:
            return []
        return [self._put_hive(facts.name, hive) for facts in self.lake.facts() if facts.partition_by]

    def tables(self) -> list[dict[str, Any]]:
        """Tables as Glue has them."""
        return self.glue.tables()

    def drop(self) -> Dropped:
        """Take away tables, database and work group; files of the lake stay. What is gone already is no error."""
        names = tuple(str(table["Name"]) for table in self.glue.tables())
        for name in names:
            self.glue.delete_table(name)
        self.glue.delete_database()
        self._delete_workgroup()
        self.links.remove()
        return Dropped(names, self.glue.database, self.workgroup)

    def is_empty(self) -> bool:
        """Whether nothing of it is left."""
        return not self.glue.exists() and self.workgroup not in self._workgroups()

    def _put_hive(self, published: str, hive: Hive) -> SetUp:
        table = HiveTable.of(published, self.lake.manifest(published))
        name = f"{sql_name(published)}_hive"
        if hive == "projection":
            where = self.links.write(table)
            self.glue.put_table(projected_input(table, name, where))
            return SetUp(name, "hive, projected")
        self.glue.put_table(partitioned_input(table, name))
        return SetUp(name, "hive", self.glue.flip(name, table))

    def _put_workgroup(self) -> None:
        settings = {
            "ResultConfiguration": {"OutputLocation": self.results},
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": max(self.scan_bytes, MINIMUM_BYTES),
            "EngineVersion": {"SelectedEngineVersion": ENGINE_VERSION},
        }
        with asked(f"create the work group {self.workgroup}"):
            if self.workgroup not in self._workgroups():
                self.athena.create_work_group(
                    Name=self.workgroup, Configuration=settings, Description="Queries of a lakehouse."
                )
            elif not self._has(settings):
                updates = {**settings, "ResultConfigurationUpdates": settings["ResultConfiguration"]}
                del updates["ResultConfiguration"]
                self.athena.update_work_group(WorkGroup=self.workgroup, ConfigurationUpdates=updates)

    def _has(self, settings: dict[str, Any]) -> bool:
        """Athena adds to what it was told."""
        known = self.athena.get_work_group(WorkGroup=self.workgroup)["WorkGroup"]["Configuration"]
        engine = known.get("EngineVersion", {}).get("SelectedEngineVersion")
        result = known.get("ResultConfiguration", {}).get("OutputLocation")
        return (
            (engine, result) == (ENGINE_VERSION, self.results)
            and known.get("EnforceWorkGroupConfiguration") is True
            and known.get("BytesScannedCutoffPerQuery") == settings["BytesScannedCutoffPerQuery"]
        )

    def _delete_workgroup(self) -> None:
        with asked(f"drop the work group {self.workgroup}"):
            try:
                self.athena.delete_work_group(WorkGroup=self.workgroup, RecursiveDeleteOption=True)
            except ClientError as error:
                if (
                    "not found" not in message_of(error).lower()
                    or code_of(error) != "InvalidRequestException"
                ):
                    raise

    def _workgroups(self) -> Sequence[str]:
        with asked("list the work groups"):
            found: list[str] = []
            token: dict[str, str] = {}
            while True:
                page = self.athena.list_work_groups(**token)
                found += [str(group["Name"]) for group in page["WorkGroups"]]
                if not page.get("NextToken"):
                    return found
                token = {"NextToken": page["NextToken"]}

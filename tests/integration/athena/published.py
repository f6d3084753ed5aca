"""Tables published to a bucket, and the site on moto that serves them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import polars as pl

from lake.athena.clients import connect
from lake.athena.glue import GlueCatalogue
from lake.athena.links import Links
from lake.athena.queries import AthenaQueries
from lake.athena.site import AthenaSite
from lake.domain import PARTS, LakeColumn, TableFacts, TableSpec, Values
from lake.repositories import PublishedTables
from lake.services import PublishTable
from lake.storage import Storage
from lake.tables import LakeTables
from tests import lake_tables
from tests.s3 import access_to

ORDERS = lake_tables.orders(days=4, per_day=2)


@dataclass(frozen=True)
class FrameSource:
    """A frame as a source of a table."""

    name: str
    frame: pl.DataFrame
    partition_by: tuple[str, ...] = PARTS
    spec: TableSpec = field(init=False)

    def __post_init__(self) -> None:
        columns = tuple(
            LakeColumn(name, dtype)
            for name, dtype in self.frame.schema.items()
            if name not in self.partition_by
        )
        spec = TableSpec(
            name=self.name,
            comment="",
            columns=columns,
            partition_by=self.partition_by,
            sorted_by=(columns[0].name,),
        )
        object.__setattr__(self, "spec", spec)

    def news(self, *_: Any) -> Any:
        raise NotImplementedError

    def counts(self, _partitions: Collection[Values] | None) -> Mapping[Values, int]:
        if not self.partition_by:
            return {(): self.frame.height}
        return {
            tuple(values): count for *values, count in self.frame.group_by(self.partition_by).len().rows()
        }

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        if not self.partition_by:
            return self.frame
        wanted = pl.DataFrame(partitions, schema=dict.fromkeys(self.partition_by, pl.Int32), orient="row")
        return self.frame.join(wanted, on=list(self.partition_by), how="semi")


def publish(storage: Storage, orders: pl.DataFrame = ORDERS) -> None:
    marts = pl.DataFrame({"city": ["Berlin"], "user_count": [2]})
    for source in (FrameSource("order_lines", orders), FrameSource("city-payroll", marts, ())):
        head = PublishTable(storage=storage)(source, None).head
        facts = TableFacts(
            name=source.name,
            location=storage.uri(f"lake/{source.name}"),
            partition_by=source.partition_by,
            version=head.version,
            rows=head.rows,
            size=head.size,
            files=head.files,
            partitions=head.partitions,
            published_at=datetime.now(UTC),
        )
        PublishedTables().save([facts])


def site(address: str, storage: Storage, lake: LakeTables) -> AthenaSite:
    """A database and a work group of its own for each bucket."""
    clients = connect(access_to(address))
    own = storage.where.split("/")[2].replace("-", "_")
    return AthenaSite(
        athena=clients.athena,
        glue=GlueCatalogue(client=clients.glue, database=own),
        queries=queries(clients.athena, own),
        lake=lake,
        links=Links(storage=storage),
        workgroup=own,
        results=f"{storage.where}/athena-results/",
        scan_bytes=10**9,
    )


def queries(client: Any, own: str = "lakehouse", seconds: float = 5) -> AthenaQueries:
    return AthenaQueries(
        client=client, database=own, workgroup=own, seconds=seconds, wait=lambda _seconds: None
    )


def answer_next(
    address: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str | None]]
) -> None:
    """What moto shall answer to the next query."""
    told = [[name for name, _ in columns], *rows]
    result = {
        "rows": [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in told],
        "column_info": [
            {"CatalogName": "hive", "Name": name, "Label": name, "Type": kind, "Precision": 18, "Scale": 2}
            for name, kind in columns
        ],
    }
    body = {"results": [result], "region": "us-east-1", "account_id": "123456789012"}
    httpx.post(f"{address}/moto-api/static/athena/query-results", json=body).raise_for_status()

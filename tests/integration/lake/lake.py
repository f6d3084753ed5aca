"""Records refined and published, and the lake read back as others read it."""

import datetime as dt
from typing import Any

import polars as pl
from django.db import transaction

from gold.published import PublishedMarts
from governance.feed import ChangeFeed
from lake.domain import Published
from lake.repositories import PublishedTables
from lake.services import PublishLake, PublishTable, VacuumLake
from lake.storage import Storage
from lake.tables import LakeTables
from silver.published import Personal, PublishedFacts
from tests.integration.gold.warehouse import Bus, Clock, refresh_marts
from tests.integration.silver.warehouse import Warehouse

LINE = {
    "user_id": "u1",
    "status": "paid",
    "currency": "USD",
    "sku": "A",
    "quantity": "2",
    "unit_price": "1.25",
}


class Lake:
    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.warehouse = Warehouse()
        self.warehouse.empty(raw=True)
        self.feed = ChangeFeed("lake")
        self.bus = Bus()
        self.tables = LakeTables(storage=storage, published=PublishedTables())
        self.publish = self.publisher()

    def publisher(self, personal: Personal = "omit", storage: Storage | None = None) -> PublishLake:
        return PublishLake(
            layers=(PublishedFacts(personal), PublishedMarts()),
            publish=PublishTable(storage=storage or self.storage),
            tables=LakeTables(storage=storage or self.storage, published=PublishedTables()),
            published=PublishedTables(),
            feed=self.feed,
            events=self.bus,
            atomic=transaction.atomic,
        )

    def vacuum(self, hours: int = 0) -> int:
        service = VacuumLake(
            storage=self.storage,
            published=PublishedTables(),
            feed=self.feed,
            atomic=transaction.atomic,
            grace_hours=hours,
        )
        return service()

    def order(self, order_id: str, day: str, **values: Any) -> None:
        """A line of an order; the same id again changes it."""
        row = {**LINE, "order_id": order_id, "line_number": "1", "ordered_at": f"{day}T10:00:00Z", **values}
        self.warehouse.put("order_lines", row)

    def refine(self) -> None:
        while self.warehouse.refine():
            pass

    def refresh_marts(self) -> None:
        refresh_marts(self.bus, Clock(dt.datetime.now(dt.UTC)))()

    def bring(self) -> Published:
        """Refine and publish."""
        self.refine()
        return self.publish()

    def read(self, table: str) -> pl.DataFrame:
        """As polars reads it."""
        location, options = self.tables.location(table), self.storage.options()
        return pl.scan_delta(location, storage_options=options or None).collect()

    def counts(self) -> dict[tuple[int, int, int], int]:
        """Order lines by day."""
        counted = self.read("order_lines").group_by("year", "month", "day").len().sort("year", "month", "day")
        return {(year, month, day): count for year, month, day, count in counted.rows()}

    def folders(self, table: str = "order_lines") -> set[str]:
        """The prefixes of the partitions, as the catalogue has them."""
        partitions: Any = self.tables.manifest(table)["partitions"]
        return {partition["location"] for partition in partitions}

"""What is remembered of published tables."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lake.domain import TableFacts
from lake.errors import UnknownTable
from lake.models import PublishedTable


class PublishedTables:
    """On Django's default connection."""

    def all(self) -> list[TableFacts]:
        return [_facts(row) for row in PublishedTable.objects.values()]

    def stamps(self) -> Mapping[str, str]:
        """What the source of each table was like when it was published."""
        return dict(PublishedTable.objects.values_list("name", "stamp"))

    def get(self, name: str) -> TableFacts:
        """Raises `UnknownTable`."""
        row = PublishedTable.objects.filter(name=name).values().first()
        if row is None:
            raise unknown(name)
        return _facts(row)

    def save(self, tables: Iterable[TableFacts]) -> None:
        for table in tables:
            values = asdict(table)
            PublishedTable.objects.update_or_create(
                name=values.pop("name"), defaults=values | {"partition_by": list(table.partition_by)}
            )


def unknown(name: str) -> UnknownTable:
    return UnknownTable(
        f"The lake has no table {name!r}. GET /api/v1/lake/tables or `lakehouse lake tables` lists them."
    )


def _facts(row: Mapping[str, Any]) -> TableFacts:
    return TableFacts(**{**row, "partition_by": tuple(row["partition_by"])})

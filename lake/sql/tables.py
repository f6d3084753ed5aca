"""The published tables, as queries know them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lake.sql.domain import TableAddress
from lake.tables import LakeTables


@dataclass(frozen=True, kw_only=True)
class QueriedTables:
    """Every published table that whoever asks may see, under a name that SQL needs no quotes for."""

    lake: LakeTables

    def addresses(self) -> Sequence[TableAddress]:
        options = self.lake.storage.options()
        return [
            TableAddress(
                sql_name(facts.name),
                self.lake.location(facts.name),
                options,
                self.lake.datasets(facts.name),
            )
            for facts in self.lake.facts()
        ]


def sql_name(name: str) -> str:
    """`daily-revenue` is `daily_revenue` in SQL."""
    return name.replace("-", "_")

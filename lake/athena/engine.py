"""Athena as an engine of queries."""

from dataclasses import dataclass
from typing import ClassVar

from lake.athena.queries import AthenaQueries
from lake.sql.domain import Actual, Answer
from lake.sql.estimating import Prepared


@dataclass(frozen=True, kw_only=True)
class AthenaEngine:
    """Runs the query as it was written, which DuckDB has parsed and estimated before: what both understand."""

    queries: AthenaQueries
    rows: int
    name: ClassVar[str] = "athena"

    def run(self, query: Prepared) -> Answer:
        """Raises what `AthenaQueries.run` raises."""
        execution = self.queries.run(query.statement.sql)
        table, truncated = self.queries.rows(execution, self.rows)
        actual = Actual(bytes=execution.scanned, partitions=None, milliseconds=execution.milliseconds)
        return Answer(table, truncated, actual)

    def plan(self, query: Prepared) -> str:
        """The plan of Athena as text."""
        execution = self.queries.run(f"EXPLAIN {query.statement.sql}")
        table, _ = self.queries.rows(execution, self.rows)
        return "\n".join(str(row) for row in table.column(0).to_pylist())

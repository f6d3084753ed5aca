"""Who runs a query."""

from typing import ClassVar, Protocol

from lake.sql.domain import Answer
from lake.sql.estimating import Prepared


class Engine(Protocol):
    """Runs what was looked at and may run."""

    name: ClassVar[str]

    def run(self, query: Prepared) -> Answer: ...

    def plan(self, query: Prepared) -> str:
        """How the engine would run it, for people."""

"""Dropping what was left behind on the search server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from search.collections import Collections
from search.ports import IndexAdmin

log = structlog.get_logger(__name__)

GRACE = timedelta(hours=1)
"""How old a collection must be that nobody knows: a younger one may be about to be noted."""


@dataclass(frozen=True, kw_only=True)
class DropUnknown:
    """Drop collections of ours that no alias leads to and that the database does not know.

    They stay where a process ended between making one and noting it, and where the database is an older one. `oldest` gives
    the stamp of those that are `GRACE` old.
    """

    admin: IndexAdmin
    collections: Collections
    oldest: Callable[[], str]

    def __call__(self) -> None:
        """Raises EngineUnavailable, EngineRefused, EngineRejected."""
        unused = {name for name, stamp in self.admin.unused() if stamp < self.oldest()}
        for name in sorted(unused - self.collections.names()):
            log.warning("unknown_collection_dropped", collection=name)
            self.admin.drop(name)

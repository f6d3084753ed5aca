"""After a publish: the Hive partitions on Athena are moved to where the catalogue of the lake has them now."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.services import track
from lake.athena.links import Links
from lake.athena.site import AthenaSite

RUN = "athena"


@dataclass(frozen=True, kw_only=True)
class FollowPublish:
    """Does nothing where there are no Hive tables. One at a time, so that no partition moves backwards."""

    links: Links
    site: Callable[[], AthenaSite]
    atomic: Callable[[], AbstractContextManager[Any]]

    def __call__(self) -> None:
        """Raises what `lake.athena.errors.asked` says; its run says so, too."""
        if self.links.hive() is None:
            return
        with track(RUN) as run, self.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('lake athena', 0))")
            flips = [made.flips for made in self.site().follow() if made.flips]
            run.counts = {
                "added": sum(flip.added for flip in flips),
                "moved": sum(flip.moved for flip in flips),
                "removed": sum(flip.removed for flip in flips),
            }

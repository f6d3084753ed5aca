"""Looking at the star schema along its references: from facts to dimensions and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.rows import Placed, Row
from lakehouse_project.kernel.slices import Window
from silver.repositories.connected import ConnectedRows
from silver.services.reading import ReadStar, masked
from silver.star import StarTable


@dataclass(frozen=True, kw_only=True)
class FollowStar:
    """The rows that references name, for many at once. Personal columns are masked unless `is_personal_shown`."""

    connected: ConnectedRows

    def __call__(
        self, table: StarTable, keys: Iterable[Any], *, is_personal_shown: bool
    ) -> Mapping[Any, Row]:
        """The row of each surrogate key."""
        found = self.connected.by_key(table, keys)
        if is_personal_shown or not table.personal:
            return found
        return {key: masked(row, table.personal) for key, row in found.items()}


@dataclass(frozen=True, kw_only=True)
class ReadBehind:
    """The rows that refer to others, for many of those at once. Personal columns are masked unless `is_personal_shown`."""

    read: ReadStar
    connected: ConnectedRows

    def __call__(
        self,
        table: StarTable,
        reference: str,
        keys: Sequence[Any],
        listing: Listing,
        window: Window,
        *,
        is_personal_shown: bool,
    ) -> Mapping[Any, Placed]:
        """For each surrogate key the window of the rows of `table` whose `reference` it is."""
        rows = self.read(table, listing, is_personal_shown=is_personal_shown)
        return self.connected.behind(rows, reference, keys, window)

    def counts(
        self, table: StarTable, reference: str, keys: Iterable[Any], listing: Listing
    ) -> Mapping[Any, int]:
        """How many there are in all for each."""
        return self.connected.counts_behind(
            self.read(table, listing, is_personal_shown=False), reference, keys
        )

"""Looking at the star schema along its references: from facts to dimensions and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.keyset import Row, Slice, Wanted
from lakehouse_project.kernel.masking import mask
from silver.repositories.connected import ConnectedRows
from silver.star import StarTable


@dataclass(frozen=True, kw_only=True)
class BrowseStar:
    """Rows behind a cursor, the rows that references name, and the rows that refer to them, for many at once.

    Personal columns are masked unless `is_personal_shown`.
    """

    rows: ConnectedRows

    def slice(self, table: StarTable, wanted: Wanted, *, is_personal_shown: bool) -> Slice:
        return _shown(table, self.rows.slice(table, wanted), is_personal_shown=is_personal_shown)

    def count(self, table: StarTable, listing: Listing) -> int:
        return self.rows.count(table, listing)

    def referred(
        self, table: StarTable, keys: Iterable[Any], *, is_personal_shown: bool
    ) -> Mapping[Any, Row]:
        """The row of each surrogate key."""
        found = self.rows.by_key(table, keys)
        return {key: _seen(table, row, is_personal_shown=is_personal_shown) for key, row in found.items()}

    def slices_behind(
        self,
        table: StarTable,
        reference: str,
        keys: Sequence[Any],
        wanted: Wanted,
        *,
        is_personal_shown: bool,
    ) -> Mapping[Any, Slice]:
        """For each surrogate key, `wanted` of the rows whose `reference` it is."""
        found = self.rows.slices_behind(table, reference, keys, wanted)
        return {key: _shown(table, part, is_personal_shown=is_personal_shown) for key, part in found.items()}

    def counts_behind(
        self, table: StarTable, reference: str, keys: Iterable[Any], listing: Listing
    ) -> Mapping[Any, int]:
        return self.rows.counts_behind(table, reference, keys, listing)


def _shown(table: StarTable, part: Slice, *, is_personal_shown: bool) -> Slice:
    rows = [_seen(table, row, is_personal_shown=is_personal_shown) for row in part.rows]
    return replace(part, rows=rows)


def _seen(table: StarTable, row: Row, *, is_personal_shown: bool) -> Row:
    if is_personal_shown or not table.personal:
        return row
    return {name: mask(value) if name in table.personal else value for name, value in row.items()}

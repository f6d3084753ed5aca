"""Looking at the star schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.masking import mask
from lakehouse_project.kernel.pagination import PageOf
from silver.repositories.reading import StarRows
from silver.star import StarTable


@dataclass(frozen=True, kw_only=True)
class ReadStar:
    """One page of a dimension or fact."""

    rows: StarRows

    def __call__(
        self, table: StarTable, listing: Listing, window: slice, *, is_personal_shown: bool
    ) -> PageOf:
        """Rows as dicts by column, personal ones masked unless `is_personal_shown`."""
        page = self.rows.page(table, listing, window)
        if is_personal_shown or not table.personal:
            return page
        return PageOf(items=[_masked(row, table.personal) for row in page.items], count=page.count)


def _masked(row: Mapping[str, Any], personal: frozenset[str]) -> dict[str, Any]:
    return {name: mask(value) if name in personal else value for name, value in row.items()}

"""Looking at the star schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.masking import mask
from lakehouse_project.kernel.rows import Rows
from silver.repositories.reading import StarRows
from silver.star import StarTable


@dataclass(frozen=True, kw_only=True)
class ReadStar:
    """The rows of a dimension or fact."""

    rows: StarRows

    def __call__(self, table: StarTable, listing: Listing, *, is_personal_shown: bool) -> Rows:
        """Rows as dicts by column, personal ones masked unless `is_personal_shown`."""
        found = self.rows.rows(table, listing)
        if is_personal_shown or not table.personal:
            return found
        return found.each(lambda row: masked(row, table.personal))


def masked(row: Mapping[str, Any], personal: frozenset[str]) -> dict[str, Any]:
    """The row with the first character of what is personal."""
    return {name: mask(value) if name in personal else value for name, value in row.items()}

"""Reading a mart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gold.registry import Mart
from gold.repositories import MartReader, MartRows
from lakehouse_project.kernel.filters import Listing


@dataclass(frozen=True, kw_only=True)
class ReadMart:
    """The rows of a mart that match `values` of its parameters and the listing, the first `top` of them.

    Personal columns are masked unless `is_personal_shown`.
    """

    reader: MartReader

    def __call__(
        self,
        mart: Mart,
        values: Mapping[str, Any],
        listing: Listing = Listing(),  # noqa: B008  frozen
        *,
        top: int | None = None,
        is_personal_shown: bool,
    ) -> MartRows:
        named = {column.name: column for column in mart.columns}
        columns = [named[name] for name in listing.fields] if listing.fields else list(mart.columns)
        masked = frozenset(column.name for column in columns if column.is_personal and not is_personal_shown)
        return replace(self.reader.rows(mart, columns, values, listing, top), masked=masked)

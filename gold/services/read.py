"""Reading a mart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gold.registry import Mart
from gold.repositories import MartReader, MartRows


@dataclass(frozen=True, kw_only=True)
class ReadMart:
    """The rows of a mart that match `parameters`, with personal columns only for those who may see them."""

    reader: MartReader

    def __call__(self, mart: Mart, parameters: Mapping[str, Any], *, is_personal_shown: bool) -> MartRows:
        columns = tuple(column for column in mart.columns if is_personal_shown or not column.is_personal)
        lookups = {parameter.lookup: parameters.get(parameter.name) for parameter in mart.parameters}
        return self.reader.rows(
            mart, columns, {key: value for key, value in lookups.items() if value is not None}
        )

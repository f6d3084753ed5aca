"""What an export is of, and how it is to be written."""

from typing import Literal, Self
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_project.exports.errors import AlreadyCompressed
from lakehouse_project.kernel.tabular import Format

Compression = Literal["none", "gzip"]


class Wanted(BaseModel):
    """An export. `filters` are the query string of the list, as `GET` takes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(
        max_length=200,
        description="A list: `bronze/users`, `silver/order-lines`, `gold/sales/daily-revenue`; of a data set `bronze/NAME`.",
        examples=["bronze/users"],
    )
    filters: str = Field(
        "",
        max_length=8000,
        description="Which rows: the query string of the list, such as `city=Berlin&created_at__gte=2024-01-01T00:00:00Z`.",
        examples=["country=DE"],
    )
    fields: list[str] = Field(
        [], description="Only these, in this order. Empty: all.", examples=[["user_id", "city"]]
    )
    ordering: list[str] = Field([], description="Fields to order by, a minus before one for descending.")
    format: Format = Field(Format.CSV, description="json is an array of objects, arrow an Arrow IPC stream.")
    compression: Compression = Field("none", description="gzip for json, ndjson and csv.")

    @property
    def query(self) -> str:
        """The whole query string."""
        pairs = parse_qsl(self.filters.removeprefix("?"), keep_blank_values=True)
        pairs += [("fields", ",".join(self.fields))] if self.fields else []
        pairs += [("ordering", ",".join(self.ordering))] if self.ordering else []
        return urlencode(pairs)

    @property
    def ending(self) -> str:
        return f".{self.format}{'.gz' if self.compression == 'gzip' else ''}"

    @property
    def media_type(self) -> str:
        return "application/gzip" if self.compression == "gzip" else self.format.media_type

    def checked(self) -> Self:
        """Raises `AlreadyCompressed`."""
        if self.compression == "gzip" and not self.format.is_text:
            raise AlreadyCompressed(f"{self.format} is not compressed by gzip: leave `compression` out.")
        return self

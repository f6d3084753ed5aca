"""Page-number pagination of version 1: `page`, `page_size` -> `{"items": [...], "count": n}`."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from ninja import Field, Schema

Item = TypeVar("Item")

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
MAX_PAGE = 1_000_000_000


class PageQuery(Schema):
    """The part of the query string that chooses a page."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE

    @property
    def window(self) -> slice:
        start = (self.page - 1) * self.page_size
        return slice(start, start + self.page_size)


class Page(Schema, Generic[Item]):
    """One page, and how many items there are in all."""

    items: list[Item]
    count: int


@dataclass(frozen=True)
class PageOf:
    """One page of plain values, as repositories return it."""

    items: list[Any]
    count: int

"""Mart rows for answers and files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce

from gold.registry import Column, Mart, Source
from lakehouse_project.kernel.filters import Listing, as_q
from lakehouse_project.kernel.masking import mask
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.rows import Rows
from lakehouse_project.kernel.slices import SliceOf, Window
from silver.models import DimUser

TOTAL = "total_"
"""Begins the names of sums, because Django wants them to differ from the columns that are summed."""

EVERYTHING = Listing()


@dataclass(frozen=True)
class MartRows:
    """An answer that is read when it is asked for. The values of the columns in `masked` are masked.

    `ordering` leaves nothing open. `top`: only so many rows, which cannot be cut into slices.
    """

    queryset: "models.QuerySet[models.Model]"
    ordering: tuple[str, ...]
    columns: tuple[Column, ...]
    paths: tuple[str, ...]
    masked: frozenset[str] = frozenset()
    top: int | None = None

    def field_of(self, path: str) -> Any:
        """The model field of a column, or what its expression gives."""
        expression = self.queryset.query.annotations.get(path)
        return expression.output_field if expression else self.queryset.model._meta.get_field(path)

    def page(self, window: slice) -> PageOf:
        return PageOf(self._items(self.chosen.values(*self.paths)[window]), self.chosen.count())

    def cut(self, window: Window) -> SliceOf:
        return self.listed.cut(window)

    @property
    def listed(self) -> Rows:
        """All of them, whatever `top` says."""
        return Rows(self.queryset, self.ordering, self.paths, shown=self._items)

    @property
    def chosen(self) -> "models.QuerySet[models.Model]":
        """In order, the first `top`."""
        return self.queryset.order_by(*self.ordering)[: self.top]

    def _items(self, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        names = [column.name for column in self.columns]
        read = ([row[path] for path in self.paths] for row in rows)
        return [dict(zip(names, self._masked(tuple(row)), strict=True)) for row in read]

    def _masked(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Texts keep their first character, of other values nothing is left."""
        if not self.masked:
            return row
        return tuple(
            value if column.name not in self.masked else mask(value) if isinstance(value, str) else None
            for column, value in zip(self.columns, row, strict=True)
        )


class MartReader:
    """Reads on Django's default connection."""

    def rows(
        self,
        mart: Mart,
        columns: Sequence[Column],
        values: Mapping[str, Any] | None = None,
        listing: Listing = EVERYTHING,
        top: int | None = None,
    ) -> MartRows:
        """The rows of `mart` for the parameters `values`, as the listing narrows and orders them; the first `top`."""
        given = mart.given(values or {})
        source = next((parameter.source for parameter, _ in given if parameter.source), mart.source)
        lookups = {each.lookup: each.value(value) for each, value in given if each.lookup}
        paths = {column.name: _path(column.path, source) for column in (*mart.columns, *columns)}
        queryset = _select(source, models.Q(**lookups)).annotate(**_personal(columns))
        queryset = queryset.filter(*(as_q(each, paths[each.column.name]) for each in listing.conditions))
        ordering = tuple(_ordering(mart, source, listing, paths))
        read = tuple(paths[column.name] for column in columns)
        return MartRows(queryset, ordering, tuple(columns), read, top=top)


def _select(source: Source, lookups: models.Q) -> "models.QuerySet[Any]":
    rows: models.QuerySet[Any] = source.model._default_manager.filter(**source.where).order_by()
    if not source.keeps_groups:
        rows = rows.filter(lookups)
    sums = {
        name: _only(total, lookups) if source.keeps_groups else total for name, total in source.sums.items()
    }
    grouped: models.QuerySet[Any] = rows.values(*source.by) if source.by else rows
    annotated: models.QuerySet[Any] = grouped.annotate(
        **{f"{TOTAL}{name}": total for name, total in sums.items()}
    )
    return annotated


def _only(total: models.Aggregate, lookups: models.Q) -> Coalesce:
    """The sum of the rows that were asked for, 0 if there are none."""
    return Coalesce(type(total)(*total.get_source_expressions()[:1], filter=lookups or None), 0)


def _path(name: str, source: Source) -> str:
    return f"{TOTAL}{name}" if name in source.sums else name


def _personal(columns: Sequence[Column]) -> dict[str, models.Subquery]:
    """Names and addresses are read where they are kept, so that nothing has to be done to forget them here."""
    current = DimUser.objects.filter(user_id=models.OuterRef("user_id"), is_current=True, is_active=True)
    return {
        column.name: models.Subquery(current.values(column.name)[:1])
        for column in columns
        if column.name in ("full_name", "email")
    }


def _ordering(mart: Mart, source: Source, listing: Listing, paths: Mapping[str, str]) -> Iterator[str]:
    """What was asked for, then the order of the mart, which leaves nothing open."""
    for order in listing.ordering:
        yield f"{'-' if order.is_descending else ''}{paths[order.column.name]}"
    for name in mart.ordering:
        plain = name.removeprefix("-")
        yield f"{'-' if name != plain else ''}{_path(plain, source)}"

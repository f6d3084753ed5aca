"""Mart rows for answers and files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce

from gold.registry import Column, Mart, Source
from lakehouse_project.kernel.filters import Listing, as_q
from lakehouse_project.kernel.masking import mask
from lakehouse_project.kernel.pagination import PageOf
from silver.models import DimUser

TOTAL = "total_"
"""Begins the names of sums, because Django wants them to differ from the columns that are summed."""

EVERYTHING = Listing()


@dataclass(frozen=True)
class MartRows:
    """An answer that is read when it is asked for. The values of the columns in `masked` are masked."""

    queryset: "models.QuerySet[models.Model]"
    columns: tuple[Column, ...]
    paths: tuple[str, ...]
    masked: frozenset[str] = frozenset()

    def field_of(self, path: str) -> Any:
        """The model field of a column, or what its expression gives."""
        expression = self.queryset.query.annotations.get(path)
        return expression.output_field if expression else self.queryset.model._meta.get_field(path)

    def page(self, window: slice) -> PageOf:
        names = [column.name for column in self.columns]
        rows = self.queryset.values_list(*self.paths)[window]
        items = [dict(zip(names, self._masked(row), strict=True)) for row in rows]
        return PageOf(items, self.queryset.count())

    def stream(self) -> Iterator[tuple[Any, ...]]:
        """All rows, one by one, in constant memory."""
        return map(self._masked, self.queryset.values_list(*self.paths).iterator(chunk_size=2000))

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
        queryset = queryset.order_by(*_ordering(mart, source, listing, paths))
        return MartRows(queryset[:top], tuple(columns), tuple(paths[column.name] for column in columns))


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

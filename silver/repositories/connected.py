"""Reading the star schema along its references, many rows at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from lakehouse_project.kernel.filters import Column, Listing, as_q
from lakehouse_project.kernel.keyset import Row, Slice, Term, Wanted, behind, slice_of
from silver.star import StarTable

PER_PARENT = """
SELECT parent.key, found.*
FROM unnest(%s::bigint[]) WITH ORDINALITY AS parent (key, place),
    LATERAL (SELECT row_number() OVER () AS number, wanted.* FROM ({wanted}) AS wanted) AS found
ORDER BY parent.place, found.number
"""
"""The first rows of each parent: every one of them costs a look into the index of the reference, and no more rows."""

PARENT_KEY = RawSQL("parent.key", ())


class ConnectedRows:
    """Rows of the star schema, each a dict by column. The order ends with the surrogate key."""

    def slice(self, table: StarTable, wanted: Wanted) -> Slice:
        terms = _terms(table, wanted.listing)
        rows = _wanted(table, wanted, terms)
        return slice_of(list(rows.values(*_columns(table))), terms, wanted.first)

    def count(self, table: StarTable, listing: Listing) -> int:
        return _chosen(table, listing).count()

    def by_key(self, table: StarTable, keys: Iterable[Any]) -> dict[Any, Row]:
        """Surrogate key -> row."""
        pk = table.model._meta.pk.attname
        rows: QuerySet[Any] = QuerySet(table.model).filter(pk__in=set(keys))
        return {row[pk]: row for row in rows.values(*_columns(table))}

    def slices_behind(
        self, table: StarTable, reference: str, keys: Sequence[Any], wanted: Wanted
    ) -> dict[Any, Slice]:
        """The rows whose `reference` is each of `keys`, which may have none."""
        terms = _terms(table, wanted.listing)
        inner = _wanted(table, wanted, terms, **{reference: PARENT_KEY})
        columns = _columns(table)
        sql, params = inner.values_list(*columns).query.sql_with_params()
        found: dict[Any, list[Row]] = {key: [] for key in keys}
        with connection.cursor() as cursor:
            cursor.execute(PER_PARENT.format(wanted=sql), [list(found), *params])
            for parent, _number, *values in cursor.fetchall():
                found[parent].append(dict(zip(columns, values, strict=True)))
        return {key: slice_of(rows, terms, wanted.first) for key, rows in found.items()}

    def counts_behind(
        self, table: StarTable, reference: str, keys: Iterable[Any], listing: Listing
    ) -> Mapping[Any, int]:
        rows = _chosen(table, listing).filter(**{f"{reference}__in": set(keys)}).order_by()
        return defaultdict(int, rows.values_list(reference).annotate(count=Count("pk")))


def _chosen(table: StarTable, listing: Listing) -> QuerySet[Any]:
    rows: QuerySet[Any] = QuerySet(table.model)
    return rows.filter(*map(as_q, listing.conditions))


def _wanted(table: StarTable, wanted: Wanted, terms: Sequence[Term], **within: Any) -> QuerySet[Any]:
    """One row more than wanted, which tells whether others follow."""
    rows = _chosen(table, wanted.listing).filter(behind(terms, wanted.after), **within)
    return rows.order_by(*(term.order for term in terms))[: wanted.first + 1]


def _terms(table: StarTable, listing: Listing) -> list[Term]:
    pk = str(table.model._meta.pk.attname)
    asked = [Term(each.column, each.column.name, each.is_descending) for each in listing.ordering]
    return [*asked, Term(Column(pk, "integer"), pk)]


def _columns(table: StarTable) -> list[str]:
    return [str(field.attname) for field in table.model._meta.concrete_fields]

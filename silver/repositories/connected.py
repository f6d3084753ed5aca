"""Reading the star schema along its references, many rows at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from lakehouse_project.kernel.rows import Placed, Row, Rows, statement_of
from lakehouse_project.kernel.slices import Window
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
    """Rows that others refer to, and rows that refer to others."""

    def by_key(self, table: StarTable, keys: Iterable[Any]) -> dict[Any, Row]:
        """Surrogate key -> row."""
        pk, columns = (
            table.model._meta.pk.attname,
            [field.attname for field in table.model._meta.concrete_fields],
        )
        rows: QuerySet[Any] = QuerySet(table.model).filter(pk__in=set(keys))
        return {row[pk]: row for row in rows.values(*columns)}

    def behind(self, rows: Rows, reference: str, keys: Sequence[Any], window: Window) -> dict[Any, Placed]:
        """For each of `keys` the window of those rows whose `reference` it is."""
        of_parent = replace(rows, queryset=rows.queryset.filter(**{reference: PARENT_KEY}))
        found: dict[Any, list[Row]] = {key: [] for key in keys}
        wanted = statement_of(of_parent.following(window))
        if wanted is None:
            return {key: rows.placed([], window.limit) for key in found}
        sql, params = wanted
        with connection.cursor() as cursor:
            cursor.execute(PER_PARENT.format(wanted=sql), [list(found), *params])
            columns = [column.name for column in cursor.description or ()]
            for parent, _number, *values in cursor.fetchall():
                found[parent].append(dict(zip(columns[2:], values, strict=True)))
        return {key: rows.placed(read, window.limit) for key, read in found.items()}

    def counts_behind(self, rows: Rows, reference: str, keys: Iterable[Any]) -> Mapping[Any, int]:
        """For each of `keys` the number of those rows whose `reference` it is."""
        found = rows.queryset.filter(**{f"{reference}__in": set(keys)}).order_by()
        return defaultdict(int, found.values_list(reference).annotate(count=Count("pk")))

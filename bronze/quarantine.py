"""The quarantine: which records are in it and why, by filters; bounded, however many there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from bronze.domain import FailedRule, Selection
from bronze.models import RawRecord, SourceFile
from governance.visibility import hidden
from lakehouse_project.kernel.rows import statement_of

COUNTED = 10_000
"""So many records are counted; of more it is said that there are more."""

FILES_SHOWN = 20

COUNT_DATASETS = """
SELECT name, title, found.count FROM bronze_dataset, LATERAL (
    SELECT count(*) FROM (
        SELECT FROM bronze_rawrecord WHERE dataset_id = name AND status = 'quarantined' LIMIT %s
    ) AS first
) AS found
WHERE found.count > 0 AND name <> ALL(%s) ORDER BY title
"""

COUNT_REASONS = """
SELECT error ->> 'field', error ->> 'rule', count(*)
FROM ({newest}) AS newest, jsonb_array_elements(errors) AS error
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""

COUNT_FILES = """
SELECT source_file_id, count(*) FROM ({newest}) AS newest GROUP BY 1 ORDER BY 2 DESC, 1 DESC
"""


@dataclass(frozen=True)
class FileCount:
    """A file, None for the API, and how many records of it are quarantined."""

    id: int | None
    name: str
    count: int


@dataclass(frozen=True)
class Counts:
    """What is in the quarantine of a data set. `bounded`: only the newest records were counted."""

    total: int
    bounded: bool
    reasons: list[FailedRule]
    files: list[FileCount]


class Quarantine:
    """Quarantined records by filters."""

    def rows(self, selection: Selection) -> "QuerySet[RawRecord]":
        """In no order."""
        rows = RawRecord.objects.filter(dataset_id=selection.dataset, status=RawRecord.Status.QUARANTINED)
        if selection.file is not None:
            rows = rows.filter(source_file_id=selection.file)
        if error := _error(selection):
            rows = rows.filter(errors__contains=[error])
        if selection.up_to is not None:
            rows = rows.filter(pk__lte=selection.up_to)
        return rows.filter(pk__in=selection.ids) if selection.ids else rows

    def ids(self, selection: Selection, limit: int, *, hold: bool = False) -> list[int]:
        """The oldest `limit`; `hold` locks them for the transaction, in the order in which everybody does."""
        rows = self.rows(selection).order_by("id")
        rows = rows.select_for_update() if hold else rows
        return list(rows.values_list("id", flat=True)[:limit])

    def stored_names(self, ids: Sequence[int], names: Iterable[str]) -> list[str]:
        """Those of `names` that at least one of the records has as a field."""
        rows = RawRecord.objects.filter(pk__in=ids)
        return [name for name in names if rows.filter(effective__has_key=name).exists()]

    def datasets(self) -> list[tuple[str, str, int]]:
        """Name, title and count of every data set with quarantined records; a count above `COUNTED` means more."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT_DATASETS, [COUNTED + 1, list(hidden())])
            return list(cursor.fetchall())

    def counts(self, selection: Selection) -> Counts:
        """Of the newest records that the filters leave."""
        newest = self.rows(selection).order_by("-id").values("id", "errors", "source_file_id")[: COUNTED + 1]
        wanted = statement_of(newest)
        if wanted is None:
            return Counts(total=0, bounded=False, reasons=[], files=[])
        sql, params = wanted
        with connection.cursor() as cursor:
            cursor.execute(COUNT_REASONS.format(newest=sql), params)
            reasons = [
                FailedRule(field=field, rule=rule, count=count) for field, rule, count in cursor.fetchall()
            ]
            cursor.execute(COUNT_FILES.format(newest=sql), params)
            files = dict(cursor.fetchall())
        total = sum(files.values())
        return Counts(min(total, COUNTED), total > COUNTED, reasons, _named(files))


def _error(selection: Selection) -> dict[str, str]:
    wanted = {"field": selection.field, "rule": selection.rule}
    return {name: value for name, value in wanted.items() if value is not None}


def _named(counts: Mapping[int | None, int]) -> list[FileCount]:
    names: dict[Any, str] = dict(
        SourceFile.objects.filter(pk__in=[pk for pk in counts if pk]).values_list("id", "name")
    )
    return [FileCount(pk, names.get(pk, "API"), count) for pk, count in counts.items()][:FILES_SHOWN]

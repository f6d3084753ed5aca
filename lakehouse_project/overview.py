"""What is in each layer, in numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, models
from django.urls import reverse

from bronze.models import Document, RawRecord
from gold.registry import MARTS
from search.models import SearchDocument
from silver.models import FactEmployment, FactEvent, FactHire, FactOrderLine

FACTS = (FactHire, FactEmployment, FactOrderLine, FactEvent)
EXACT_BELOW = 200_000


@dataclass(frozen=True)
class Tile:
    """A number; `layer` colours it, `url` leads staff to the rows."""

    layer: str
    label: str
    count: int
    url: str


def tiles() -> list[Tile]:
    """The layers in the order of the pipeline."""
    records = reverse("admin:bronze_rawrecord_changelist")
    return [
        Tile("bronze", "raw records", _rows([RawRecord]), records),
        Tile("bronze", "in quarantine", _quarantined(), f"{records}?status__exact=quarantined"),
        Tile("bronze", "documents", Document.objects.count(), reverse("admin:bronze_document_changelist")),
        Tile("silver", "facts", _rows(FACTS), reverse("admin:app_list", args=["silver"])),
        Tile(
            "gold",
            "rows in marts",
            _rows({mart.model for mart in MARTS}),
            reverse("admin:app_list", args=["gold"]),
        ),
        Tile("search", "passages", _rows([SearchDocument]), reverse("search:page")),
    ]


def _quarantined() -> int:
    return RawRecord.objects.filter(status=RawRecord.Status.QUARANTINED).count()


def _rows(tables: Iterable[type[models.Model]]) -> int:
    """Rows of tables: exact while they are small, the planner's estimate where counting would take long."""
    return sum(_count(table) for table in tables)


def _count(table: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table._meta.db_table]
        )
        (estimate,) = cursor.fetchone()
    return int(estimate) if estimate > EXACT_BELOW else table._default_manager.count()

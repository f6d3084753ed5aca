"""The home page: what is in each layer, and what happened last."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bronze.models import Document, RawRecord, SourceFile
from gold.models import DepartmentHires
from gold.registry import MARTS, Mart
from governance.models import Run
from search.models import SearchDocument
from silver.models import FactEmployment, FactEvent, FactHire, FactOrderLine

LATEST = 8


@dataclass(frozen=True)
class Tile:
    """A number of the home page: `layer` colours it, `url` leads to the rows."""

    layer: str
    label: str
    count: int
    url: str


@dataclass(frozen=True)
class MartLink:
    """A mart of the home page, as JSON and as CSV."""

    group: str
    title: str
    url: str
    csv: str


def home(request: HttpRequest) -> HttpResponse:
    """Overview for everybody with a login."""
    context = {
        "tiles": _tiles(),
        "files": SourceFile.objects.select_related("dataset")[:LATEST],
        "runs": Run.objects.all()[:LATEST],
        "marts": [_mart_link(mart) for mart in MARTS],
    }
    return render(request, "home.html", context)


def _tiles() -> list[Tile]:
    quarantined = RawRecord.objects.filter(status=RawRecord.Status.QUARANTINED).count()
    facts = sum(
        _estimate(model._meta.db_table) for model in (FactHire, FactEmployment, FactOrderLine, FactEvent)
    )
    return [
        Tile("bronze", "raw records", _estimate(RawRecord._meta.db_table), "/admin/bronze/rawrecord/"),
        Tile("bronze", "in quarantine", quarantined, "/admin/bronze/rawrecord/?status__exact=quarantined"),
        Tile("bronze", "documents", Document.objects.count(), "/admin/bronze/document/"),
        Tile("silver", "facts", facts, "/admin/silver/"),
        Tile("search", "search documents", _estimate(SearchDocument._meta.db_table), "/search/"),
    ]


def _mart_link(mart: Mart) -> MartLink:
    """A link that answers: marts of one year show the last year that has hires."""
    needs_year = any(parameter.is_required for parameter in mart.parameters)
    query = f"?year={_last_year_of_hires()}&" if needs_year else "?"
    address = f"/api/v1/gold{mart.path}{query}"
    title = mart.name.replace("-", " ").capitalize()
    return MartLink(mart.group, title, address.rstrip("?&"), f"{address}format=csv")


def _last_year_of_hires() -> int:
    year: int | None = DepartmentHires.objects.aggregate(last=Max("year"))["last"]
    return year or timezone.now().year


def _estimate(table: str) -> int:
    """Rows of a table: exact while it is small, the planner's estimate once counting would take long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        (estimate,) = cursor.fetchone()
        if estimate > 200_000:
            return int(estimate)
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  our own table names
        (count,) = cursor.fetchone()
    return int(count)

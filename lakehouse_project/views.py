"""The home page, the marts as tables, and what the search found as pages."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from pydantic import ValidationError

from bronze.contracts import DOCUMENTS
from bronze.errors import RecordNotFound
from bronze.models import SourceFile
from bronze.presentation import visible_fields
from bronze.repositories import RawRecords
from gold.models import DepartmentHires
from gold.registry import MARTS, Mart
from gold.schemas import MartQuery, query_schema
from gold.services import ReadMart
from governance.models import PRIVATE, Run
from governance.repositories import visible_runs
from lakehouse_project.drawings import NAMES, drawing
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.permissions import view_permission
from lakehouse_project.kernel.services import resolve
from lakehouse_project.overview import tiles
from search.errors import NoSuchRecord
from search.models import SearchDocument
from search.page import PDF, Shown, label, original_url, shown_hit
from search.query import QueryBuilder
from search.schemas import PERMISSION
from search.services import FindSimilar

LATEST = 8
ROWS_PER_PAGE = 50
SIMILAR = 6
DATASETS = {"user": "users", "product": "products", "job": "jobs", "department": "departments"}
"""Entities of the search that stand for one raw record."""


@dataclass(frozen=True)
class MartLink:
    """A mart narrowed to `query`, and the addresses of its three forms."""

    mart: Mart
    query: Mapping[str, Any]

    @property
    def title(self) -> str:
        return self.mart.title

    @property
    def page(self) -> str:
        return self._with(reverse("mart", args=[self.mart.group, self.mart.name]))

    @property
    def json(self) -> str:
        return self._with(f"/api/v1/gold{self.mart.path}")

    @property
    def csv(self) -> str:
        return self._with(f"/api/v1/gold{self.mart.path}", format="csv")

    def at(self, page: int) -> str:
        return self._with("", page=page)

    def _with(self, address: str, **more: Any) -> str:
        query = urlencode({**self.query, **more})
        return f"{address}?{query}" if query else address


def home(request: HttpRequest) -> HttpResponse:
    """Overview for everybody with a login."""
    may = request.user.has_perm
    files = SourceFile.objects.select_related("dataset").exclude(
        dataset=DOCUMENTS, state=SourceFile.State.LOADED
    )
    context = {
        "tiles": tiles(),
        "files": files[:LATEST] if may(view_permission(SourceFile)) else (),
        "runs": visible_runs().exclude(kind__in=PRIVATE)[:LATEST] if may(view_permission(Run)) else (),
        "marts": [MartLink(mart, _usual(mart)) for mart in MARTS if may(view_permission(mart.model))],
    }
    return render(request, "home.html", context)


def mart_page(request: HttpRequest, group: str, name: str) -> HttpResponse:
    """One mart as a table. Takes the parameters of its route in the API, and fills in the required ones."""
    mart = next((mart for mart in MARTS if (mart.group, mart.name) == (group, name)), None)
    if mart is None:
        raise Http404(f"There is no mart {name}.")
    if not request.user.has_perm(view_permission(mart.model)):
        raise PermissionDenied
    given = {key: value for key, value in request.GET.items() if value}
    try:
        query = query_schema(mart).model_validate({**_usual(mart), "page_size": ROWS_PER_PAGE, **given})
    except ValidationError as error:
        problem = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        context = {"link": MartLink(mart, _usual(mart)), "problem": problem}
        return render(request, "mart.html", context, status=400)
    return render(request, "mart.html", _table(request, mart, query))


@permission_required(PERMISSION, raise_exception=True)
def entity_page(request: HttpRequest, entity: str, key: str) -> HttpResponse:
    """What a hit of the search stands for: all its passages, the fields of its record, and what is like it."""
    rows = SearchDocument.objects.filter(entity=entity, entity_id=key).order_by("passage")
    passages = [] if "\x00" in key else list(rows)  # PostgreSQL does not take a zero byte
    if not passages:
        raise Http404(f"There is no {entity} {key}.")
    caller: Any = request.user
    is_personal_shown = may_see_personal_data(caller)
    facets = passages[0].facets
    context = {
        "entity": entity,
        "key": key,
        "original": original_url(entity, key, facets.get("user_id", ""), caller),
        "is_pdf": facets.get("format") == PDF,
        "similar": _similar(entity, key, caller),
        "title": (passages[0].personal_title if is_personal_shown else None) or passages[0].title,
        "url": passages[0].url,
        "passages": [
            (passage, (passage.personal_body if is_personal_shown else None) or passage.body)
            for passage in passages
        ],
        "fields": _fields_of_record(entity, key, caller),
    }
    return render(request, "entity.html", context)


def _similar(entity: str, key: str, caller: Any) -> list[Shown]:
    query = QueryBuilder().like(entity, key, SIMILAR).personal(is_shown=may_see_personal_data(caller)).build()
    with suppress(NoSuchRecord):  # it has just left the index
        return [shown_hit(hit, caller) for hit in resolve(FindSimilar)(query).hits]
    return []


def _fields_of_record(entity: str, key: str, caller: Any) -> dict[str, Any]:
    """Nothing for what comes from several records, and for callers who may not see records."""
    if entity not in DATASETS or not caller.has_perm("bronze.view_rawrecord"):
        return {}
    with suppress(RecordNotFound):  # deleted, and the search is about to learn of it
        fields = visible_fields(resolve(RawRecords).get(DATASETS[entity], key), caller)
        return {label(name): value for name, value in fields.items()}
    return {}


def _table(request: HttpRequest, mart: Mart, query: MartQuery) -> dict[str, Any]:
    caller: Any = request.user
    rows = resolve(ReadMart)(
        mart, query.model_dump(), top=query.top, is_personal_shown=may_see_personal_data(caller)
    )
    found, chosen = rows.page(query.window), query.model_dump(mode="json")
    link = MartLink(
        mart,
        {parameter.name: chosen[parameter.name] for parameter in mart.parameters if chosen[parameter.name]},
    )
    return {
        "link": link,
        "parameters": [(parameter, chosen[parameter.name]) for parameter in mart.parameters],
        "columns": [(column, column.type in (int, float)) for column in rows.columns],
        "rows": [[_cell(row[column.name]) for column in rows.columns] for row in found.items],
        **_paging(link, query, found),
    }


def _paging(link: MartLink, query: MartQuery, found: PageOf) -> dict[str, Any]:
    return {
        "count": found.count,
        "first": query.window.start + 1,
        "last": query.window.start + len(found.items),
        "previous": link.at(query.page - 1) if query.page > 1 else "",
        "next": link.at(query.page + 1) if query.window.stop < found.count else "",
    }


def _cell(value: Any) -> tuple[str, bool]:
    """A value as text, and whether it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "" if value is None else str(value), False
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}", True


def _usual(mart: Mart) -> dict[str, Any]:
    """Values for required parameters: the last year that has hires."""
    return {parameter.name: _last_year_of_hires() for parameter in mart.parameters if parameter.is_required}


def _last_year_of_hires() -> int:
    year: int | None = DepartmentHires.objects.aggregate(last=Max("year"))["last"]
    return year or timezone.now().year


def diagram_page(request: HttpRequest, name: str) -> HttpResponse:
    """The tables of a layer, or the flow of the whole lake, as the code has them. For staff."""
    if name not in NAMES:
        raise Http404(f"There is no diagram {name}. There are {', '.join(NAMES)}.")
    title = "The whole lake" if name == "lakehouse" else f"Tables of {name}"
    context = {"title": title, "name": name, "names": NAMES, "drawing": drawing(name)}
    return render(request, "admin/diagram.html", {**admin.site.each_context(request), **context})

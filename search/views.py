"""The search page: a form, tabs, facets and hits, all of it links and plain HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from pydantic import ValidationError

from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve
from search.domain import ENTITIES, Found, Mode
from search.errors import UnknownField
from search.query import SearchQuery, fields_of
from search.schemas import PERMISSION, FilterParameters, to_query
from search.services import FindDocuments

LABELS = {entity: f"{entity}s".capitalize() for entity in ENTITIES}
_SHOWN_FACET_VALUES = 8


@dataclass(frozen=True)
class Link:
    """An address of this page with a label; `count` hits are behind it."""

    label: str
    url: str
    count: int | None = None
    is_active: bool = False


@dataclass(frozen=True)
class Facet:
    label: str
    links: Sequence[Link]


@permission_required(PERMISSION, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """Takes the parameters of the search route. One that cannot be is told, not ignored."""
    address = Address(request.GET)
    try:
        query = to_query(address.parameters(), is_personal_shown=may_see_personal_data(request.user))
    except (LakehouseError, ValidationError) as error:
        problem = {"problem": _sentence(error), "text": request.GET.get("q", ""), "modes": list(Mode)}
        return render(request, "search/page.html", problem, status=400)
    find = resolve(FindDocuments)
    found = find(query)
    return render(
        request, "search/page.html", _context(address, query, found, _per_entity(find, query, found))
    )


@dataclass(frozen=True)
class Address:
    """The query string of the page, and those of the pages next to it."""

    given: QueryDict

    def parameters(self) -> Any:
        """Raises ValidationError."""
        given = {name: _value(name, values) for name, values in self.given.lists() if values != [""]}
        unknown = sorted(set(given) - set(FilterParameters.model_fields))
        if unknown:
            raise UnknownField(f"Unknown parameter {', '.join(unknown)}.")
        return FilterParameters.model_validate(given)

    def with_(self, **values: str | int) -> str:
        """The same search with these parameters instead, from its first page."""
        changed = self._copy()
        for name, value in values.items():
            changed[name] = str(value)
        return f"?{changed.urlencode()}"

    def without(self, *names: str) -> str:
        changed = self._copy()
        for name in names:
            changed.pop(name, None)
        return f"?{changed.urlencode()}"

    def toggled(self, name: str, value: str) -> str:
        """With the value of a facet chosen, or no longer so."""
        changed, values = self._copy(), self.given.getlist(name)
        changed.setlist(
            name, [each for each in values if each != value] if value in values else [*values, value]
        )
        return f"?{changed.urlencode()}"

    def hidden(self) -> list[tuple[str, str]]:
        """What the form has no field for, and keeps."""
        shown = ("q", "mode", "page")
        return [(name, value) for name, values in self.given.lists() if name not in shown for value in values]

    def _copy(self) -> QueryDict:
        changed = self.given.copy()
        changed.pop("page", None)
        return changed


def _value(name: str, values: Sequence[str]) -> Sequence[str] | str:
    """All values of a parameter that takes several, the last one of any other."""
    field = FilterParameters.model_fields.get(name)
    return values if field is not None and "list" in str(field.annotation) else values[-1]


def _per_entity(find: FindDocuments, query: SearchQuery, found: Found) -> Mapping[str, int]:
    """How many hits each tab would show: those of all entities, whichever of them is shown now."""
    if query.entities == ENTITIES:
        return found.facets["entity"]
    return find(replace(query, entities=ENTITIES, facets=("entity",), page=1, page_size=1)).facets["entity"]


def _context(
    address: Address, query: SearchQuery, found: Found, per_entity: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "query": query,
        "text": query.text,
        "found": found,
        "modes": list(Mode),
        "hidden": address.hidden(),
        "tabs": list(_tabs(address, query, per_entity)),
        "facets": list(_facets(address, found)),
        "corrected": ", ".join(f"{asked} → {used}" for asked, used in found.corrections.items()),
        "previous": address.with_(page=query.page - 1) if query.page > 1 else None,
        "next": address.with_(page=query.page + 1) if query.offset + len(found.hits) < found.count else None,
        "first_page": address.without(),
        "first": query.offset + 1,
        "last": query.offset + len(found.hits),
        "reset": address.without(*fields_of(ENTITIES)),
    }


def _tabs(address: Address, query: SearchQuery, per_entity: Mapping[str, int]) -> Iterator[Link]:
    """Changing the entity drops the filters, which the other entities do not have."""
    fields = tuple(fields_of(ENTITIES))
    every = query.entities == ENTITIES
    yield Link("All", address.without("entity", *fields), sum(per_entity.values()), every)
    for entity in ENTITIES:
        url = Address(_parsed(address.without("entity", *fields))).with_(entity=entity)
        yield Link(LABELS[entity], url, per_entity.get(entity, 0), not every and entity in query.entities)


def _parsed(url: str) -> QueryDict:
    return QueryDict(url.removeprefix("?"))


def _facets(address: Address, found: Found) -> Iterator[Facet]:
    for name, values in found.facets.items():
        if name == "entity" or not values:
            continue
        chosen = address.given.getlist(name)
        shown = list(values.items())[:_SHOWN_FACET_VALUES]
        yield Facet(
            name.replace("_", " ").capitalize(),
            [Link(value, address.toggled(name, value), count, value in chosen) for value, count in shown],
        )


def _sentence(error: LakehouseError | ValidationError) -> str:
    if isinstance(error, LakehouseError):
        return error.message
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())

"""What the search page shows of an answer: tabs, facets, chips, sorts and hits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.urls import reverse

from bronze.presentation import is_hidden
from lakehouse_project.kernel.masking import Caller
from search.address import Address, field_of
from search.counting import Counting, Counts
from search.domain import ENTITIES, FIELDS, Field, Found, Hit, Kind, Mode
from search.query import SearchQuery

MODES = {
    Mode.HYBRID: "words and meaning",
    Mode.KEYWORD: "words alone",
    Mode.SEMANTIC: "meaning alone",
}
_COMPARISONS = {"": "", "gte": "from ", "gt": "above ", "lte": "to ", "lt": "below "}
_VALUES_SHOWN = 8
_INPUTS = {Kind.NUMBER: "number", Kind.DATE: "date"}
_SEES_DOCUMENTS = "bronze.view_document"
PDF = "pdf"


def plural(entity: str) -> str:
    return f"{entity}s".capitalize()


def label(field: str) -> str:
    return field.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    url: str
    count: int
    is_active: bool


@dataclass(frozen=True)
class Choice:
    """A value of a facet."""

    value: str
    count: int
    is_chosen: bool

    @property
    def id(self) -> str:
        """The same one for the same value, by which the focus finds it again."""
        return blake2b(self.value.encode(errors="replace"), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Facet:
    """`more` are the values that are shown on demand."""

    name: str
    label: str
    choices: Sequence[Choice]
    more: Sequence[Choice]


@dataclass(frozen=True)
class Bounds:
    """From and to of a number or a day; `step` of a number in its own unit."""

    name: str
    label: str
    input_type: str
    step: str
    gte: str
    lte: str


@dataclass(frozen=True)
class Chip:
    """A filter that is set; `url` is the search without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class Sorting:
    value: str
    label: str


@dataclass(frozen=True)
class Shown:
    """A hit with where it leads to. `original` are the bytes of a document, if this reader may have them."""

    hit: Hit
    url: str
    details: str
    original: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Correction:
    """A word that nothing has, what was searched instead, and the search that insists on the word."""

    asked: str
    used: str
    literal: str


def context(
    address: Address, query: SearchQuery, found: Found, counting: Counting, caller: Caller
) -> dict[str, Any]:
    """Everything that the template names."""
    facets = list(_facets(address, counting.facets(address, found)))
    bounds = list(_bounds(address, query))
    counts = counting.entities(address, found)
    return {
        "query": query,
        "found": found,
        "text": query.text,
        "tabs": list(_tabs(address, query, counts)),
        "facets": facets,
        "bounds": bounds,
        "chips": list(_chips(address)),
        "reset": address.without(address.filters()).url,
        "sorts": list(_sorts(address, query)),
        "sort": ",".join(address.get("sort")),
        "hidden": list(_hidden(address, facets, bounds)),
        "hits": [shown_hit(hit, caller) for hit in found.hits],
        "corrections": [_correction(address, asked, used) for asked, used in found.corrections.items()],
        "everywhere": address.for_entity("").url if query.entities != ENTITIES else "",
        "by_meaning": address.without({"mode"}).url if query.mode is Mode.KEYWORD else "",
        "is_start": _is_start(address),
        "examples": _examples(found),
        **_paging(address, query, found),
    }


def _is_start(address: Address) -> bool:
    """Nothing is asked yet."""
    return not set(address.values) - {"mode", "page_size", "highlight", "facets"}


def _examples(found: Found) -> list[str]:
    """The commonest values of some facets: words that find something."""
    named = (next(iter(found.facets.get(name, {})), "") for name in ("job", "category", "employer", "city"))
    return [value for value in named if value]


def _paging(address: Address, query: SearchQuery, found: Found) -> dict[str, Any]:
    has_next = query.offset + len(found.hits) < found.count and bool(found.hits)
    return {
        "first": query.offset + 1,
        "last": query.offset + len(found.hits),
        "previous": address.with_(page=str(query.page - 1)).url if query.page > 1 else "",
        "next": address.with_(page=str(query.page + 1)).url if has_next else "",
        "first_page": address.without(()).url,
    }


def _tabs(address: Address, query: SearchQuery, counts: Counts) -> Iterator[Tab]:
    is_all = query.entities == ENTITIES
    yield Tab("all", "All", address.for_entity("").url, counts[""], is_all)
    for entity in ENTITIES:
        is_active = not is_all and entity in query.entities
        yield Tab(entity, plural(entity), address.for_entity(entity).url, counts[entity], is_active)


def _facets(address: Address, counted: Mapping[str, Counts]) -> Iterator[Facet]:
    for name, counts in counted.items():
        chosen = address.get(name)
        choices = [Choice(value, count, value in chosen) for value, count in counts.items()]
        shown = [each for place, each in enumerate(choices) if place < _VALUES_SHOWN or each.is_chosen]
        if choices:
            yield Facet(name, label(name), shown, [each for each in choices if each not in shown])


def _bounds(address: Address, query: SearchQuery) -> Iterator[Bounds]:
    """Of the entity that is looked at: several have little in common."""
    for name, field in _ordered(query):
        gte, lte = (next(iter(address.get(f"{name}__{end}")), "") for end in ("gte", "lte"))
        step = str(10**-field.decimals) if field.kind is Kind.NUMBER else ""
        yield Bounds(name, label(name), _INPUTS[field.kind], step, gte, lte)


def _ordered(query: SearchQuery) -> list[tuple[str, Field]]:
    """The fields that have an order, where one entity is looked at."""
    fields = FIELDS[query.entities[0]] if len(query.entities) == 1 else {}
    return [(name, field) for name, field in fields.items() if field.kind is not Kind.TEXT]


def _chips(address: Address) -> Iterator[Chip]:
    for parameter, values in address.filters().items():
        comparison = parameter.partition("__")[2]
        for value in values:
            url = address.without_value(parameter, value).url
            yield Chip(label(field_of(parameter)), f"{_COMPARISONS[comparison]}{value}", url)


def _sorts(address: Address, query: SearchQuery) -> Iterator[Sorting]:
    known = [
        Sorting("", "Best match" if query.text else "As they come"),
        Sorting("title", "Title A–Z"),
        Sorting("-title", "Title Z–A"),
    ]
    for name, field in _ordered(query):
        first, last = ("oldest", "newest") if field.kind is Kind.DATE else ("lowest", "highest")
        known += [
            Sorting(f"-{name}", f"{label(name)}: {last} first"),
            Sorting(name, f"{label(name)}: {first} first"),
        ]
    yield from known
    asked = ",".join(address.get("sort"))
    if asked not in {each.value for each in known}:
        yield Sorting(asked, asked)


def _hidden(address: Address, facets: Sequence[Facet], bounds: Sequence[Bounds]) -> Iterator[tuple[str, str]]:
    """What the form has no field for, and keeps."""
    shown = {"q", "mode", "sort", "page", *(facet.name for facet in facets)}
    shown |= {f"{each.name}__{end}" for each in bounds for end in ("gte", "lte")}
    yield from (
        (name, value) for name, values in address.values.items() if name not in shown for value in values
    )


def _correction(address: Address, asked: str, used: str) -> Correction:
    """Between quotation marks a word is searched as it is."""
    text = re.sub(
        rf"(?<!\w){re.escape(asked)}(?!\w)", f'"{asked}"', "".join(address.get("q")), flags=re.IGNORECASE
    )
    return Correction(asked, used, address.with_(q=text).url)


def shown_hit(hit: Hit, caller: Caller) -> Shown:
    details = f"{reverse('entity', args=[hit.entity, hit.entity_id])}#passage-{hit.passage}"
    original = original_url(hit.entity, hit.entity_id, hit.fields.get("user_id", ""), caller)
    is_pdf = hit.fields.get("format") == PDF
    page = f"#page={hit.page}" if is_pdf and hit.page else ""
    return Shown(
        hit=hit,
        url=f"{original}{page}" if original and is_pdf else details,
        details=details,
        original=f"{original}{page}" if original else "",
        facts=list(_facts(hit)),
    )


def original_url(entity: str, key: str, user_id: str, caller: Caller) -> str:
    """The bytes of a document. Empty for what is none, and for those who may not have them."""
    is_open = entity == "document" and caller.has_perm(_SEES_DOCUMENTS) and not is_hidden(user_id, caller)
    return reverse("search:original", args=[key]) if is_open else ""


def _facts(hit: Hit) -> Iterator[tuple[str, str]]:
    """The fields of a hit, as label and value; an amount with its currency, a page with their number."""
    fields = dict(hit.fields)
    if pages := fields.pop("pages", None):
        yield "Page", f"page {hit.page} of {pages}" if hit.page else f"{pages} page{'s' * (pages > 1)}"
    if "price" in fields and "currency" in fields:
        fields["price"] = f"{fields['price']} {fields.pop('currency')}"
    for name, word in (("user_id", "user"), ("created_at", "created")):
        if name in fields:
            fields[name] = f"{word} {fields[name]}"
    yield from ((label(name), str(value)) for name, value in fields.items())

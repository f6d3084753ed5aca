"""From what silver and bronze hold to the entries of the index. Pure functions over plain rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import quote

import pycountry

from lakehouse_project.kernel.masking import mask
from search.domain import Entry
from search.passages import Passage, cut
from search.redaction import without_contacts, without_names

Record: TypeAlias = Mapping[str, Any]

HIDDEN_TITLE = "Personal document"
FORMATS = {"application/pdf": "pdf", "text/markdown": "markdown"}


@dataclass(frozen=True)
class Owner:
    """What must be hidden in the documents of a user: the names from most readers, the contact details from all."""

    names: Sequence[str]
    contacts: Sequence[str]


def user(record: Record, employment: Record | None) -> Entry:
    """Found by name only where that is permitted; by place and work by everybody. Contact details are not looked at, and
    taken out where somebody has written them into another field."""
    work = {name: without_contacts((employment or {}).get(name, "")) for name in ("employer", "job", "title")}
    name, city = without_contacts(record["full_name"]), without_contacts(record["city"])
    place = f"{city}, {_country(record['country'])}"
    body = f"{work['title']} at {work['employer']}. {place}" if employment else place
    return Entry(
        entity="user",
        entity_id=record["user_id"],
        title=f"{mask(name)} (user {record['user_id']})",
        body=body,
        personal_title=name,
        meaning=body,
        facets=_present(city=city, country=record["country"], employer=work["employer"], job=work["job"]),
        dates={"created_at": record["created_at"].date().isoformat()},
        url=_record_url("users", record["user_id"]),
    )


def product(record: Record) -> Entry:
    """Found by its key as well, which says nothing of what it means."""
    name, category = without_contacts(record["name"]), without_contacts(record["category"])
    described = f"{category}. {without_contacts(record['description'])}"
    return Entry(
        entity="product",
        entity_id=record["sku"],
        title=name,
        body=f"{described} {record['sku']}",
        meaning=f"{name}\n{described}",
        facets=_present(category=category, currency=record["currency"]),
        numbers={"price": int(record["price"].scaleb(2))},
        url=_record_url("products", record["sku"]),
    )


def named(entity: str, key: str, name: str, dataset: str = "") -> Entry:
    """A job, department or employer: nothing but a name. Employers have no data set of their own."""
    url = _record_url(dataset, key) if dataset else ""
    shown = without_contacts(name)
    return Entry(entity=entity, entity_id=key, title=shown, meaning=shown, url=url)


def document(record: Record, pages: Iterable[tuple[int, str]], owner: Owner | None) -> Iterator[Entry]:
    """The passages of a document; one empty passage where it has no text, so that its title is found.

    The name of the user it belongs to is hidden from those who may not see it. While that user is not known,
    neither is the name, and so the whole text is.
    """
    readable = ((page, without_contacts(text, owner.contacts if owner else ())) for page, text in pages)
    passages: Iterator[Passage] = cut(readable)
    first = next(passages, Passage(number=0, page=None, text=""))
    for passage in chain([first], passages):
        yield _passage(record, passage, owner)


def _passage(record: Record, passage: Passage, owner: Owner | None) -> Entry:
    title, body = without_contacts(record["title"] or record["name"]), passage.text
    shown_title, shown_body = _public(record, title, owner), _public(record, body, owner)
    if record["user_id"] and not shown_title:
        shown_title = HIDDEN_TITLE
    return Entry(
        entity="document",
        entity_id=record["sha256"],
        passage=passage.number,
        page=passage.page,
        title=shown_title,
        body=shown_body,
        personal_title=title if title != shown_title else None,
        personal_body=body if body != shown_body else None,
        meaning=f"{shown_title}\n{shown_body}",
        facets=_present(format=FORMATS.get(record["media_type"], "text"), user_id=record["user_id"]),
        numbers={"pages": record["page_count"]},
        dates={"created_at": record["created_at"].date().isoformat()},
        url=f"/api/v1/bronze/files/{record['source_file_id']}",
    )


def _public(record: Record, text: str, owner: Owner | None) -> str:
    if not record["user_id"]:
        return text
    return without_names(text, owner.names) if owner else ""


def _record_url(dataset: str, key: str) -> str:
    return f"/api/v1/bronze/{dataset}/{quote(key, safe='')}"


def _present(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


@cache
def _country(code: str) -> str:
    """The name of a country, which says more than its code."""
    known = pycountry.countries.get(alpha_2=code)
    return str(known.name) if known else code

"""Reading silver's entities and bronze's documents, in batches, as entries of the index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from django.db import connection
from django.db.models import F, QuerySet

from bronze.models import Document, DocumentPage
from governance.feed import Window
from search import projection
from search.domain import Entry
from search.projection import Owner, Record
from silver.models import (
    UNKNOWN,
    Change,
    DimDepartment,
    DimEmployer,
    DimJob,
    DimProduct,
    DimUser,
    FactEmployment,
)


class Source(Protocol):
    """One kind of entity."""

    @property
    def entity(self) -> str: ...

    @property
    def batch(self) -> int:
        """How many entities to take at once."""

    def keys(self) -> Iterator[str]:
        """The natural keys of all that exist."""

    def entries(self, keys: Sequence[str]) -> Iterator[Entry]:
        """What is to be indexed of those of `keys` that exist."""


@dataclass(frozen=True)
class Users:
    entity: str = "user"
    batch: int = 1000

    def keys(self) -> Iterator[str]:
        return _current_users().values_list("user_id", flat=True).iterator()

    def entries(self, keys: Sequence[str]) -> Iterator[Entry]:
        employments = _employments(keys)
        fields = ("user_id", "full_name", "city", "country", "created_at")
        for record in _current_users().filter(user_id__in=keys).values(*fields):
            yield projection.user(record, employments.get(record["user_id"]))


def _current_users() -> QuerySet[DimUser]:
    return DimUser.objects.filter(is_current=True, is_active=True).exclude(pk=UNKNOWN).order_by()


def _employments(users: Sequence[str]) -> Mapping[str, Record]:
    """The employment of each user that has no end yet; of several, the one that began last."""
    open_ones = FactEmployment.objects.filter(user_id_natural__in=users, end_date=None)
    rows = open_ones.order_by("start_date", "employment_id").values(
        "user_id_natural", "job_title", "job_id", works_at=F("employer__name"), conformed=F("job__title")
    )
    return {row["user_id_natural"]: _employment(row) for row in rows}


def _employment(row: Mapping[str, Any]) -> Record:
    """`job` is the conformed title, where there is one; `title` as the source has it."""
    is_conformed = row["job_id"] != UNKNOWN
    return {
        "employer": row["works_at"],
        "title": row["job_title"],
        "job": row["conformed"] if is_conformed else row["job_title"],
    }


@dataclass(frozen=True)
class Products:
    entity: str = "product"
    batch: int = 2000

    def keys(self) -> Iterator[str]:
        return _known(DimProduct).values_list("sku", flat=True).iterator()

    def entries(self, keys: Sequence[str]) -> Iterator[Entry]:
        fields = ("sku", "name", "description", "category", "price", "currency")
        yield from map(projection.product, _known(DimProduct).filter(sku__in=keys).values(*fields))


@dataclass(frozen=True)
class Named:
    """A dimension of which nothing but the name is searched."""

    entity: str
    model: Any
    key: str
    name: str
    dataset: str = ""
    batch: int = 2000

    def keys(self) -> Iterator[str]:
        return map(str, _known(self.model).values_list(self.key, flat=True).iterator())

    def entries(self, keys: Sequence[str]) -> Iterator[Entry]:
        rows = _known(self.model).filter(**{f"{self.key}__in": keys}).values_list(self.key, self.name)
        for key, name in rows:
            yield projection.named(self.entity, str(key), name, self.dataset)


def _known(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(is_active=True).exclude(pk=UNKNOWN).order_by()
    return rows


@dataclass(frozen=True)
class Documents:
    entity: str = "document"
    batch: int = 20

    def keys(self) -> Iterator[str]:
        return _readable().values_list("sha256", flat=True).iterator()

    def entries(self, keys: Sequence[str]) -> Iterator[Entry]:
        fields = ("sha256", "title", "user_id", "page_count", "created_at", "source_file_id")
        records = list(
            _readable()
            .filter(sha256__in=keys)
            .values(*fields, name=F("source_file__name"), media_type=F("source_file__media_type"))
        )
        owners = _owners({record["user_id"] for record in records} - {""})
        pages = _pages([record["sha256"] for record in records])
        for record in records:
            yield from projection.document(
                record, pages.get(record["sha256"], ()), owners.get(record["user_id"])
            )


def _readable() -> QuerySet[Document]:
    return Document.objects.filter(is_deleted=False).exclude(status=Document.Status.PENDING).order_by()


def _pages(documents: Sequence[str]) -> Mapping[str, list[tuple[int, str]]]:
    rows = DocumentPage.objects.filter(document__in=documents).order_by("document_id", "number")
    grouped = groupby(rows.values_list("document_id", "number", "text"), key=lambda row: row[0])
    return {document: [(number, text) for _, number, text in pages] for document, pages in grouped}


def _owners(users: Iterable[str]) -> Mapping[str, Owner]:
    """All names and contact details that these users ever had here."""
    found: dict[str, Owner] = {}
    rows = DimUser.objects.filter(user_id__in=users).order_by()
    for user_id, name, *contacts in rows.values_list("user_id", "full_name", "email", "phone", "address"):
        known = found.get(user_id, Owner((), ()))
        found[user_id] = Owner((*known.names, name), (*known.contacts, *contacts))
    return found


SOURCES: tuple[Source, ...] = (
    Users(),
    Products(),
    Named("job", DimJob, "job_id", "title", "jobs"),
    Named("department", DimDepartment, "department_id", "name", "departments"),
    Named("employer", DimEmployer, "name_key", "name"),
    Documents(),
)


class Changes:
    """Which entities have to be projected anew."""

    def has_news(self, position: int) -> bool:
        """Whether something that is searched was committed from transaction `position` on."""
        with connection.cursor() as cursor:
            cursor.execute(_HAS_NEWS, {"position": position, "entities": [*_ENTITIES, *_SAME_AS]})
            (has_news,) = cursor.fetchone()
        return position == 0 or bool(has_news)

    def arriving(self, position: int) -> int:
        """About how many passages were committed from transaction `position` on; 0 if everything has to be looked at."""
        with connection.cursor() as cursor:
            cursor.execute(_ARRIVING, {"position": position, "entities": [*_ENTITIES, *_SAME_AS]})
            return int(cursor.fetchone()[0]) if position else 0

    def touched(self, window: Window) -> Mapping[str, set[str]]:
        """Keys by entity: what changed itself, and what shows something that changed."""
        keys: dict[str, set[str]] = {source.entity: set() for source in SOURCES}
        changes = Change.objects.filter(xid__gte=window.low, xid__lt=window.high).order_by()
        for entity, key in changes.values_list("entity", "key").distinct().iterator():
            keys.setdefault(_SAME_AS.get(entity, entity), set()).add(key)
        documents = Document.objects.filter(xid__gte=window.low, xid__lt=window.high)
        keys["document"].update(documents.values_list("sha256", flat=True))
        keys["user"].update(_employed_as(keys["job"]))
        keys["document"].update(_documents_of(keys["user"]))
        return {entity: found for entity, found in keys.items() if entity in _ENTITIES and found}


_SAME_AS = {"employment_user": "user"}
_ENTITIES = frozenset(source.entity for source in SOURCES)

_HAS_NEWS = """
SELECT EXISTS (
    SELECT FROM silver_change WHERE entity = ANY(%(entities)s)
    AND xid >= %(position)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
) OR EXISTS (
    SELECT FROM bronze_document
    WHERE xid >= %(position)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
)
"""

_ARRIVING = """
SELECT (
    SELECT count(DISTINCT (entity, key)) FROM silver_change
    WHERE entity = ANY(%(entities)s) AND xid >= %(position)s::text::xid8
) + (
    SELECT coalesce(sum(page_count), 0) FROM bronze_document WHERE xid >= %(position)s::text::xid8
)
"""


def _employed_as(jobs: Iterable[str]) -> Iterable[str]:
    rows = FactEmployment.objects.filter(job__job_id__in=list(jobs), end_date=None).order_by()
    return rows.values_list("user_id_natural", flat=True).distinct()


def _documents_of(users: Iterable[str]) -> Iterable[str]:
    return Document.objects.filter(user_id__in=list(users)).values_list("sha256", flat=True)

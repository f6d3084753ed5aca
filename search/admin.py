"""Search documents in the admin, to be looked at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from lakehouse_project.kernel.admin import LargeTableAdmin, LayerAdmin, ReadOnlyAdmin, pretty_json, shortened
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve
from search.models import Collection, Outage, OutboxEntry, SearchDocument, Synonyms
from search.outbox import Outbox


class FailingFilter(admin.SimpleListFilter):
    """Those that were refused, apart from those that only wait."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("refused", "Refused before"), ("new", "Not tried yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        narrowed = {"refused": {"failures__gt": 0}, "new": {"failures": 0}}
        return queryset.filter(**narrowed.get(str(self.value()), {}))


@admin.register(SearchDocument)
class SearchDocumentAdmin(ReadOnlyAdmin):
    """The rows follow from silver and bronze. Title and text are those for every reader."""

    list_display: ClassVar = ["title", "entity", "shown_key", "passage", "page", "updated_at"]
    list_filter: ClassVar = ["entity"]
    search_fields: ClassVar = ["entity_id__exact", "title"]
    search_help_text = "Part of the title, or the whole key"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        personal = ["personal_title", "personal_body"] if may_see_personal_data(request.user) else []
        shown = ["entity", "entity_id", "passage", "page", "title", "body", *personal]
        return [*shown, "shown_facets", "shown_numbers", "shown_dates", "url", "version", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    @display(description="Key", ordering="entity_id")
    def shown_key(self, document: SearchDocument) -> str:
        return shortened(document.entity_id)

    @display(description="Facets")
    def shown_facets(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.facets)

    @display(description="Numbers")
    def shown_numbers(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.numbers)

    @display(description="Dates")
    def shown_dates(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.dates)


@admin.register(OutboxEntry)
class OutboxEntryAdmin(LargeTableAdmin):
    """What the search server does not have yet. Those it refused are the ledger: how often, why, and when next."""

    list_display: ClassVar = ["__str__", "failures", "error", "next_try_at", "queued_at"]
    list_filter: ClassVar = ["entity", FailingFilter]
    search_fields: ClassVar = ["entity_id__exact"]
    search_help_text = "The whole key"
    actions: ClassVar = ["retry"]

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("search.change_outboxentry")

    @admin.action(description="Try again at the next opportunity", permissions=["manage"])
    def retry(self, request: HttpRequest, entries: QuerySet[OutboxEntry]) -> None:
        count = resolve(Outbox).retry_now(list(entries.values_list("pk", flat=True)))
        self.message_user(request, f"{count} passages are sent again within seconds.")


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    """What has been made on the search server."""

    list_display: ClassVar = ["name", "alias", "state", "passages", "created_at"]
    list_filter: ClassVar = ["alias", "state"]


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    """Whether the search server answers."""

    list_display: ClassVar = ["engine", "failures", "until", "reason", "changed_at"]


@admin.register(Synonyms)
class SynonymsAdmin(LayerAdmin):
    """Words that mean the same. A search server knows of them within seconds, PostgreSQL at once."""

    list_display: ClassVar = ["name", "words"]
    search_fields: ClassVar = ["name"]

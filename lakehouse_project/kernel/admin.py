"""What the admin pages of all layers share."""

import json
from functools import cached_property
from typing import Any, cast

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline

from lakehouse_project.kernel.masking import may_see_personal_data


class LayerAdmin(ModelAdmin):
    """How lists of all layers look."""

    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    compressed_fields = True

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        context = {"title": title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    # pylint: disable-next=signature-differs  # Django passes the request since 5.0, and always
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django takes any column as a filter in the address. Those who do not see all of a row could find out what is in
        it by guessing, so that they filter by what the list offers, and by the rows that a row belongs to. No column has
        a NUL character, and PostgreSQL does not take it."""
        column = lookup.split(LOOKUP_SEP, maxsplit=1)[0]
        parents = {field.name for field in self.opts.fields if field.is_relation}
        offered = column in {*self.get_list_filter(request), *parents}
        allowed: bool = super().lookup_allowed(lookup, value, request)
        return "\x00" not in value and allowed and (offered or may_see_personal_data(request.user))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)


class ReadOnlyAdmin(LayerAdmin):
    """Rows that the pipeline writes: to look at, not to edit."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class EstimatedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no more than it must: takes the planner's estimate of a large table that is not filtered, and of one that is
    filtered counts the first rows alone. Only these can be paged through: a page far down is as dear as all above it."""

    exact_below = 100_000

    @cached_property
    def num_pages(self) -> int:  # pylint: disable=invalid-overridden-method  # as below
        """The pages of the first rows."""
        pages: int = super().num_pages
        return min(pages, -(-self.exact_below // self.per_page))

    @cached_property
    def count(self) -> int:  # pylint: disable=invalid-overridden-method  # Django's is a property, too
        queryset: Any = self.object_list
        if queryset.query.where:
            return int(queryset.order_by()[: self.exact_below].count())
        estimate = _estimated_rows(queryset.model._meta.db_table)
        return estimate if estimate > self.exact_below else int(queryset.count())


def _estimated_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


class LargeTableAdmin(ReadOnlyAdmin):
    """A table that may have millions of rows. On the last page that can be opened there is a way on: the rows after the last
    one by key, which an index finds, however far down they are."""

    paginator = EstimatedPaginator
    list_after_template = "admin/rows_after.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: Any = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["rows_after"] = _rows_after(context["cl"], request)
        return cast("HttpResponse", response)

    # pylint: disable-next=signature-differs  # as above
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Rows after a key are no guess at what is in them: lists show the key."""
        keys = {f"{field.name}__gt" for field in self.opts.concrete_fields if field.unique}
        shown = {f"{name}__gt" for name in self.get_list_display(request)} | {f"{self.opts.pk.name}__gt"}
        if lookup in keys & shown:
            return "\x00" not in value
        return super().lookup_allowed(lookup, value, request)


def _rows_after(changelist: ChangeList, request: HttpRequest) -> str:
    """The query string of the list after its last row; empty where pages lead on, or rows are in no order of a key."""
    rows = list(changelist.result_list)
    is_last = changelist.page_num == changelist.paginator.num_pages
    if not (rows and is_last and changelist.paginator.count >= EstimatedPaginator.exact_below):
        return ""
    [first, *_] = changelist.get_ordering(request, changelist.queryset)
    name = changelist.lookup_opts.pk.name if first == "pk" else str(first)
    field = next((each for each in changelist.lookup_opts.concrete_fields if each.name == name), None)
    if field is None or not field.unique:
        return ""
    return changelist.get_query_string({f"{name}__gt": getattr(rows[-1], field.attname)}, remove=["p"])


class ReadOnlyInline(TabularInline):
    """Rows below the row they belong to, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


def pretty_json(value: Any) -> SafeString:
    """JSON as people read it."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html(
        '<pre style="white-space:pre-wrap;overflow-wrap:anywhere;max-width:70rem">{}</pre>', text
    )


def shortened(key: str, length: int = 20) -> str:
    """A key as it fits into a column; hashes are as good as their beginning."""
    return key if len(key) <= length else f"{key[: length - 1]}…"

"""The quarantine bench: quarantined records by data set, file, rule and field, and repairs of many at a time."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from pydantic import ValidationError as Unfit

from bronze.admin.repair_form import ACTIONS, RepairForm
from bronze.catalog import contract_named
from bronze.domain import Removal, Repair, Selection
from bronze.errors import UnknownDataset
from bronze.models import RawRecord
from bronze.presentation import present_repair, visible
from bronze.quarantine import COUNTED, Quarantine
from bronze.rows import KEYLESS
from bronze.services import DeleteQuarantined, PreviewRepair, RepairRecords
from bronze.services.quarantine import AT_ONCE
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

FILTERS = ("dataset", "file", "field", "rule")
PER_PAGE = 50


def quarantine_page(admin: Any, request: HttpRequest) -> HttpResponse:
    """The list; sent back with an action, a preview of it; confirmed, does it."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    filters = _filters(request)
    if filters is None:
        return _page(admin, request, "bench.html", {"title": "Quarantine"})
    form = RepairForm(request.POST or None, contract=contract_named(filters.dataset))
    if request.method != "POST":
        return _bench(admin, request, filters, form)
    _require_rights(request, form)
    return _act(admin, request, filters, form)


def _filters(request: HttpRequest) -> Selection | None:
    """None: no data set is chosen, or what is asked for cannot be."""
    given = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    try:
        found = Selection.model_validate(given)
        contract_named(found.dataset)
    except (Unfit, UnknownDataset):
        return None
    return found


def may_repair(request: HttpRequest) -> bool:
    return request.user.has_perm("bronze.change_rawrecord") and may_see_personal_data(request.user)


def _require_rights(request: HttpRequest, form: RepairForm) -> None:
    is_removal = form.data.get("action") == "delete"
    if not may_repair(request) or (is_removal and not request.user.has_perm("bronze.delete_rawrecord")):
        raise PermissionDenied


def _act(admin: Any, request: HttpRequest, filters: Selection, form: RepairForm) -> HttpResponse:
    try:
        if form.is_valid():
            selection = form.selection(request, filters)
            if "confirmed" not in request.POST:
                return _preview(admin, request, selection, form)
            _carry_out(admin, request, selection, form)
            return HttpResponseRedirect(_address(filters))
    except (ValidationError, LakehouseError) as error:
        form.add_error(None, error if isinstance(error, ValidationError) else error.message)
    return _bench(admin, request, filters, form)


def _preview(admin: Any, request: HttpRequest, selection: Selection, form: RepairForm) -> HttpResponse:
    cleaned = form.cleaned_data
    done = resolve(PreviewRepair)(selection, cleaned["edits"], is_right=cleaned["action"] == "right")
    context = {
        "title": f"{ACTIONS[cleaned['action']]}: preview",
        "repair": present_repair(done, request.user),
        "taken": done.taken + done.unparsed if cleaned["action"] == "delete" else done.taken,
        "unparsed": _unparsed(done),
        "is_removal": cleaned["action"] == "delete",
        "edits": cleaned["edits"],
        "form": form,
        "sent": list(_sent(request, done)),
        "dataset": contract_named(selection.dataset),
        "at_once": AT_ONCE,
        "back": _address(selection),
    }
    return _page(admin, request, "preview.html", context)


def _sent(request: HttpRequest, seen: Repair) -> Iterator[tuple[str, str]]:
    """What was sent, to be sent again with the confirmation; of what came after the preview nothing is taken."""
    for name, values in request.POST.lists():
        if name not in ("csrfmiddlewaretoken", "up_to", "note"):
            yield from ((name, value) for value in values)
    if seen.up_to is not None:
        yield "up_to", str(seen.up_to)


def _carry_out(admin: Any, request: HttpRequest, selection: Selection, form: RepairForm) -> None:
    cleaned = form.cleaned_data
    if cleaned["action"] == "delete":
        removal = resolve(DeleteQuarantined)(selection, note=cleaned["note"])
        admin.message_user(request, _removed(removal), messages.SUCCESS)
        return
    is_right = cleaned["action"] == "right"
    repair = resolve(RepairRecords)(selection, cleaned["edits"], is_right=is_right, note=cleaned["note"])
    admin.message_user(request, _repaired(repair), messages.SUCCESS if repair.released else messages.WARNING)


def _repaired(repair: Repair) -> str:
    more = f" There are more: this run took the {AT_ONCE:,} oldest." if repair.more else ""
    unparsed = f" {_unparsed(repair)}" if repair.unparsed else ""
    stay = repair.quarantined + repair.unchanged
    return (
        f"{repair.released:,} released: they are valid now and flow on to silver and gold. "
        f"{stay:,} stay in quarantine, {repair.quarantined:,} of them edited.{unparsed}{more}"
    )


def _unparsed(repair: Repair) -> str:
    each = "it on its own page" if repair.unparsed == 1 else "them one by one"
    return f"{repair.unparsed:,} could not be parsed: repair {each}." if repair.unparsed else ""


def _removed(removal: Removal) -> str:
    kept = f" {removal.kept:,} are kept, because others refer to them." if removal.kept else ""
    more = f" There are more: this run took the {AT_ONCE:,} oldest." if removal.more else ""
    return f"{removal.deleted:,} deleted.{kept}{more}"


def _bench(admin: Any, request: HttpRequest, filters: Selection, form: RepairForm) -> HttpResponse:
    page = _before(request, filters)
    rows = list(resolve(Quarantine).rows(page).select_related("source_file").order_by("-id")[: PER_PAGE + 1])
    counts = resolve(Quarantine).counts(filters)
    context = {
        "title": "Quarantine",
        "dataset": contract_named(filters.dataset),
        "filters": filters,
        "active": list(_active(filters)),
        "counts": counts,
        "reasons": [
            (found, _address(filters, field=found.field, rule=found.rule)) for found in counts.reasons
        ],
        "files": [(file, _address(filters, file=file.id)) for file in counts.files if file.id],
        "rows": [_row(row, request) for row in rows[:PER_PAGE]],
        "older": f"{_address(filters)}&before={rows[PER_PAGE - 1].pk}" if len(rows) > PER_PAGE else "",
        "newest": _address(filters) if page is not filters else "",
        "form": form,
        "may_repair": may_repair(request),
        "may_delete": request.user.has_perm("bronze.delete_rawrecord"),
        "counted": COUNTED,
    }
    return _page(admin, request, "bench.html", context)


def _before(request: HttpRequest, filters: Selection) -> Selection:
    """The page that was asked for: rows below an id."""
    try:
        return Selection.model_validate(filters.model_dump() | {"up_to": int(request.GET["before"]) - 1})
    except (KeyError, ValueError):
        return filters


def _row(record: RawRecord, request: HttpRequest) -> dict[str, Any]:
    shown = visible(record.dataset_id, record.effective, request.user)
    return {
        "record": record,
        "address": reverse("admin:bronze_rawrecord_change", args=[record.pk]),
        "is_keyless": record.key.startswith(KEYLESS),
        "chosen": str(record.pk) in request.POST.getlist("ids"),
        "errors": [
            {**error, "value": shown.get(error["field"], error.get("value"))} for error in record.errors
        ],
    }


def _active(filters: Selection) -> Iterator[tuple[str, str]]:
    """The filters that are set, each with the address without it."""
    if filters.file is not None:
        yield f"file {filters.file}", _address(filters, file=None)
    if filters.field is not None:
        yield f"field {filters.field or '(whole row)'}", _address(filters, field=None)
    if filters.rule is not None:
        yield f"rule {filters.rule}", _address(filters, rule=None)


def _address(filters: Selection, **changed: Any) -> str:
    values = {name: getattr(filters, name) for name in FILTERS} | changed
    given = {name: value for name, value in values.items() if value is not None}
    return f"{reverse('admin:bronze_quarantine')}?{urlencode(given)}"


def _page(admin: Any, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    datasets = resolve(Quarantine).datasets() if template == "bench.html" else []
    whole = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "datasets_in_quarantine": [
            (title, min(count, COUNTED), count > COUNTED, name) for name, title, count in datasets
        ],
        **context,
    }
    return TemplateResponse(request, f"admin/curation/{template}", whole)

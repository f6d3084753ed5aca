"""The import wizard: send a file, check what it is, see what loading it would do, load it, read the receipt."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from bronze.admin.import_forms import LookForm, UploadForm
from bronze.admin.import_tables import checked_rows
from bronze.domain import FileLook
from bronze.errors import DatasetBusy
from bronze.models import SourceFile
from bronze.presentation import present_look, present_preview
from bronze.repositories import SourceFiles
from bronze.services import LookAtFile, PreviewFile, ReceiveStaged, StageFiles
from bronze.staged import StagedFile, StagedFiles
from bronze.uploads import path_of
from lakehouse_project.kernel.errors import LakehouseError, PermanentError
from lakehouse_project.kernel.services import resolve

DRY_RUN_ROWS = 50_000
"""So many rows of a file are tried; a preview has to answer within seconds."""

STEPS = ("Choose files", "Check what it is", "See what it does", "Receipt")

View = Callable[..., HttpResponse]


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perms(("bronze.add_sourcefile", "bronze.change_rawrecord"))


class ImportWizard:
    """The pages, for the admin of source files."""

    def __init__(self, admin: Any) -> None:
        self._admin = admin

    def urls(self) -> list[URLPattern]:
        pages: Mapping[str, tuple[str, View]] = {
            "import": ("import/", self.upload),
            "import_look": ("import/<slug:token>/", self.look),
            "import_preview": ("import/<slug:token>/dry-run/", self.preview),
        }
        return [
            path(address, self._guarded(view), name=f"bronze_sourcefile_{name}")
            for name, (address, view) in pages.items()
        ]

    def _guarded(self, view: View) -> View:
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not may_import(request):
                raise PermissionDenied
            try:
                return view(request, **kwargs)
            except LakehouseError as error:
                self._admin.message_user(request, error.message, messages.ERROR)
                return HttpResponseRedirect(reverse("admin:bronze_sourcefile_import"))

        guarded_view: View = self._admin.admin_site.admin_view(guarded)
        return guarded_view

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Step 1."""
        if request.method == "POST":
            form = UploadForm(request.POST, request.FILES)
            if form.is_valid() and (staged := _staged(request, form)):
                return _to("import_look", staged.token)
        else:
            form = UploadForm(initial={"dataset": request.GET.get("dataset", "")})
        return self._page(request, "upload", step=1, form=form)

    def look(self, request: HttpRequest, token: str) -> HttpResponse:
        """Step 2."""
        staged = resolve(StagedFiles).get(token, request.user.pk)
        if staged.file_id is not None:
            return _receipt(staged.file_id, token)
        look = _look_at(staged)
        if request.method == "POST":
            form = LookForm(request.POST, look=look, staged=staged)
            if form.is_valid():
                said = form.said(staged)
                resolve(StagedFiles).save(said)
                seen = look if said == staged else _look_at(said)
                goes_on = "next" in request.POST and not seen.error
                return _to("import_preview" if goes_on else "import_look", token)
        else:
            form = LookForm(look=look, staged=staged)
        look = present_look(look, request.user)
        return self._page(
            request, "look", step=2, form=form, staged=staged, look=look, rows=checked_rows(look)
        )

    def preview(self, request: HttpRequest, token: str) -> HttpResponse:
        """Step 3; sent back, it is the word to load the file."""
        if request.method == "POST":
            return _receipt(resolve(ReceiveStaged)(token, user_id=request.user.pk), token)
        staged = resolve(StagedFiles).get(token, request.user.pk)
        if staged.file_id is not None:
            return _receipt(staged.file_id, token)
        try:
            seen = resolve(PreviewFile)(
                resolve(StagedFiles).path(staged),
                name=staged.name,
                dataset=staged.dataset,
                overrides=staged.overrides,
                limit=DRY_RUN_ROWS,
            )
        except DatasetBusy as error:
            return self._page(request, "preview", step=3, staged=staged, busy=error.message)
        except PermanentError as error:
            self._admin.message_user(request, error.message, messages.ERROR)
            return _to("import_look", token)
        same = resolve(SourceFiles).get(seen.received_as) if seen.received_as else None
        return self._page(
            request,
            "preview",
            step=3,
            staged=staged,
            seen=present_preview(seen, request.user),
            same=same,
        )

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shared = {
            **self._admin.admin_site.each_context(request),
            "opts": SourceFile._meta,
            "title": "Import files",
            "steps": STEPS,
        }
        return TemplateResponse(request, f"admin/import/{name}.html", shared | context)


def _staged(request: HttpRequest, form: UploadForm) -> StagedFile | None:
    """The first of the files of the form; None if one of them cannot be read, which the form then says."""
    sent = [(path_of(upload), upload.name or "upload") for upload in form.cleaned_data["file"]]
    dataset = form.cleaned_data["dataset"] or None
    try:
        first, *_ = resolve(StageFiles)(sent, user_id=request.user.pk, dataset=dataset)
    except PermanentError as error:
        form.add_error("file", ValidationError([part.message for part in error.errors] or error.message))
        return None
    return first


def _look_at(staged: StagedFile) -> FileLook:
    return resolve(LookAtFile)(
        resolve(StagedFiles).path(staged),
        name=staged.name,
        dataset=staged.dataset,
        overrides=staged.overrides,
    )


def _to(page: str, argument: object) -> HttpResponse:
    return HttpResponseRedirect(reverse(f"admin:bronze_sourcefile_{page}", args=[argument]))


def _receipt(file_id: int, token: str) -> HttpResponse:
    """The last step; the token leads on to the file that was sent with it."""
    address = reverse("admin:bronze_sourcefile_progress", args=[file_id])
    return HttpResponseRedirect(f"{address}?{urlencode({'import': token})}")

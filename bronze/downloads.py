"""Answers that are files. What is in them is not ours: but for documents, the browser does not show them."""

from collections.abc import Iterator

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from bronze.documents import PDF, Documents
from bronze.documents_text import DocumentJob, open_text
from bronze.domain import DocumentFacts
from bronze.models import SourceFile
from bronze.presentation import is_hidden, require_clear_sight
from bronze.repositories import SourceFiles
from bronze.services import ExportRejected, OpenOriginal
from bronze.services.intake import job_of, original_of
from lake.storage import Storage
from lakehouse_project.kernel.masking import PERMISSION
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve

BYTES = "application/octet-stream"
_CHARACTERS = 1 << 16


def rejected_rows(request: HttpRequest, file_id: int) -> StreamingHttpResponse:
    """The rows of a file that are in quarantine. Raises `Forbidden`, `FileNotReceived`, `NothingRejected`."""
    require_clear_sight(resolve(SourceFiles).get(file_id).dataset, request.user)
    download = resolve(ExportRejected)(file_id)
    disposition = content_disposition_header(as_attachment=True, filename=download.name)
    return StreamingHttpResponse(
        download.content,
        content_type=BYTES,
        headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
    )


def original_bytes(request: HttpRequest, file_id: int) -> FileResponse:
    """A file as it came. Raises `Forbidden`, `FileNotReceived`, `OriginalMissing`."""
    require_clear_sight(resolve(SourceFiles).get(file_id).dataset, request.user)
    file, path = resolve(OpenOriginal)(file_id)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=file.name,
        content_type=BYTES,
        headers={"X-Content-Type-Options": "nosniff"},
    )


def readable_document(request: HttpRequest, sha256: str) -> DocumentFacts:
    """The document, for a caller who may read it. Raises `Forbidden`, `DocumentNotFound`."""
    require(request, "bronze.view_document")
    document = resolve(Documents).get(sha256)
    if is_hidden(document.user_id, request.user):
        require(request, PERMISSION)
    return document


def document_bytes(document: DocumentFacts, *, inline: bool) -> HttpResponseBase:
    """A document as it came, to be saved; a PDF is shown by the browser if `inline`. Raises `OriginalMissing`."""
    is_pdf = document.media_type == PDF
    response = FileResponse(
        original_of(resolve(Storage), document.sha256).open("rb"),
        as_attachment=not (inline and is_pdf),
        filename=document.name,
        content_type=PDF if is_pdf else BYTES,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
    return response


def document_to_read(document: DocumentFacts) -> HttpResponseBase:
    """A document for the browser to show: a PDF as it came, any other as plain text that is never taken for a page.

    Raises `OriginalMissing`.
    """
    if document.media_type == PDF:
        return document_bytes(document, inline=True)
    path = original_of(resolve(Storage), document.sha256)
    job = job_of(SourceFile.objects.get(pk=document.source_file_id), path)
    return StreamingHttpResponse(
        _utf8(job),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=False, filename=document.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _utf8(job: DocumentJob) -> Iterator[bytes]:
    with open_text(job) as text:
        while part := text.read(_CHARACTERS):
            yield part.encode()

"""Answers that are files. They are never shown in the browser: what is in them is not ours."""

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from bronze.presentation import require_clear_sight
from bronze.repositories import SourceFiles
from bronze.services import ExportRejected, OpenOriginal
from lakehouse_project.kernel.services import resolve

BYTES = "application/octet-stream"


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

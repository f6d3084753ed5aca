"""Upload of files, and their receipts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Field, Query, Schema, Status

from bronze.admission import Overrides
from bronze.api.routes import refusals
from bronze.documents import Documents
from bronze.domain import FileState, Preview, ReceivedFile, Undone
from bronze.downloads import original_bytes, rejected_rows
from bronze.presentation import present_files, present_preview, present_undone
from bronze.repositories import SourceFiles
from bronze.services import PreviewFile, PreviewUndo, ReceiveFiles, RetryFile, UndoFile
from bronze.uploads import path_of
from governance.operations.schemas import look_after
from lakehouse_project.kernel.errors import InvalidInput
from lakehouse_project.kernel.pagination import Page, PageOf
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["files"])

OVERRIDES = {
    "delimiter": "Delimiter of a CSV file: a character, or comma, semicolon, tab, vertical bar. Left out: found out.",
    "encoding": "Encoding of a text file, such as utf-8 or cp1252. Left out: found out.",
    "header": "Whether a CSV file begins with a header: yes or no. Left out: found out.",
    "header_line": "The line of a CSV file, from 1, that is its header; what is above it is left out. Left out: found out.",
    "record_path": "Member of a JSON file, or of its records, whose elements are the rows. Left out: found out.",
}

COLUMN = (
    "Which field a column of the file stands for, as `COLUMN=FIELD`, such as `First name=full_name`; once for each such "
    "column. The columns of a file without a header are `column_1`, `column_2` and so on. Left out: by their names."
)

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "dataset": {"type": "string", "examples": ["hired_employees"]},
                        **{name: {"type": "string", "description": text} for name, text in OVERRIDES.items()},
                        "column": {"type": "array", "items": {"type": "string"}, "description": COLUMN},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


FILE_ANSWER = {
    "responses": {
        200: {
            "description": "The file, as an attachment.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


class UploadQuery(Schema):
    """How a raw body is called; the form has fields of its own."""

    dataset: str | None = None
    name: str | None = None
    delimiter: str | None = Field(None, description=OVERRIDES["delimiter"])
    encoding: str | None = Field(None, description=OVERRIDES["encoding"])
    header: str | None = Field(None, description=OVERRIDES["header"])
    header_line: str | None = Field(None, description=OVERRIDES["header_line"])
    record_path: str | None = Field(None, description=OVERRIDES["record_path"])
    column: list[str] = Field([], description=COLUMN)


class FileFilters(Schema):
    """Filters of the list of files."""

    dataset: str | None = None
    state: FileState | None = None


@versions.post(
    "",
    response={200: Page[ReceivedFile], 202: Page[ReceivedFile]},
    operation_id="upload_files",
    summary="Send files: a form with one or several, or the bytes of one as the body",
    description="Of several files all are taken or none. The same bytes again answer 200 with the earlier receipt. Each "
    "file has an `operation` of its own that tells how far its loading is; `Location` is that of the first.",
    openapi_extra=FORM,
)
def upload_files(request: HttpRequest, response: HttpResponse, query: Query[UploadQuery]) -> Any:
    reject_unknown(request, UploadQuery.model_fields)
    require(request, "bronze.add_sourcefile")
    dataset, overrides, user = _said(request, query, "dataset"), _overrides(request, query), request.user.pk
    with _sent(request, query) as sent:
        received = resolve(ReceiveFiles)(
            sent, via="upload", dataset=dataset, user_id=user, overrides=overrides
        )
    new = [file for file in received if not file.repeated]
    if new:
        look_after(request, response, new[0].operation)
    return Status(202 if new else 200, PageOf(resolve(Documents).with_status(received), len(received)))


@versions.list(
    "",
    item=ReceivedFile,
    query=FileFilters,
    operation_id="list_files",
    summary="Files and their receipts, newest first",
)
def list_files(request: HttpRequest, query: FileFilters) -> Listed:
    require(request, "bronze.view_sourcefile")
    rows = resolve(SourceFiles).rows(dataset=query.dataset, state=query.state)
    return rows.together(lambda files: present_files(files, request.user))


@versions.get(
    "/{int:file_id}", response=ReceivedFile, operation_id="get_file", summary="One file and its receipt"
)
def get_file(request: HttpRequest, file_id: int) -> ReceivedFile:
    reject_unknown(request, ())
    require(request, "bronze.view_sourcefile")
    (file,) = present_files([resolve(SourceFiles).get(file_id)], request.user)
    return file


@versions.post(
    "/preview",
    response=Preview,
    operation_id="preview_file",
    summary="Dry run: what loading a file would do",
    description="What was detected, the receipt that it would get, its first rows as checked, and the first updates. "
    "Nothing is kept.",
    openapi_extra=FORM,
)
def preview_file(request: HttpRequest, query: Query[UploadQuery]) -> Preview:
    reject_unknown(request, UploadQuery.model_fields)
    require(request, "bronze.change_rawrecord")
    with _sent(request, query) as sent:
        if len(sent) > 1:
            raise InvalidInput("A preview is of one file. Send them one by one.")
        (path, name), *_ = sent
        dataset, overrides = _said(request, query, "dataset"), _overrides(request, query)
        seen = resolve(PreviewFile)(path, name=name, dataset=dataset, overrides=overrides)
    return present_preview(seen, request.user)


@versions.get(
    "/{int:file_id}/rejected",
    operation_id="download_rejected",
    summary="The rows of a file that are in quarantine, as a file to repair and send back",
    description="In the format of the file (Parquet becomes CSV), with `_record` and `_reason` at the end of each row; both "
    "are ignored when the file comes back. Values are as they were received, so that formulas are not neutralised.",
    openapi_extra=FILE_ANSWER,
)
def download_rejected(request: HttpRequest, file_id: int) -> HttpResponseBase:
    reject_unknown(request, ())
    require(request, "bronze.view_rawrecord")
    return rejected_rows(request, file_id)


@versions.get(
    "/{int:file_id}/original",
    operation_id="download_original",
    summary="The bytes of a file as they came",
    openapi_extra=FILE_ANSWER,
)
def download_original(request: HttpRequest, file_id: int) -> HttpResponseBase:
    reject_unknown(request, ())
    require(request, "bronze.view_sourcefile")
    return original_bytes(request, file_id)


@versions.post(
    "/{int:file_id}/retry",
    response={202: ReceivedFile, 409: Problem},
    operation_id="retry_file",
    summary="Load a file that failed once more",
)
def retry_file(request: HttpRequest, response: HttpResponse, file_id: int) -> Any:
    reject_unknown(request, ())
    require(request, "bronze.add_sourcefile")
    file = resolve(RetryFile)(file_id, user_id=request.user.pk)
    look_after(request, response, file.operation)
    return Status(202, *present_files([file], request.user))


@versions.get(
    "/{int:file_id}/undo",
    response={200: Undone} | refusals(404, 409),
    operation_id="preview_undo",
    summary="What undoing a file would do",
)
def preview_undo(request: HttpRequest, file_id: int) -> Undone:
    reject_unknown(request, ())
    require(request, "bronze.view_rawrecord")
    return present_undone(resolve(PreviewUndo)(file_id), request.user)


@versions.post(
    "/{int:file_id}/undo",
    response={200: Undone} | refusals(404, 409),
    operation_id="undo_file",
    summary="Undo a file: put back what it updated, remove what it inserted",
    description="Records that were changed since are left as they are. All are counted, the first 100 of each group "
    "are named. The receipt stays, and the same bytes can be sent again.",
)
def undo_file(request: HttpRequest, file_id: int) -> Undone:
    reject_unknown(request, ())
    require(request, "bronze.change_rawrecord")
    return present_undone(resolve(UndoFile)(file_id), request.user)


def _said(request: HttpRequest, query: UploadQuery, name: str) -> str | None:
    """What the form says, else the address."""
    return (_is_form(request) and request.POST.get(name)) or getattr(query, name) or None


def _overrides(request: HttpRequest, query: UploadQuery) -> Overrides:
    said = request.POST.getlist("column") if _is_form(request) else []
    return Overrides.of_texts(
        **{name: _said(request, query, name) for name in OVERRIDES}, columns=said or query.column
    )


@contextmanager
def _sent(request: HttpRequest, query: UploadQuery) -> Iterator[list[tuple[Path, str]]]:
    """The files of the request as local paths with their names."""
    if not _is_form(request):
        with _body(request) as path:
            yield [(path, query.name or query.dataset or "upload")]
        return
    uploads = [upload for name in request.FILES for upload in request.FILES.getlist(name)]
    if not uploads:
        raise InvalidInput("The form has no file. Send it as form field `file`: curl -F file=@my.csv …")
    yield [(path_of(upload), upload.name or "upload") for upload in uploads]


def _is_form(request: HttpRequest) -> bool:
    """Every other body is a file, whatever its type says: `curl --data-binary` calls it a form, too."""
    return request.content_type == "multipart/form-data"


@contextmanager
def _body(request: HttpRequest) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="body-") as out:
        while block := request.read(1 << 20):
            out.write(block)
            if out.tell() > settings.MAX_UPLOAD_BYTES:
                break  # admission refuses it and says why
        out.flush()
        yield Path(out.name)

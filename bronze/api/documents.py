"""Documents: what is known of them, their text, their bytes, and whose they are.

A document that belongs to a user is personal data as a whole: those who may not see it learn that it is there.
"""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Schema, Status
from pydantic import ConfigDict

from bronze.api.routes import refusals
from bronze.documents import Documents
from bronze.domain import DocumentFacts, PageText
from bronze.downloads import document_bytes, readable_document
from bronze.presentation import present_document
from bronze.services import DeleteDocument, ExtractAgain, LinkDocument
from governance.operations.schemas import look_after
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import NoFilters, Versions

versions = Versions(tags=["documents"])

DocumentStatus = Literal["pending", "ok", "partial", "encrypted", "corrupt", "limit", "timeout", "no_text"]


class DocumentFilters(Schema):
    """Filters of the list of documents. `user_id` empty: those of nobody."""

    status: DocumentStatus | None = None
    user_id: str | None = None
    deleted: bool = False


class OriginalQuery(Schema):
    """`inline`: shown in the browser instead of saved; PDF only."""

    inline: bool = False


class DocumentChange(Schema):
    """What can be said of a document."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] | None = Field(
        description="Key of the user it belongs to; null for nobody.", examples=["1001"]
    )


@versions.list(
    "",
    item=DocumentFacts,
    query=DocumentFilters,
    operation_id="list_documents",
    summary="Documents, newest first",
)
def list_documents(request: HttpRequest, query: DocumentFilters) -> Listed:
    require(request, "bronze.view_document")
    rows = resolve(Documents).rows(status=query.status, user_id=query.user_id, deleted=query.deleted)
    return rows.each(lambda document: present_document(document, request.user))


@versions.get(
    "/{sha256}",
    response={200: DocumentFacts} | refusals(404),
    operation_id="get_document",
    summary="What is known of a document",
)
def get_document(request: HttpRequest, sha256: str) -> DocumentFacts:
    reject_unknown(request, ())
    require(request, "bronze.view_document")
    return present_document(resolve(Documents).get(sha256), request.user)


@versions.list(
    "/{sha256}/pages",
    item=PageText,
    response=refusals(404),
    operation_id="list_document_pages",
    summary="The text of a document, page by page",
)
def list_document_pages(request: HttpRequest, query: NoFilters, sha256: str) -> Listed:
    readable_document(request, sha256)
    return resolve(Documents).pages(sha256)


@versions.get(
    "/{sha256}/original",
    operation_id="get_document_original",
    summary="The bytes of a document as they came",
    openapi_extra={
        "responses": {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
def get_document_original(request: HttpRequest, sha256: str, query: Query[OriginalQuery]) -> HttpResponseBase:
    reject_unknown(request, OriginalQuery.model_fields)
    return document_bytes(readable_document(request, sha256), inline=query.inline)


@versions.patch(
    "/{sha256}",
    response={200: DocumentFacts} | refusals(404, 422),
    operation_id="change_document",
    summary="Say which user a document belongs to, or that it belongs to nobody",
)
def change_document(request: HttpRequest, sha256: str, change: DocumentChange) -> DocumentFacts:
    reject_unknown(request, ())
    require(request, "bronze.change_document")
    readable_document(request, sha256)
    user_id = (change.user_id or "").strip()
    return present_document(resolve(LinkDocument)(sha256, user_id, by=request.user.pk), request.user)


@versions.post(
    "/{sha256}/extract",
    response={202: DocumentFacts} | refusals(404, 410),
    operation_id="extract_document",
    summary="Read the text anew, as after a limit was raised",
)
def extract_document(request: HttpRequest, response: HttpResponse, sha256: str) -> Any:
    reject_unknown(request, ())
    require(request, "bronze.change_document")
    look_after(request, response, resolve(ExtractAgain)(sha256, user_id=request.user.pk).pk)
    return Status(202, present_document(resolve(Documents).get(sha256), request.user))


@versions.delete(
    "/{sha256}",
    response={204: None} | refusals(404),
    operation_id="delete_document",
    summary="Delete a document: it leaves the search, and can be restored",
)
def delete_document(request: HttpRequest, sha256: str) -> Status[None]:
    reject_unknown(request, ())
    require(request, "bronze.delete_document")
    resolve(DeleteDocument)(sha256)
    return Status(204, None)


@versions.post(
    "/{sha256}/restore",
    response={200: DocumentFacts} | refusals(404),
    operation_id="restore_document",
    summary="Bring a deleted document back",
)
def restore_document(request: HttpRequest, sha256: str) -> DocumentFacts:
    reject_unknown(request, ())
    require(request, "bronze.delete_document")
    return present_document(resolve(DeleteDocument)(sha256, deleted=False), request.user)

"""Routes of operations: asked for, looked after, cancelled, and their results."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema, Status

from governance.errors import NoResult, OperationOpen
from governance.models import Run
from governance.operations.downloads import file_answer
from governance.operations.repositories import OPEN, Operations
from governance.operations.results import ResultFiles
from governance.operations.schemas import RETRY_AFTER, OperationOut, accepted, present, result_address
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["operations"])

VIEW = "governance.view_run"


class OperationFilters(Schema):
    """Filters of the list of operations."""

    kind: str | None = None
    state: Run.State | None = None


@versions.list(
    "",
    item=OperationOut,
    query=OperationFilters,
    operation_id="list_operations",
    summary="What you have asked for, newest first",
    description="Administrators see what others have asked for, too, and the runs that the pipeline starts by itself.",
)
def list_operations(request: HttpRequest, query: OperationFilters) -> Listed:
    require(request, VIEW)
    found = resolve(Operations).rows(request.user, kind=query.kind, state=query.state)
    return found.each(lambda row: present(request, Run(**row)))


@versions.get(
    "/{uuid:operation_id}",
    response={200: OperationOut, 303: OperationOut, 404: Problem},
    operation_id="get_operation",
    summary="How far an operation is",
    description="While it is open the answer has `Retry-After`. Once it has ended with a result the answer is 303 with the "
    "address of the result in `Location`, and the state in the body all the same, for callers that do not follow it.",
)
def get_operation(request: HttpRequest, response: HttpResponse, operation_id: UUID) -> Status[OperationOut]:
    reject_unknown(request, ())
    require(request, VIEW)
    run = resolve(Operations).get(operation_id, request.user)
    if run.state in OPEN:
        response["Retry-After"] = str(RETRY_AFTER)
    if (place := result_address(request, run)) is None:
        return Status(200, present(request, run))
    response["Location"] = place
    return Status(303, present(request, run))


@versions.get(
    "/{uuid:operation_id}/result",
    response={303: None, 403: Problem, 404: Problem, 409: Problem, 416: Problem},
    operation_id="get_operation_result",
    summary="What an operation has left: a file, or the address of a resource",
    description="A file comes with its type, name and length, and in parts if `Range` asks for one. Whoever fetches it "
    "needs the permissions that it was made with.",
    openapi_extra={
        "responses": {
            status: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
            for status in (200, 206)
        }
    },
)
def get_operation_result(
    request: HttpRequest, response: HttpResponse, operation_id: UUID
) -> Status[None] | HttpResponseBase:
    reject_unknown(request, ())
    require(request, VIEW)
    run = resolve(Operations).get(operation_id, request.user)
    place = _place(request, run)
    if run.result.get("location"):
        response["Location"] = place
        return Status(303, None)
    for permission in run.result["needs"]:
        require(request, permission)
    return file_answer(request, resolve(ResultFiles).path(str(run.pk)), run.result)


def _place(request: HttpRequest, run: Run) -> Any:
    if run.state in OPEN:
        raise OperationOpen(f"The operation is {run.state}: there is no result yet.", operation=run.pk)
    if (place := result_address(request, run)) is None:
        raise NoResult(f"The operation is {run.state} and has left no result. {run.message}".rstrip())
    return place


@versions.post(
    "/{uuid:operation_id}/cancel",
    response={200: OperationOut, 202: OperationOut, 404: Problem, 409: Problem},
    operation_id="cancel_operation",
    summary="Cancel an operation",
    description="One that waits never begins: 200. One at work is asked to stop, which it does at its next step: 202. "
    "What it had done is rolled back, but for what stands on its own: files that a seed has sent stay. One that has ended: "
    "409.",
)
def cancel_operation(
    request: HttpRequest, response: HttpResponse, operation_id: UUID
) -> Status[OperationOut]:
    reject_unknown(request, ())
    require(request, VIEW)
    run = resolve(Operations).cancel(operation_id, request.user)
    return accepted(request, response, run) if run.state in OPEN else Status(200, present(request, run))

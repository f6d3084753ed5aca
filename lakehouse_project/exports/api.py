"""Asking for an export over REST."""

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from governance.idempotency import idempotent
from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue
from lakehouse_project.exports.domain import Wanted
from lakehouse_project.exports.services import WriteExport
from lakehouse_project.exports.sources import sources
from lakehouse_project.exports.tasks import EXPORT
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.services import resolve

router = Router(tags=["exports"])

VIEW = "governance.view_run"


class ExportIn(Wanted, Schema):
    """An export. Rows, fields and masks are those of the list for whoever asks."""


class SourcesOut(Schema):
    """The lists that can be exported."""

    items: list[str]


@router.get(
    "/sources", response=SourcesOut, operation_id="list_export_sources", summary="What can be exported"
)
def list_export_sources(request: HttpRequest) -> SourcesOut:
    reject_unknown(request, ())
    require(request, VIEW)
    return SourcesOut(items=sources())


@router.post(
    "",
    response={202: OperationOut, 400: Problem, 403: Problem, 404: Problem, 422: Problem},
    operation_id="create_export",
    summary="Write a list to a file",
    description="The operation tells how far it is; its result is the file, for whoever asked. What is wrong with the "
    "request is answered at once. Cells of CSV that a spreadsheet would run begin with an apostrophe.",
)
@permitted(VIEW)
@idempotent
def create_export(request: HttpRequest, response: HttpResponse, wanted: ExportIn) -> Status[OperationOut]:
    resolve(WriteExport).check(wanted, request.user)
    run = enqueue(EXPORT, user_id=request.user.pk, **wanted.model_dump(mode="json"))
    resolve(EventBus).publish("gold.export_wanted", run_id=str(run.pk))
    return accepted(request, response, run)

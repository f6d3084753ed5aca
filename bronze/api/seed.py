"""Seeding over the API."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue
from governance.visibility import hidden
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import Forbidden, require
from lakehouse_project.kernel.services import resolve

router = Router(tags=["seed"])


class SeedIn(Schema):
    """The same scale and seed give the same data; loading it again changes nothing."""

    model_config = ConfigDict(extra="forbid")

    scale: Annotated[
        float, Field(gt=0, le=100, description="1 means 1,000 users and 20,000 order lines.")
    ] = 1.0
    seed: Annotated[int, Field(ge=0, description="Another number, other data.")] = 42


@router.post(
    "", response={202: OperationOut}, operation_id="seed", summary="Generate a company's data and load it"
)
def seed_lake(
    request: HttpRequest, response: HttpResponse, wanted: SeedIn | None = None
) -> Status[OperationOut]:
    reject_unknown(request, ())
    require(request, "bronze.add_sourcefile")
    if hidden():
        raise Forbidden(
            "Generated data are of every data set, and some are restricted to groups that you are not in."
        )
    wanted = wanted or SeedIn()
    run = enqueue("seed", user_id=request.user.pk, **wanted.dict())
    resolve(EventBus).publish("bronze.seed_wanted", run_id=str(run.pk), **wanted.dict())
    return accepted(request, response, run)

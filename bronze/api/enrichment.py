"""Fetching what others publish, over the API."""

from datetime import date
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from bronze.catalog import contract_named
from bronze.enrichment.repositories import DATASET
from bronze.services.rates import RUN, FetchRates
from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve

router = Router(tags=["enrichment"])


class RatesIn(Schema):
    """Without days: from a week before the last known rate until today."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[date | None, Field(description="First day.", examples=["2024-01-01"])] = None
    until: Annotated[date | None, Field(description="Last day.", examples=["2024-03-31"])] = None


@router.post(
    "/exchange-rates",
    response={202: OperationOut},
    operation_id="fetch_exchange_rates",
    summary="Fetch exchange rates from the source that is set up",
    description="The counts of the operation have the rates and the file, whose receipt says what became of them.",
)
def fetch_exchange_rates(
    request: HttpRequest, response: HttpResponse, wanted: RatesIn | None = None
) -> Status[OperationOut]:
    reject_unknown(request, ())
    require(request, "bronze.add_sourcefile")
    contract_named(DATASET)
    wanted = wanted or RatesIn()
    resolve(FetchRates).check(since=wanted.since, until=wanted.until)
    days = wanted.model_dump(mode="json")
    run, is_new = enqueue_once(RUN, user_id=request.user.pk, **days)
    if is_new:
        resolve(EventBus).publish("bronze.rates_wanted", run_id=str(run.pk), user_id=request.user.pk, **days)
    return accepted(request, response, run)

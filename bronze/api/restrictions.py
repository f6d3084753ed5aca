"""Who sees a data set, for administrators."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import ConfigDict

from bronze.api.routes import refusals
from bronze.domain import StorableText
from bronze.repositories import require_dataset
from governance.restrictions import Restrictions
from governance.visibility import PERMISSION
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["datasets"])


class RestrictionIn(Schema):
    """The groups that see the data set; with none of them administrators alone do."""

    model_config = ConfigDict(extra="forbid")

    groups: Annotated[list[StorableText], Field(max_length=100, examples=[["curator"]])]


class RestrictionOut(Schema):
    """`groups` null: everybody with the right to see data sets sees it."""

    dataset: str
    groups: list[str] | None


@versions.get(
    "/datasets/{name}/restriction",
    response={200: RestrictionOut} | refusals(400, 404),
    operation_id="get_restriction",
    summary="Which groups see a data set",
)
def get_restriction(request: HttpRequest, name: str) -> RestrictionOut:
    reject_unknown(request, ())
    require(request, PERMISSION)
    require_dataset(name)
    return RestrictionOut(dataset=name, groups=resolve(Restrictions).of(name))


@versions.put(
    "/datasets/{name}/restriction",
    response={200: RestrictionOut} | refusals(400, 404, 422),
    operation_id="restrict_dataset",
    summary="Restrict a data set to some groups",
    description="For everybody else it is not there: they neither list nor read, write, search or download anything of it. "
    "What silver and gold are computed of it has permissions of its own. `documents` can be restricted, too.",
)
def restrict_dataset(request: HttpRequest, name: str, wanted: RestrictionIn) -> RestrictionOut:
    reject_unknown(request, ())
    require(request, PERMISSION)
    require_dataset(name)
    resolve(Restrictions).put(name, wanted.groups)
    return RestrictionOut(dataset=name, groups=resolve(Restrictions).of(name))


@versions.delete(
    "/datasets/{name}/restriction",
    response={204: None} | refusals(400, 404),
    operation_id="open_dataset",
    summary="Let everybody see a data set again",
)
def open_dataset(request: HttpRequest, name: str) -> Status[None]:
    reject_unknown(request, ())
    require(request, PERMISSION)
    require_dataset(name)
    resolve(Restrictions).remove(name)
    return Status(204, None)

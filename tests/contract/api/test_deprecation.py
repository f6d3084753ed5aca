"""How a route, or a version, says that it will go away."""

from datetime import UTC, datetime

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from ninja import NinjaAPI, Router

from lakehouse_project import problems
from lakehouse_project.deprecation import DEPRECATED, WHOLE_VERSION, Deprecation, announce
from lakehouse_project.kernel.errors import NotFound
from tests.contract.api.versions import Version
from tests.openapi.samples import apis, operations

SINCE, SUNSET = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
router = Router()


@router.get("/things/{name}", operation_id="get_thing", response=str)
def get_thing(request: HttpRequest, name: str) -> str:
    if name == "gone":
        raise NotFound("There is no such thing.")
    return name


@router.get("/others", operation_id="list_others", response=list[str])
def list_others(request: HttpRequest) -> list[str]:
    return []


def headers(deprecated: dict[str, Deprecation], path: str) -> dict[str, str]:
    api = NinjaAPI(urls_namespace="of a test")
    problems.register(api)
    announce(api, deprecated)
    api.add_router("", router)
    patterns, *_ = api.urls
    view = next(match for pattern in patterns if (match := pattern.resolve(path)))
    answer = view.func(RequestFactory().get(f"/{path}"), **view.kwargs)
    return dict(answer.headers)


ONE = {"get_thing": Deprecation(SINCE, SUNSET, successor="/api/v2/things/{name}")}


@pytest.mark.parametrize("name", ["lamp", "gone"])
def test_every_answer_of_a_route_tells_when_and_what_instead(name: str) -> None:
    told = headers(ONE, f"things/{name}")
    assert told["Deprecation"] == "@1735689600"
    assert told["Sunset"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert told["Link"] == f'</api/v2/things/{name}>; rel="successor-version"'


def test_other_routes_tell_nothing() -> None:
    assert {"Deprecation", "Sunset", "Link"}.isdisjoint(headers(ONE, "others"))


def test_a_whole_version_without_a_day_yet() -> None:
    told = headers({WHOLE_VERSION: Deprecation(SINCE)}, "others")
    assert told["Deprecation"] == "@1735689600"
    assert "Sunset" not in told


def test_the_document_says_so() -> None:
    api = NinjaAPI(urls_namespace="of another test")
    announce(api, ONE)
    api.add_router("", router)
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    assert paths["/things/{name}"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/others"]["get"]


def test_the_table_names_operations_that_there_are(version: Version) -> None:
    known = {operation.id for operation in operations(apis()[version.name])}
    assert DEPRECATED[version.name].keys() <= known | {WHOLE_VERSION}

"""What a collection makes of an OpenAPI document; that the whole one runs is tested by newman."""

import json
from typing import Any

import pytest

from lakehouse_project.api import v1
from lakehouse_project.postman import collection, environment

STATIONS = "/api/v1/stations"
NEW = {
    "type": "object",
    "required": ["name", "kind"],
    "properties": {
        "name": {"type": "string", "examples": ["B-12"]},
        "kind": {"$ref": "#/components/schemas/Kind"},
        "note": {"type": "string"},
    },
}
STATION = {"type": "object", "properties": {"station_id": {"type": "integer"}, "name": {"type": "string"}}}
KIND = {"type": "string", "enum": ["rain", "wind"]}
ID = {"name": "station_id", "in": "path", "required": True, "schema": {"type": "integer"}}
MATCH = {"name": "If-Match", "in": "header", "description": "An ETag.", "schema": {"type": "string"}}


def answer(status: int, schema: Any = None) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {str(status): {"description": "", **content}, "404": {"description": ""}}


def operation(name: str, responses: Any, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": name, "tags": ["stations"], "responses": responses, **more}


@pytest.fixture
def document() -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}}
    one = {
        "delete": operation("remove", answer(204), parameters=[ID, MATCH]),
        "get": operation("read", answer(200, STATION), parameters=[ID]),
    }
    many = {
        "get": operation(
            "list", answer(200, {"type": "object", "properties": {"items": {"items": STATION}}})
        ),
        "post": operation("create", answer(201, STATION), requestBody=body),
    }
    return {
        "info": {"title": "lakehouse", "version": "1", "description": "A test."},
        "paths": {f"{STATIONS}/{{station_id}}": one, STATIONS: many},
        "components": {"schemas": {"New": NEW, "Kind": KIND}},
    }


def items(made: dict[str, Any]) -> dict[str, Any]:
    return {item["id"]: item for folder in made["item"] for item in folder["item"]}


def script(item: dict[str, Any]) -> str:
    return "\n".join(item["event"][0]["script"]["exec"])


def test_a_route_that_nobody_has_told_of_is_made_read_and_deleted_in_this_order(document: Any) -> None:
    made = items(collection(document))
    assert list(made) == ["create", "list", "read", "remove"]
    assert "answer.station_id" in script(made["create"])
    assert 'set("stations"' in script(made["create"])
    assert made["read"]["request"]["url"]["variable"] == [{"key": "station_id", "value": "{{stations}}"}]


def test_without_a_request_that_makes_one_the_first_of_the_list_is_taken(document: Any) -> None:
    del document["paths"][STATIONS]["post"]
    assert "answer.items[0]?.station_id" in script(items(collection(document))["list"])


def test_the_body_has_what_is_required_or_has_an_example(document: Any) -> None:
    body = items(collection(document))["create"]["request"]["body"]["raw"]
    assert json.loads(body) == {"name": "B-12", "kind": "rain"}


def test_only_documented_successes_pass(document: Any) -> None:
    assert "oneOf([204])" in script(items(collection(document))["remove"])


def test_the_etag_that_was_seen_is_sent(document: Any) -> None:
    made = items(collection(document))
    assert 'set("stations_etag"' in script(made["read"])
    assert {"key": "If-Match", "value": "{{stations_etag}}", "description": "An ETag."} in (
        made["remove"]["request"]["header"]
    )


def test_every_operation_of_the_api_is_there_once_and_always_the_same() -> None:
    schema = v1.get_openapi_schema(path_prefix="/api/v1/")
    made = collection(schema)
    found = [item["id"] for folder in made["item"] for item in folder["item"]]
    assert sorted(found) == sorted(
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    )
    assert made == collection(v1.get_openapi_schema(path_prefix="/api/v1/"))


def test_a_request_with_a_body_shows_an_example_of_it() -> None:
    schema = v1.get_openapi_schema(path_prefix="/api/v1/")
    made = items(collection(schema))
    with_body = {
        operation["operationId"]
        for path in schema["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    }
    assert {name for name in with_body if not made[name]["request"].get("body", {}).get("raw")} == set()


def test_the_environment_has_no_password() -> None:
    assert {value["key"]: value["value"] for value in environment()["values"]}["password"] == ""

"""The OpenAPI document of each version: nothing that a caller needs is left out, and its examples are what it says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lakehouse_project.api import APIS
from lakehouse_project.kernel.problem import CONTENT_TYPE
from tests.contract.api.versions import Version
from tests.openapi.samples import Operation, document_of, operations, resolved

JSON = "application/json"


@pytest.fixture
def document(version: Version) -> dict[str, Any]:
    return document_of(APIS[version.name])


def found(version: Version) -> Iterator[Operation]:
    return operations(APIS[version.name])


def errors(operation: Operation) -> set[int]:
    return {int(status) for status in operation.spec["responses"] if int(status) >= 400}


def examples(operation: Operation) -> Iterator[tuple[Any, Any]]:
    """The schema and the example of its JSON body and of each good answer in JSON."""
    answers = [answer for status, answer in operation.spec["responses"].items() if int(status) < 400]
    for part in (operation.spec.get("requestBody", {}), *answers):
        if JSON in part.get("content", {}):
            media = part["content"][JSON]
            yield media["schema"], media.get("example")


def test_every_operation_is_told_of(version: Version) -> None:
    for operation in found(version):
        assert operation.spec["summary"], operation
        assert operation.spec["tags"], operation
    ids = [operation.id for operation in found(version)]
    assert len(ids) == len(set(ids)) > 200


def test_every_error_is_told_of_as_a_problem(version: Version, document: Any) -> None:
    for operation in found(version):
        needed = {400, 500, 503}
        needed |= {401, 403, 429} if "security" not in operation.spec else set()
        needed |= {404} if "{" in operation.path else set()
        needed |= {411, 413, 415, 422} if "requestBody" in operation.spec else set()
        assert needed <= errors(operation), operation
        for status in errors(operation):
            name = operation.spec["responses"][status]["$ref"].removeprefix("#/components/responses/")
            answer = document["components"]["responses"][name]
            assert answer["content"][CONTENT_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert answer["content"][CONTENT_TYPE]["example"]["status"] == status
            assert answer["description"]


def test_writes_of_a_record_tell_of_the_revision(version: Version) -> None:
    (put,) = [each for each in found(version) if each.id == "replace_record_users"]
    (match,) = [each for each in put.spec["parameters"] if each["name"] == "If-Match"]
    assert match["required"] == version.must_say_revision
    assert (428 in errors(put)) == version.must_say_revision


def test_every_body_and_good_answer_has_an_example_that_it_would_take(
    version: Version, document: Any
) -> None:
    wrong, seen = [], 0
    for operation in found(version):
        for schema, example in examples(operation):
            seen += 1
            whole = {**schema, "components": document["components"]}
            wrong += [
                (operation.id, error.message) for error in Draft202012Validator(whole).iter_errors(example)
            ]
    assert not wrong
    assert seen > 300


def test_a_body_has_nothing_that_nobody_reads(version: Version, document: Any) -> None:
    """A misspelled member is refused; those of a record are told by its contract."""
    free = {
        operation.id
        for operation in found(version)
        for schema in bodies(operation, document)
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }
    assert {name for name in free if not re.match("(create|replace|change)_record_", name)} == set()


def bodies(operation: Operation, document: Any) -> Iterator[Any]:
    """The schemas of what a body may be."""
    schema = operation.spec.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return (resolved(each, document) for each in schema.get("anyOf", [schema]))


def test_a_record_is_shown_as_its_contract_has_it(version: Version) -> None:
    (get,) = [each for each in found(version) if each.id == "get_record_users"]
    ((_schema, example),) = examples(get)
    assert (example["city"], example["_record"]["revision"]) == ("Berlin", 1)


def test_only_a_login_needs_no_login(version: Version, document: Any) -> None:
    assert document["security"]
    public = {operation.id for operation in found(version) if operation.spec.get("security") == []}
    assert public == {"log_in", "refresh_login", "log_out"}

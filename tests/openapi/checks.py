"""What every answer to a request that was made of the OpenAPI document must be."""

from typing import Any

from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lakehouse_project.openapi.headers import HEADERS

GOES_ON = (201, 202, 303)


def told_headers(_context: Any, response: Any, case: Any) -> None:
    """A header that the document knows is told of where it is sent, and an answer that goes on elsewhere says where."""
    answer = case.operation.responses.find_by_status_code(response.status_code)
    if answer is None:
        return
    told = {name.lower() for name, _header in answer.headers.items()}
    sent = {name.lower() for name in HEADERS} & {name.lower() for name in response.headers}
    assert sent <= told, f"{case.operation.label} {response.status_code} does not tell of {sent - told}"
    if response.status_code in GOES_ON:
        assert ("location" in sent) == ("location" in told), f"{case.operation.label} says not where"


CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    told_headers,
]


def is_switched_off(answer: Any) -> bool:
    """Whether a part of the product is not set up here, which a 503 says."""
    return bool(answer.status_code == 503 and answer.json()["code"] == "not_configured")

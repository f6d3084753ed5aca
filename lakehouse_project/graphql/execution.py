"""From the body of a request to the answer: read, parse, limit, validate, execute."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.http import HttpRequest
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
    visit,
)
from graphql.language import TypeNode

from bronze.readers.json_text import LONE_SURROGATE, MAX_DEPTH, deeper_than, strings
from lakehouse_project.env import env
from lakehouse_project.graphql import limits
from lakehouse_project.graphql.rows import Context
from lakehouse_project.graphql.schema import ROW_SCALAR, core
from lakehouse_project.kernel.errors import FieldError, InvalidInput, LakehouseError
from lakehouse_project.kernel.exact import loads
from lakehouse_project.kernel.problem import error_entry
from lakehouse_project.problems import detail_of, status_of

log = structlog.get_logger(__name__)

MOST_ERRORS = 20
LONGEST_LIST = 10_000
MEMBERS = {"query": str, "variables": dict, "operationName": str, "extensions": dict}


class InvalidQuery(InvalidInput):
    """A request that is no GraphQL query for this schema."""

    code = "invalid_query"


@dataclass(frozen=True)
class Asked:
    """A request of GraphQL over HTTP."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None


def answer(request: HttpRequest) -> tuple[dict[str, Any], bool]:
    """The answer, and whether the query was executed. One that was not has errors and no data."""
    try:
        asked = _asked(request.body)
        document = _parsed(asked)
    except LakehouseError as error:
        return {"errors": [_entry(request, error)]}, False
    except GraphQLError as error:
        return {"errors": [formatted(request, error)]}, False
    if found := validate(core, document, max_errors=MOST_ERRORS):
        return {"errors": [formatted(request, error) for error in found]}, False
    done = execute_sync(
        core,
        document,
        context_value=Context(request),
        variable_values=dict(asked.variables),
        operation_name=asked.operation,
    )
    result: dict[str, Any] = {} if done.data is None and _is_unread(done.errors) else {"data": done.data}
    if done.errors:
        result["errors"] = [formatted(request, error) for error in done.errors]
    return result, "data" in result


def _is_unread(errors: Iterable[GraphQLError] | None) -> bool:
    """Whether the variables were refused: then no field was asked."""
    return all(error.path is None for error in errors or ())


# --- the body -----------------------------------------------------------------------------------------------------


def _asked(body: bytes) -> Asked:
    members = _decoded(body)
    if isinstance(members, list):
        raise InvalidQuery("One request has one query: send them one by one, not in an array.")
    if not isinstance(members, dict) or not isinstance(members.get("query"), str):
        raise InvalidQuery(
            'The body must be a JSON object like {"query": "{ departments { nodes { name } } }"}.'
        )
    for name, kind in MEMBERS.items():
        if members.get(name) is not None and not isinstance(members[name], kind):
            raise InvalidQuery(f"{name} must be {'a text' if kind is str else 'a JSON object'}.")
    _require_handy(members.get("variables"))
    return Asked(members["query"], members.get("variables") or {}, members.get("operationName"))


def _decoded(body: bytes) -> Any:
    try:
        return loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidQuery(f"The body is not UTF-8 (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise InvalidQuery(message) from error
    except RecursionError as error:
        raise InvalidQuery(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise InvalidQuery("The body has a number that is too long.") from error


def _require_handy(variables: Any) -> None:
    if deeper_than(MAX_DEPTH, variables):
        raise InvalidQuery(f"The variables are nested deeper than {MAX_DEPTH} levels.")
    if any(len(each) > LONGEST_LIST for each in _lists(variables)):
        raise InvalidQuery(f"A list in the variables has more than {LONGEST_LIST:,} values.")


def _lists(value: Any) -> Iterable[list[Any]]:
    """The lists in a value; in one that is too long nobody looks further."""
    if isinstance(value, list):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner if len(inner) <= LONGEST_LIST else ():
        yield from _lists(each)


# --- the query ----------------------------------------------------------------------------------------------------


def _parsed(asked: Asked) -> DocumentNode:
    """The query, which is within the limits. Raises `GraphQLError` or `InvalidInput`."""
    document = parse(
        asked.query,
        max_lexical_tokens=limits.MOST_TOKENS,
        max_comments=limits.MOST_COMMENTS,
        max_source_length=limits.MOST_CHARACTERS,
    )
    operation = get_operation_ast(document, asked.operation)
    if operation is None:
        raise InvalidQuery(
            "The query has no operation of the name in operationName; with several of them, it has to be given."
        )
    settings = env()
    most = limits.Limits(settings.graphql_max_depth, settings.graphql_max_cost, settings.graphql_max_aliases)
    limits.check(core, document, operation, asked.variables, most)
    _require_storable(document, operation, asked.variables)
    return document


class _Texts(Visitor):
    """Collects the texts in a query."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        self.found.append(node.value)


def _require_storable(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> None:
    """PostgreSQL takes neither NUL characters nor halves of surrogate pairs. In a batch they are an error of their row."""
    texts = _Texts()
    visit(document, texts)
    rows = {
        each.variable.name.value
        for each in operation.variable_definitions or ()
        if _type_name(each.type) == ROW_SCALAR
    }
    given = (text for name, value in variables.items() if name not in rows for text in strings(value))
    if any("\x00" in text or LONE_SURROGATE.search(text) for text in (*texts.found, *given)):
        message = "A text has a NUL character or half of a surrogate pair, which no text here has."
        raise InvalidQuery(message, errors=[FieldError("", "nul_character", message)])


def _type_name(node: TypeNode) -> str:
    inner: Any = node
    while hasattr(inner, "type"):
        inner = inner.type
    return str(inner.name.value)


# --- errors -------------------------------------------------------------------------------------------------------


def formatted(request: HttpRequest, error: GraphQLError) -> dict[str, Any]:
    """The error as the answer has it; `extensions` is what a problem of the REST API says."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    place = {key: value for key, value in error.formatted.items() if key in ("path", "locations")}
    if cause is None:
        return _entry(request, InvalidQuery(error.message)) | place
    if not isinstance(cause, LakehouseError):
        log.error("graphql_failed", path=error.path, exc_info=cause)
        cause = LakehouseError("Something went wrong on our side. The log has it under the id in `instance`.")
        return _entry(request, cause, code="internal_error", status=500) | place
    return _entry(request, cause) | place


def _entry(
    request: HttpRequest, error: LakehouseError, code: str | None = None, status: int | None = None
) -> dict[str, Any]:
    message = detail_of(request, error)
    extensions = {
        "code": code or error.code,
        "status": status or status_of(error),
        "message": message,
        "errors": [error_entry(each) for each in error.errors],
        "instance": f"urn:uuid:{getattr(request, 'request_id', '')}",
    }
    return {"message": message, "extensions": extensions}

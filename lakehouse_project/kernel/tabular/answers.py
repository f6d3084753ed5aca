"""A list over HTTP: a page of it, or all of it as a file."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from django.http import HttpRequest, QueryDict, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Field, Schema
from pydantic import ValidationError

from lakehouse_project.kernel.callers import answering
from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.parameters import misspelled
from lakehouse_project.kernel.tabular.formats import MEDIA_TYPES, Format, encoded
from lakehouse_project.kernel.tabular.reading import snapshot
from lakehouse_project.kernel.tabular.table import Table
from lakehouse_project.kernel.unfit import sentence_of

DIRECT_ROWS = 100_000
"""A list of more rows is written by a worker: `POST /api/v1/exports`."""

FORMAT_TEXT = (
    f"All rows instead of a page, at most {DIRECT_ROWS:,}; longer ones by `POST /api/v1/exports`. `Accept` with the media "
    "type does the same. Cells of CSV that a spreadsheet would run begin with an apostrophe."
)

Query = TypeVar("Query", bound=Schema)


class TooManyRows(InvalidInput):
    """The list is too long for an answer."""

    code = "too_many_rows"


class FormatQuery(Schema):
    """Whether all rows are wanted as a file, and in which format."""

    format: Annotated[Format | None, Field(description=FORMAT_TEXT)] = None


def wanted_format(request: HttpRequest, given: Format | None) -> Format | None:
    """The format of a file; None for a page."""
    if given is None:
        types = {text.partition(";")[0]: to for to, text in MEDIA_TYPES.items()}
        given = types.get(request.get_preferred_type(list(types)) or "")
    return None if given is Format.JSON else given


def streamed(request: HttpRequest, build: Callable[[], Table], to: Format) -> StreamingHttpResponse:
    """All rows of the table that `build` gives. Raises `TooManyRows`, and what is wrong with the request."""
    table = build()
    if (rows := table.count()) > DIRECT_ROWS:
        raise TooManyRows(
            f"The list has {rows:,} rows; an answer has {DIRECT_ROWS:,} at most. Narrow it down, or let a file be written: "
            "POST /api/v1/exports."
        )
    name = content_disposition_header(as_attachment=True, filename=f"{table.name}.{to}")
    return StreamingHttpResponse(
        _blocks(request, build, to),
        content_type=to.media_type,
        headers={"Content-Disposition": name, "X-Content-Type-Options": "nosniff"},
    )


def _blocks(request: HttpRequest, build: Callable[[], Table], to: Format) -> Iterator[bytes]:
    """They are read when the view is done with the request, and still for who sent it."""
    with snapshot():
        with answering(request):
            table = build()
        yield from encoded(table, to)


def read_query(schema: type[Query], query: QueryDict) -> Query:
    """The parameters of a route as its schema reads them. Raises `InvalidInput`."""
    given: dict[str, Any] = {name: query[name] for name in schema.model_fields if name in query}
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        errors = [
            FieldError(
                str(each["loc"][0]), each["type"], sentence_of(each["type"], each.get("ctx", {}), each["msg"])
            )
            for each in error.errors()
        ]
        errors += misspelled(query, schema)
        told = "; ".join(f"{each.field} {each.message}" for each in errors)
        raise InvalidInput(told, errors=errors) from error


def with_files(openapi_extra: Mapping[str, Any]) -> dict[str, Any]:
    """What OpenAPI is told of a list, and that its rows come as files as well."""
    file = {"schema": {"type": "string", "format": "binary"}}
    types = [text.partition(";")[0] for to, text in MEDIA_TYPES.items() if to is not Format.JSON]
    told = openapi_extra.get("responses", {})
    good = told.get(200, {})
    content = {**good.get("content", {}), **dict.fromkeys(types, file)}
    return {**openapi_extra, "responses": {**told, 200: {**good, "content": content}}}

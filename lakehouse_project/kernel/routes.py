"""Views that are made in a loop, one per table or mart."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema

View = TypeVar("View", bound=Callable[..., Any])


def with_query(view: View, schema: type[Schema], *more: inspect.Parameter) -> View:
    """`view(request, response, query)` whose query string a route reads by `schema`, as if the annotation said so.

    `more`: other parameters that the route has.
    """
    query: Any = Query
    kind = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature(
        [
            inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest),
            inspect.Parameter("response", kind, annotation=HttpResponse),
            inspect.Parameter("query", kind, default=query(...), annotation=schema),
            *(parameter.replace(kind=kind) for parameter in more),
        ]
    )
    view.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect.signature
    return view

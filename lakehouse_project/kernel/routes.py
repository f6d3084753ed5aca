"""Views that are made in a loop, one per table or mart."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Query, Schema

View = TypeVar("View", bound=Callable[..., Any])


def with_query(view: View, schema: type[Schema]) -> View:
    """`view(request, query)` whose query string a route reads by `schema`, as if the annotation said so."""
    query: Any = Query
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [
            inspect.Parameter("request", kind, annotation=HttpRequest),
            inspect.Parameter("query", kind, default=query(...), annotation=schema),
        ]
    )
    view.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect.signature
    return view

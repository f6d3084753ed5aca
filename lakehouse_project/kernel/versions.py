"""Routes in both versions of the API: the same ones declared once, lists declared once and cut in two ways.

    versions = Versions(tags=["files"])

    @versions.list("", item=ReceivedFile, query=FileFilters, operation_id="list_files", summary="Files, newest first")
    def list_files(request: HttpRequest, query: FileFilters) -> Listed: ...

    @versions.get("/{int:file_id}", response=ReceivedFile, operation_id="get_file", summary="One file")
    def get_file(request: HttpRequest, file_id: int) -> ReceivedFile: ...

What differs is declared on `versions.v1` and `versions.v2` by itself. A router without lists is the same in both: mount it
in both.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.operation import Operation
from pydantic import create_model

from lakehouse_project.kernel.pagination import Page, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.slices import Slice, SliceQuery, answer
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.tabular.answers import FormatQuery, streamed, wanted_format, with_files

View = Callable[..., Any]
Decorator = Callable[[View], View]
Exported = Callable[..., Table]


@cache
def _answer_model(shape: Any) -> Any:
    return _made_each_time(Operation.__new__(Operation), shape)


_made_each_time = Operation._create_response_model  # noqa: SLF001  it has no public name
Operation._create_response_model = lambda _self, shape: _answer_model(shape)  # type: ignore[method-assign, assignment]  # noqa: SLF001
"""ninja makes a class for every status of every route: here some 2,800 for some 100 shapes, and half of what a web
server takes to start."""


class NoFilters(Schema):
    """Of a list without filters."""


class Versions:
    """A router of each version."""

    def __init__(self, **options: Any) -> None:
        self.v1, self.v2 = Router(**options), Router(**options)

    def get(self, path: str, **options: Any) -> Decorator:
        return self._both("GET", path, options)

    def post(self, path: str, **options: Any) -> Decorator:
        return self._both("POST", path, options)

    def put(self, path: str, **options: Any) -> Decorator:
        return self._both("PUT", path, options)

    def patch(self, path: str, **options: Any) -> Decorator:
        return self._both("PATCH", path, options)

    def delete(self, path: str, **options: Any) -> Decorator:
        return self._both("DELETE", path, options)

    def add_api_operation(self, path: str, methods: list[str], view: View, **options: Any) -> None:
        """As that of `Router`."""
        for router in (self.v1, self.v2):
            router.add_api_operation(path, methods, view, **options)

    def add_router(self, prefix: str, child: "Versions") -> None:
        self.v1.add_router(prefix, child.v1)
        self.v2.add_router(prefix, child.v2)

    def list(
        self,
        path: str,
        *,
        item: Any,
        query: type[Schema] = NoFilters,
        response: Mapping[int, Any] | None = None,
        refuses_unknown: bool = True,
        exported: Exported | None = None,
        **options: Any,
    ) -> Decorator:
        """A list of `item`s. The view `(request, query, …)` returns a `Listed`; `query` are its filters.

        `response`: answers beside the list. Unknown parameters are refused before, unless the view does it. `exported`, with
        the arguments of the view, gives all rows as a table, for who wants a file; it refuses whom the view refuses.
        """
        if exported is not None:
            query = _with_format(query)
            options["openapi_extra"] = with_files(options.get("openapi_extra", {}))

        def decorate(view: View) -> View:
            kinds: tuple[tuple[Router, Any, View], ...] = (
                (self.v1, Page[item], _paged(view, query, refuses_unknown, exported)),
                (self.v2, Slice[item], _cut(view, query, refuses_unknown, exported)),
            )
            for router, answered, made in kinds:
                router.add_api_operation(
                    path, ["GET"], made, response={200: answered, **(response or {})}, **options
                )
            return view

        return decorate

    def _both(self, method: str, path: str, options: dict[str, Any]) -> Decorator:
        def decorate(view: View) -> View:
            self.add_api_operation(path, [method], view, **options)
            return view

        return decorate


def _with_format(query: type[Schema]) -> type[Schema]:
    return cast("type[Schema]", create_model(f"{query.__name__}Format", __base__=(query, FormatQuery)))


def _paged(view: View, query: type[Schema], refuses_unknown: bool, exported: Exported | None) -> View:
    """The view of version 1: page numbers."""
    schema: Any = create_model(f"{query.__name__}Page", __base__=(query, PageQuery))

    def of_pages(request: HttpRequest, response: HttpResponse, query: Any, **path: Any) -> Any:
        if refuses_unknown:
            reject_unknown(request, schema.model_fields)
        if exported and (to := wanted_format(request, query.format)) is not None:
            return streamed(request, lambda: exported(request, query, **path), to)
        return view(request, query, **path).page(query.window)

    return _like(view, of_pages, schema)


def _cut(view: View, query: type[Schema], refuses_unknown: bool, exported: Exported | None) -> View:
    """The view of version 2: cursors."""
    schema: Any = create_model(f"{query.__name__}Slice", __base__=(query, SliceQuery))

    def of_slices(request: HttpRequest, response: HttpResponse, query: Any, **path: Any) -> Any:
        if refuses_unknown:
            reject_unknown(request, schema.model_fields)
        if exported and (to := wanted_format(request, query.format)) is not None:
            return streamed(request, lambda: exported(request, query, **path), to)
        listed: Listed = view(request, query, **path)
        return answer(request, response, query, listed.cut)

    return _like(view, of_slices, schema)


def _like(view: View, made: View, schema: Any) -> View:
    """`made` with the name of `view`, its parameters of the path, and the query string that `schema` reads."""
    path = [
        parameter
        for name, parameter in inspect.signature(view).parameters.items()
        if name not in ("request", "query")
    ]
    made.__name__, made.__doc__, made.__module__ = view.__name__, view.__doc__, view.__module__
    return with_query(made, schema, *path)

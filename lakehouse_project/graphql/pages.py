"""Fields and resolvers that are made in a loop, one per table or mart."""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, NamedTuple

from strawberry.types import Info

from lakehouse_project.graphql.inputs import Chooser
from lakehouse_project.graphql.scalars import list_of
from lakehouse_project.kernel.keyset import FIRST

Resolver = Callable[..., Any]

_KEYWORD = Parameter.KEYWORD_ONLY


class Field(NamedTuple):
    """A field of the query."""

    name: str
    type: Any
    resolver: Resolver
    about: str


def page_parameters(chosen: Chooser) -> tuple[Parameter, ...]:
    """What every list takes."""
    return (
        Parameter("where", _KEYWORD, annotation=chosen.where | None, default=None),
        Parameter("order_by", _KEYWORD, annotation=list_of(chosen.order_by) | None, default=None),
        Parameter("first", _KEYWORD, annotation=int, default=FIRST),
        Parameter("after", _KEYWORD, annotation=str | None, default=None),
    )


def resolver(read: Callable[..., Any], *parameters: Parameter, of_row: bool = False) -> Resolver:
    """`read(info, …)`, or `read(root, info, …)` of a row, as a resolver whose arguments are `parameters`.

    An argument that a query leaves out has its default.
    """
    defaults = {each.name: each.default for each in parameters if each.default is not Parameter.empty}

    def resolve(**values: Any) -> Any:
        return read(**{**defaults, **values})

    root = (Parameter("root", _KEYWORD, annotation=Any),) if of_row else ()
    signature = Signature([*root, Parameter("info", _KEYWORD, annotation=Info), *parameters])
    resolve.__signature__ = signature  # type: ignore[attr-defined]  # read by strawberry
    return resolve

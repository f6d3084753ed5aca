"""The schema: one field of the query per table, mart and service."""

from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from lakehouse_project.graphql import marts, star
from lakehouse_project.graphql.rows import add, attribute, finish, node_class
from lakehouse_project.graphql.scalars import SCALARS, RawRow


def _query() -> Any:
    query = node_class("Query")
    for field in (*star.lists(), *marts.lists()):
        add(query, *field)
    finish(query, "What can be read.")
    return query


ROW_SCALAR = SCALARS[RawRow].name

schema = strawberry.Schema(
    query=_query(),
    config=StrawberryConfig(default_resolver=attribute, scalar_map=SCALARS, sort_schema=True),
)


core: GraphQLSchema = schema._schema  # noqa: SLF001  strawberry has no other way to it
"""What is parsed, validated and executed against."""


def sdl() -> str:
    return f"{schema.as_str()}\n"

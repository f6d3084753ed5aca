"""The schema: one field of the query per table, mart and service."""

from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from lakehouse_project.graphql import marts, star
from lakehouse_project.graphql.batches import MUTATIONS, BatchResult
from lakehouse_project.graphql.records import QuarantineCounts, RecordConnection, quarantine, records
from lakehouse_project.graphql.rows import add, attribute, finish, node_class
from lakehouse_project.graphql.runs import RunConnection, runs
from lakehouse_project.graphql.scalars import SCALARS, RawRow
from lakehouse_project.graphql.search import SearchResult, search


def _query() -> Any:
    query = node_class("Query")
    for field in (*star.lists(), *marts.lists()):
        add(query, *field)
    about = "Raw records of a data set, in the order of their arrival unless said otherwise; deleted ones if asked for."
    add(query, "records", RecordConnection | None, records, about)
    about = "Quarantined records of a data set, counted by reason and by file."
    add(query, "quarantine", QuarantineCounts | None, quarantine, about)
    about = "Search by words and meaning. `filter` is the tree of `POST /api/v1/search`."
    add(query, "search", SearchResult | None, search, about)
    add(query, "runs", RunConnection | None, runs, "Runs of the pipeline, newest first.")
    finish(query, "What can be read.")
    return query


def _mutation() -> Any:
    mutation = node_class("Mutation")
    for resolver, about in MUTATIONS:
        add(mutation, resolver.__name__, BatchResult | None, resolver, about)
    finish(mutation, "What can be written.")
    return mutation


ROW_SCALAR = SCALARS[RawRow].name

schema = strawberry.Schema(
    query=_query(),
    mutation=_mutation(),
    config=StrawberryConfig(default_resolver=attribute, scalar_map=SCALARS, sort_schema=True),
)


core: GraphQLSchema = schema._schema  # noqa: SLF001  strawberry has no other way to it
"""What is parsed, validated and executed against."""


def sdl() -> str:
    return f"{schema.as_str()}\n"

"""Rows of marts as a query string chooses them."""

from django.http import QueryDict

from gold.registry import Mart
from gold.repositories import MartRows
from gold.schemas import MartSliceQuery, MartTop, export_query_schema, filters
from gold.services import ReadMart
from lakehouse_project.kernel.filters import read_listing
from lakehouse_project.kernel.masking import Caller, may_see_personal_data
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular.answers import read_query


def asked_rows(mart: Mart, query: QueryDict, caller: Caller) -> MartRows:
    """The rows that a query string chooses for a file. Raises what is wrong with it."""
    return rows_of(mart, read_query(export_query_schema(mart), query), query, caller)


def rows_of(mart: Mart, asked: MartTop | MartSliceQuery, query: QueryDict, caller: Caller) -> MartRows:
    """The rows that the parameters `asked` and the filters of the query string choose. Raises what is wrong with them."""
    shown = [column.name for column in mart.columns]
    listing = read_listing(query, filters(mart), shown=shown, own=type(asked).model_fields)
    return resolve(ReadMart)(
        mart, asked.model_dump(), listing, top=asked.top, is_personal_shown=may_see_personal_data(caller)
    )

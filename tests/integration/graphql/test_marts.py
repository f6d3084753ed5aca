"""The marts as lists: the same rows as over REST."""

import datetime as dt
from typing import Any

import pytest

from gold.models import Customer360, LoginsByUser
from gold.registry import MARTS, Mart
from gold.services import RefreshMarts
from tests.integration.gold.content import fill
from tests.integration.gold.warehouse import Bus, Clock, Warehouse, refresh_marts
from tests.integration.graphql.client import Graph

VIEWED = ("headcount-by-department", "monthly-revenue", "monthly-event-funnel")
"""Read from materialized views, which these tests do not refresh."""


@pytest.fixture
def company(db: None) -> None:
    refresh: RefreshMarts = refresh_marts(Bus(), Clock())
    fill(Warehouse())
    refresh.feed.rewind()
    refresh()


def camel(name: str) -> str:
    first, *others = name.replace("-", "_").split("_")
    return first + "".join(map(str.capitalize, others))


def list_of(mart: Mart, arguments: str = "first: 50") -> str:
    """A query of a page of a mart."""
    year = "year: 2021, " if any(parameter.is_required for parameter in mart.parameters) else ""
    columns = " ".join(camel(column.name) for column in mart.columns)
    page = "pageInfo { hasNextPage endCursor }"
    return f"{{ {camel(mart.name)}({year}{arguments}) {{ totalCount nodes {{ {columns} }} {page} }} }}"


def rest_rows(graph: Graph, mart: Mart, **query: Any) -> Any:
    year = {"year": 2021} if any(parameter.is_required for parameter in mart.parameters) else {}
    found = graph.rest(f"/gold{mart.path}", **year, **query)
    return [{camel(name): value for name, value in item.items()} for item in found["items"]]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    "mart", [mart for mart in MARTS if mart.name not in VIEWED], ids=lambda mart: mart.name
)
def test_a_mart_has_the_rows_of_the_rest_api_page_by_page(viewer: Graph, mart: Mart) -> None:
    expected = rest_rows(viewer, mart)
    assert expected
    found, after = [], ""
    for number in range(len(expected)):
        answer = viewer.ask(list_of(mart, f"first: 1{after}"))[camel(mart.name)]
        found += answer["nodes"]
        assert answer["totalCount"] == len(expected)
        assert answer["pageInfo"]["hasNextPage"] is (number < len(expected) - 1)
        after = f', after: "{answer["pageInfo"]["endCursor"]}"'
    assert found == expected


@pytest.mark.usefixtures("company")
def test_materialized_views_answer(viewer: Graph) -> None:
    for mart in MARTS:
        if mart.name in VIEWED:
            assert viewer.ask(list_of(mart))[camel(mart.name)]["nodes"] == rest_rows(viewer, mart)


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ("date_from", {"date_from": "2024-05-15"}),
        ("month", {"month": 5}),
        ("include_zero", {"include_zero": "true"}),
    ],
)
def test_parameters_mean_what_they_mean_over_rest(
    viewer: Graph, arguments: str, query: dict[str, Any]
) -> None:
    mart = next(mart for mart in MARTS if mart.name == "daily-revenue")
    written = {
        "date_from": 'dateFrom: "2024-05-15"',
        "month": "month: 5",
        "include_zero": "includeZero: true",
    }
    answer = viewer.ask(list_of(mart, written[arguments]))["dailyRevenue"]
    assert answer["nodes"] == rest_rows(viewer, mart, **query)


@pytest.mark.usefixtures("company")
def test_filters_and_orders_work_on_sums_as_well(viewer: Graph) -> None:
    mart = next(mart for mart in MARTS if mart.name == "top-spenders")
    arguments = 'dateFrom: "2024-01-01", where: {revenue: {gte: 1}}, orderBy: [{field: ORDER_COUNT}]'
    expected = rest_rows(viewer, mart, date_from="2024-01-01", revenue__gte=1, ordering="order_count")
    assert viewer.ask(list_of(mart, arguments))["topSpenders"]["nodes"] == expected


def test_missing_values_stand_last_and_no_row_is_lost(viewer: Graph) -> None:
    for number, city in enumerate((None, "Bonn", None, "Aachen", "Bonn")):
        Customer360.objects.create(
            user_id=f"u{number}", city=city, is_known=True, **dict.fromkeys(_COUNTS, 0), **_AMOUNTS
        )
    for descending, expected in (
        ("false", ["u3", "u1", "u4", "u0", "u2"]),
        ("true", ["u1", "u4", "u3", "u0", "u2"]),
    ):
        found, after = [], "null"
        for _ in expected:
            query = f"""{{ customer360(first: 1, after: {after}, orderBy: [{{field: CITY, descending: {descending}}}])
                {{ nodes {{ userId }} pageInfo {{ endCursor }} }} }}"""
            page = viewer.ask(query)["customer360"]
            found += [node["userId"] for node in page["nodes"]]
            after = f'"{page["pageInfo"]["endCursor"]}"'
        assert found == expected


_COUNTS = ("salary", "order_count", "event_count", "login_count", "document_count", "unconverted")
_AMOUNTS = dict.fromkeys(("revenue", "average_order", "returned", "return_rate"), 0)


@pytest.mark.usefixtures("company")
def test_names_are_masked_and_salaries_hidden(viewer: Graph, curator: Graph) -> None:
    query = '{ customer360(where: {userId: {eq: "u1"}}) { nodes { fullName salary } } }'
    assert viewer.ask(query)["customer360"]["nodes"] == [{"fullName": "A•••", "salary": None}]
    assert curator.ask(query)["customer360"]["nodes"] == [{"fullName": "Ada Lovelace", "salary": 150.1}]


@pytest.mark.usefixtures("company")
def test_a_wrong_parameter_is_told(viewer: Graph) -> None:
    error = viewer.refused("{ hiresByQuarter(year: 0) { nodes { job } } }")
    assert (error["code"], error["errors"][0]["field"]) == ("invalid_input", "year")
    assert viewer.refused("{ hiresByQuarter { nodes { job } } }")["code"] == "invalid_query"
    LoginsByUser.objects.create(user_id="u", login_count=1, last_login_at=dt.datetime.now(dt.UTC))
    assert viewer.refused('{ loginsByUser(after: "x") { nodes { userId } } }')["code"] == "invalid_cursor"

"""The star schema as a graph: the same rows as over REST, in as many queries as the question has parts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from silver.star import STAR
from tests.integration.graphql.client import Graph
from tests.integration.graphql.shop import LINES, USERS

WITH_DIMENSIONS = """
{ orderLines(first: 50) { nodes {
    orderId lineNumber amount
    date { date } product { sku } user { city location { city } }
} } }
"""


def tables_read(ask: Callable[[], Any]) -> list[str]:
    """The statements on the star schema that answering takes."""
    with CaptureQueriesContext(
        connection,
    ) as found:
        ask()
    return [query["sql"] for query in found if "silver_" in query["sql"]]


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@pytest.mark.usefixtures("shop")
def test_every_table_has_the_rows_and_columns_of_the_rest_api(viewer: Graph) -> None:
    for table in STAR:
        names = [field.attname for field in table.model._meta.concrete_fields]
        root = camel(table.slug.replace("-", "_"))
        asked = viewer.ask(
            f"{{ {root}(first: 1000) {{ totalCount nodes {{ {' '.join(map(camel, names))} }} }} }}"
        )
        page = viewer.rest(f"/silver/{table.slug}", page_size=1000)
        assert asked[root]["totalCount"] == page["count"]
        found = [[node[camel(name)] for name in names] for node in asked[root]["nodes"]]
        assert [_plain(row) for row in found] == [_plain([item[n] for n in names]) for item in page["items"]]


def _plain(row: list[Any]) -> list[Any]:
    """REST cuts the moment after milliseconds, GraphQL does not."""
    return [
        value.replace(".000001", "").replace(".000Z", "Z") if isinstance(value, str) else value
        for value in row
    ]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("where", "query"),
    [
        ('{status: {eq: "paid"}}', {"status": "paid"}),
        (
            '{status: {in: ["paid", "shipped"]}, quantity: {gt: 2}}',
            {"status__in": "paid,shipped", "quantity__gt": 2},
        ),
        ("{amountReporting: {isnull: true}}", {"amount_reporting__isnull": "true"}),
        ('{amount: {gte: 4.5, lt: "20.00"}}', {"amount__gte": "4.5", "amount__lt": "20"}),
        ('{orderedAt: {lte: "2024-05-18T12:00:00Z"}}', {"ordered_at__lte": "2024-05-18T12:00:00Z"}),
        (
            '{orderId: {startswith: "O1"}, skuNatural: {contains: "U-3"}}',
            {"order_id__startswith": "O1", "sku_natural__contains": "U-3"},
        ),
        ("{status: {in: []}}", {"status": "nothing has it"}),
    ],
)
def test_filters_find_what_the_rest_api_finds(viewer: Graph, where: str, query: dict[str, Any]) -> None:
    asked = viewer.ask(f"{{ orderLines(first: 1000, where: {where}) {{ totalCount nodes {{ id }} }} }}")[
        "orderLines"
    ]
    page = viewer.rest("/silver/order-lines", page_size=1000, fields="id", **query)
    assert asked["nodes"] == page["items"]
    assert asked["totalCount"] == page["count"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("order", "ordering"),
    [
        ("[{field: AMOUNT_REPORTING}, {field: STATUS, descending: true}]", "amount_reporting,-status"),
        ("[{field: AMOUNT_REPORTING, descending: true}]", "-amount_reporting"),
        ("[{field: ORDERED_AT, descending: true}, {field: QUANTITY}]", "-ordered_at,quantity"),
        ("[]", "id"),
    ],
)
def test_pages_in_any_order_have_every_row_once(viewer: Graph, order: str, ordering: str) -> None:
    query = f"""query($after: String) {{ orderLines(first: 7, after: $after, orderBy: {order}) {{
        edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"""
    seen: list[int] = []
    after, pages = None, 0
    while pages == 0 or after:
        page = viewer.ask(query, after=after)["orderLines"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert (info["startCursor"], info["endCursor"]) == (
            page["edges"][0]["cursor"],
            page["edges"][-1]["cursor"],
        )
        assert info["hasPreviousPage"] is (after is not None)
        after, pages = info["endCursor"] if info["hasNextPage"] else None, pages + 1
    assert pages == 9
    assert len(set(seen)) == LINES
    rest = viewer.rest("/silver/order-lines", page_size=1000, ordering=ordering, fields="id")
    assert seen == [item["id"] for item in rest["items"]]


@pytest.mark.usefixtures("shop")
def test_50_facts_with_four_dimensions_take_five_queries(viewer: Graph) -> None:
    assert len(tables_read(lambda: viewer.ask(WITH_DIMENSIONS))) == 5


@pytest.mark.usefixtures("shop")
def test_dimensions_know_their_facts(viewer: Graph) -> None:
    query = """{ users(where: {userId: {startswith: "u"}}) { nodes {
        userId
        orderLines(first: 3, where: {status: {eq: "paid"}}, orderBy: [{field: AMOUNT, descending: true}]) {
            totalCount
            pageInfo { hasNextPage }
            nodes { amount product { sku orderLines(first: 1) { nodes { id } } } }
        }
    } } }"""
    read = tables_read(lambda: viewer.ask(query))
    assert len(read) == 5  # users, their lines, how many, products, and one line of each
    users = viewer.ask(query)["users"]["nodes"]
    assert len(users) == USERS
    for user in users:
        rest = viewer.rest(
            "/silver/order-lines",
            user_id_natural=user["userId"],
            status="paid",
            ordering="-amount,id",
            page_size=3,
        )
        lines = user["orderLines"]
        assert [line["amount"] for line in lines["nodes"]] == [item["amount"] for item in rest["items"]]
        assert lines["totalCount"] == rest["count"]
        assert lines["pageInfo"]["hasNextPage"] is (rest["count"] > 3)


@pytest.mark.usefixtures("shop")
def test_rows_are_counted_only_if_asked_for(viewer: Graph) -> None:
    assert len(tables_read(lambda: viewer.ask("{ orderLines { nodes { id } } }"))) == 1
    assert len(tables_read(lambda: viewer.ask("{ orderLines { totalCount nodes { id } } }"))) == 2


@pytest.mark.usefixtures("shop")
def test_personal_columns_are_masked_wherever_they_are_reached(viewer: Graph, curator: Graph) -> None:
    query = "{ orderLines(first: 1) { nodes { user { fullName email userId } } } }"
    assert viewer.ask(query)["orderLines"]["nodes"][0]["user"] == {
        "fullName": "N•••",
        "email": "n•••",
        "userId": "u0",
    }
    assert curator.ask(query)["orderLines"]["nodes"][0]["user"]["fullName"] == "Name 0"
    assert (
        viewer.refused('{ users(where: {fullName: {eq: "Name 0"}}) { nodes { key } } }')["code"]
        == "invalid_query"
    )


@pytest.mark.usefixtures("shop")
def test_each_table_needs_its_own_permission(graph: Callable[[str | None], Graph]) -> None:
    somebody = graph(None)
    assert somebody.refused("{ orderLines { nodes { id } } }")["code"] == "forbidden"
    User.objects.get().user_permissions.add(Permission.objects.get(codename="view_factorderline"))
    answer = somebody.send("{ orderLines(first: 1) { nodes { id user { city } } } }").json()
    assert answer["data"]["orderLines"]["nodes"][0]["user"] is None
    assert answer["errors"][0]["extensions"]["code"] == "forbidden"
    assert answer["errors"][0]["path"] == ["orderLines", "nodes", 0, "user"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: 0", "invalid_input"),
        ("first: 1001", "invalid_input"),
        ('after: "%%%"', "invalid_cursor"),
        ('after: "WyJpZCIsIlx1MDAwMCJd"', "invalid_cursor"),
        ('after: "WyJpZCIsIlx1ZDgwMCJd"', "invalid_cursor"),
        ('after: "WyJpZCIsMV0"', "invalid_cursor"),
        ('after: "WyItYW1vdW50IiwiMSJd"', "invalid_cursor"),
        ("where: {status: {eq: null}}", "invalid_input"),
        ("where: {quantity: {in: [1, null]}}", "invalid_query"),
        ('where: {quantity: {eq: "much"}}', "invalid_query"),
        ("where: {quantity: {eq: 99999999999999999999}}", "invalid_query"),
        ('where: {orderedAt: {gt: "yesterday"}}', "invalid_query"),
        ("where: {amount: {gt: true}}", "invalid_query"),
        ('where: {status: {eq: "\\\\u0000"}}', "invalid_query"),
        ("orderBy: [{field: NOTHING}]", "invalid_query"),
        (f"orderBy: [{'{field: ID},' * 21}]", "invalid_input"),
    ],
)
def test_wrong_arguments_are_told(viewer: Graph, arguments: str, code: str) -> None:
    arguments = arguments.replace("\\\\", "\\")
    assert viewer.refused(f"{{ orderLines({arguments}) {{ nodes {{ id }} }} }}")["code"] == code


@pytest.mark.usefixtures("shop")
def test_numbers_beyond_a_column_find_nothing(viewer: Graph) -> None:
    for where in ("{eq: 9223372036854775807}", "{gt: 9223372036854775807}", "{in: [9223372036854775807]}"):
        assert (
            viewer.ask(f"{{ dates(where: {{year: {where}}}) {{ nodes {{ key }} }} }}")["dates"]["nodes"] == []
        )

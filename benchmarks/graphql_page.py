"""A page of 100 order lines with their dates, users and products: one request of GraphQL beside those of REST.

    .venv/bin/python -m benchmarks.graphql_page --rounds 40

Both read the same rows with the same columns, through the whole of Django with all middleware and a token, in this process;
the client of REST fetches the dimensions of the page by their keys, as a careful one does. Time on the clock and processor
time of this process and the server together.
"""

import argparse
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from typing import Any

from benchmarks.lab import Lab, laboratory

LINES, USERS, PRODUCTS, DAYS = 5_000, 500, 200, 60
PAGE = 100

USER, PRODUCT, DATE = ("key", "user_id", "city"), ("key", "sku", "name", "category"), ("key", "date")
LINE = ("id", "order_id", "line_number", "status", "quantity", "amount")

QUERY = """query($after: String) { orderLines(first: 100, after: $after) {
    nodes { id orderId lineNumber status quantity amount
        user { key userId city } product { key sku name category } date { key date } }
    pageInfo { endCursor hasNextPage } } }"""


def fill() -> None:
    from silver.models import DimDate, DimProduct, DimUser, FactOrderLine  # noqa: PLC0415  Django is set up by now
    from silver.repositories.unknown import add_unknown_members  # noqa: PLC0415

    add_unknown_members()
    first, now = dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    calendar = dict.fromkeys(
        ("quarter", "iso_year", "iso_week", "weekday", "fiscal_year", "fiscal_quarter"), 1
    )
    days = [first + dt.timedelta(days=number) for number in range(DAYS)]
    DimDate.objects.bulk_create(
        DimDate(
            key=int(f"{day:%Y%m%d}"),
            date=day,
            year=day.year,
            month=day.month,
            day=day.day,
            is_weekend=False,
            **calendar,
        )
        for day in days
    )
    users = DimUser.objects.bulk_create(
        DimUser(
            user_id=f"u{n}",
            version=1,
            full_name="N",
            email="e",
            city=f"C{n % 40}",
            created_at=now,
            valid_from=now,
        )
        for n in range(USERS)
    )
    products = DimProduct.objects.bulk_create(
        DimProduct(sku=f"s{n}", name=f"Product {n}", category=f"c{n % 9}", price=Decimal(n), currency="EUR")
        for n in range(PRODUCTS)
    )
    FactOrderLine.objects.bulk_create(
        FactOrderLine(
            raw_record_id=n, order_id=f"o{n // 3}", line_number=n % 3, user_id_natural=f"u{n * 7 % USERS}",
            sku_natural=f"s{n * 11 % PRODUCTS}", ordered_at=now, status="paid", quantity=1, unit_price=Decimal(n),
            amount=Decimal(n), currency="EUR", user=users[n * 7 % USERS], product=products[n * 11 % PRODUCTS],
            date_id=int(f"{days[n % DAYS]:%Y%m%d}"),
        )
        for n in range(LINES)
    )  # fmt: skip


def clients() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions that answer a GET of REST and a query, both with the token of an administrator."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from lakehouse_project.access import tokens  # noqa: PLC0415

    token = tokens.create(User.objects.create_superuser("benchmark"), "benchmark", lifetime=None)[1]
    client = Client(headers={"Authorization": f"Token {token}", "Host": "localhost"})

    def rest(path: str, **query: Any) -> Any:
        answer = client.get(f"/api/v2/silver/{path}", query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def graph(**variables: Any) -> Any:
        body = json.dumps({"query": QUERY, "variables": variables})
        answer = client.post("/graphql/", body, "application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]["orderLines"]

    return rest, graph


def by_rest(rest: Callable[..., Any]) -> list[dict[str, Any]]:
    """The rows of a page with their dimensions, in four requests."""
    columns = ",".join((*LINE, "user_id", "product_id", "date_id"))
    lines = rest("order-lines", limit=PAGE, fields=columns)["items"]
    dimensions = {}
    for name, path, fields in (
        ("user", "users", USER),
        ("product", "products", PRODUCT),
        ("date", "dates", DATE),
    ):
        keys = ",".join({str(line[f"{name}_id"]) for line in lines})
        found = rest(path, key__in=keys, limit=PAGE, fields=",".join(fields))["items"]
        dimensions[name] = {item["key"]: item for item in found}
    return [
        {**line, **{name: rows[line[f"{name}_id"]] for name, rows in dimensions.items()}} for line in lines
    ]


def measure(lab: Lab, name: str, rounds: int, ask: Callable[[], Any]) -> tuple[float, float]:
    """Medians of the milliseconds on the clock and of the processor."""
    costs = []
    for _ in range(rounds):
        with lab.stopwatch() as watch:
            ask()
        costs.append(watch.cost)
    wall, cpu = median(cost.wall for cost in costs) * 1000, sum(cost.cpu for cost in costs) / rounds * 1000
    print(f"  {name:30} median {wall:6.1f} ms   processor {cpu:6.1f} ms")
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with laboratory() as lab:
        fill()
        rest, graph = clients()
        page, expected = graph(), by_rest(rest)
        assert [
            (n["id"], n["user"]["userId"], n["product"]["sku"], n["date"]["date"]) for n in page["nodes"]
        ] == [(n["id"], n["user"]["user_id"], n["product"]["sku"], n["date"]["date"]) for n in expected]
        print(f"\n{PAGE} order lines with date, user and product, {rounds} rounds")
        four, one = (
            measure(lab, "REST, 4 requests", rounds, lambda: by_rest(rest)),
            measure(lab, "GraphQL", rounds, graph),
        )
        alone = measure(lab, "REST, the lines alone", rounds, lambda: rest("order-lines", limit=PAGE))
        print(f"  GraphQL / REST: {one[0] / four[0]:.2f} ({one[1] / four[1]:.2f})")
        print(f"  GraphQL / the lines alone: {one[0] / alone[0]:.2f} ({one[1] / alone[1]:.2f})")


if __name__ == "__main__":
    main()

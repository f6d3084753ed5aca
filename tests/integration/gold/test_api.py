"""The marts over REST."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from gold.registry import MARTS
from gold.services import RefreshMarts
from tests.accounts import member
from tests.integration.gold.warehouse import NOON, Warehouse

PEOPLE, SALES = "/api/v1/gold/people", "/api/v1/gold/sales"


VIEWED = ("headcount-by-department", "monthly-revenue", "monthly-event-funnel")
"""Read from materialized views, which these tests do not refresh."""


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(member("reader"))
    return client


@pytest.fixture
def officer(db: None) -> Client:
    """Somebody who may see personal data."""
    user = member("officer")
    user.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    client = Client()
    client.force_login(user)
    return client


def get(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    response = client.get(path, headers=headers)
    assert response.status_code == status, response.content
    return response.json()


def lines(client: Client, path: str, **headers: str) -> list[str]:
    response = client.get(path, headers=headers)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(response.streaming_content).decode().splitlines()


def compute_all(refresh: RefreshMarts) -> None:
    """A full run sees what this test's own transaction has written."""
    refresh.feed.rewind()
    refresh()


@pytest.fixture
def hires(warehouse: Warehouse, refresh: RefreshMarts) -> None:
    for number, name in enumerate(("sales", "Sales", "Änderung", "Legal"), start=1):
        warehouse.department(number, name)
    warehouse.job(1, "Clerk")
    warehouse.job(2, "Actuary")
    for department, job, month in ((1, 1, 1), (2, 1, 4), (2, 2, 12), (3, 1, 7), (2, 1, 5), (1, 1, 1)):
        warehouse.hire(dt.datetime(2021, month, 1, tzinfo=dt.UTC), department, job)
    warehouse.hire(dt.datetime(2022, 1, 1, tzinfo=dt.UTC), 4, 1)
    compute_all(refresh)


@pytest.fixture
def payroll(warehouse: Warehouse, refresh: RefreshMarts) -> None:
    warehouse.user("u1", "Berlin")
    warehouse.user("u2", "=HYPERLINK(1)")
    warehouse.employment("u1", "Acme", "1234.50")
    warehouse.order_line("o1", "u1", dt.date(2024, 5, 1), "20.00")
    warehouse.order_line("o2", "u2", dt.date(2024, 5, 2), "30.00")
    warehouse.event("u1", "login", NOON)
    compute_all(refresh)


def test_hires_by_quarter_are_ordered_by_code_point(hires: None, client: Client) -> None:
    assert get(client, f"{PEOPLE}/hires-by-quarter?year=2021") == {
        "items": [
            {"department": "Sales", "job": "Actuary", "q1": 0, "q2": 0, "q3": 0, "q4": 1},
            {"department": "Sales", "job": "Clerk", "q1": 0, "q2": 2, "q3": 0, "q4": 0},
            {"department": "sales", "job": "Clerk", "q1": 2, "q2": 0, "q3": 0, "q4": 0},
            {"department": "Änderung", "job": "Clerk", "q1": 0, "q2": 0, "q3": 1, "q4": 0},
        ],
        "count": 4,
    }


def test_departments_above_mean(hires: None, client: Client) -> None:
    assert get(client, f"{PEOPLE}/departments-above-mean?year=2021") == {
        "items": [{"id": 2, "department": "Sales", "hired": 3}],
        "count": 1,
    }
    assert get(client, f"{PEOPLE}/departments-above-mean?year=2022") == {"items": [], "count": 0}


def test_city_payroll_as_json_and_csv(payroll: None, client: Client) -> None:
    assert get(client, f"{PEOPLE}/city-payroll") == {
        "items": [
            {"city": "=HYPERLINK(1)", "user_count": 1, "total_salary": 0.0},
            {"city": "Berlin", "user_count": 1, "total_salary": 1234.5},
        ],
        "count": 2,
    }
    expected = ["city,user_count,total_salary", "'=HYPERLINK(1),1,0.00", "Berlin,1,1234.50"]
    assert lines(client, f"{PEOPLE}/city-payroll?format=csv") == expected
    assert lines(client, f"{PEOPLE}/city-payroll", accept="text/csv") == expected


def test_a_browser_gets_json(payroll: None, client: Client) -> None:
    accept = "text/html,application/xhtml+xml,*/*;q=0.8"
    assert get(client, f"{PEOPLE}/city-payroll?city=Berlin", accept=accept)["count"] == 1


def test_names_are_for_those_who_may_see_them(payroll: None, client: Client, officer: Client) -> None:
    path = f"{SALES}/top-spenders"
    assert get(client, path)["items"] == [
        {"user_id": "u2", "full_name": "A•••", "order_count": 1, "revenue": 30.0},
        {"user_id": "u1", "full_name": "A•••", "order_count": 1, "revenue": 20.0},
    ]
    assert get(officer, path)["items"][0]["full_name"] == "Ada Lovelace"
    assert lines(client, f"{path}?format=csv")[1] == "u2,A•••,1,30.00"
    assert lines(officer, f"{path}?format=csv")[1] == "u2,Ada Lovelace,1,30.00"


def test_pay_and_addresses_of_a_customer_are_for_those_who_may_see_them(
    payroll: None, client: Client, officer: Client
) -> None:
    path = f"{SALES}/customer-360?user_id=u1&fields=user_id,full_name,email,salary,revenue"
    masked = {"user_id": "u1", "full_name": "A•••", "email": "a•••", "salary": None, "revenue": 20.0}
    assert get(client, path)["items"] == [masked]
    clear = {"full_name": "Ada Lovelace", "email": "ada@example.org", "salary": 1234.5}
    assert get(officer, path)["items"] == [{**masked, **clear}]
    assert lines(client, f"{path}&format=csv")[1] == "u1,A•••,a•••,,20.00"


@pytest.mark.parametrize("query", ["full_name__startswith=A", "ordering=salary", "email=ada@example.org"])
def test_what_is_masked_can_not_be_found_out_by_asking(payroll: None, client: Client, query: str) -> None:
    problem = get(client, f"{SALES}/customer-360?{query}", status=400)
    assert problem["code"] == "unknown_parameter"


def test_pages(payroll: None, client: Client) -> None:
    page = get(client, f"{SALES}/daily-revenue?page=2&page_size=1")
    assert page["count"] == 2
    assert [row["day"] for row in page["items"]] == ["2024-05-02"]


def test_days_can_be_narrowed(payroll: None, client: Client) -> None:
    path = f"{SALES}/daily-revenue"
    assert get(client, f"{path}?date_from=2024-05-02")["count"] == 1
    for no_day in ("0", "-86400", "86400.0", "2024-02-30", ""):
        get(client, f"{path}?date_from={no_day}", 422)
    assert get(client, f"{path}?date_to=2024-05-01")["count"] == 1
    assert get(client, f"{path}?year=2023")["count"] == 0


@pytest.mark.parametrize(
    ("query", "users"),
    [
        ("", ["u2", "u1"]),
        ("top=1", ["u2"]),
        ("date_to=2024-05-01", ["u1"]),
        ("year=2024&month=5&date_from=2024-05-02", ["u2"]),
        ("month=4", []),
        ("country=DE", ["u2", "u1"]),
        ("country=FR&year=2024", []),
        ("revenue__gt=20", ["u2"]),
        ("year=2024&revenue__lte=20.00", ["u1"]),
        ("user_id__in=u1,u9", ["u1"]),
        ("ordering=revenue", ["u1", "u2"]),
        ("ordering=revenue&top=1&year=2024", ["u1"]),
    ],
)
def test_top_spenders_of_all_time_or_of_some_days(
    payroll: None, client: Client, query: str, users: list[str]
) -> None:
    answer = get(client, f"{SALES}/top-spenders?{query}")
    assert [row["user_id"] for row in answer["items"]] == users
    assert answer["count"] == len(users)


def test_logins_of_some_days(payroll: None, client: Client) -> None:
    path = f"{SALES}/logins-by-user"
    assert get(client, f"{path}?date_from=2024-06-15")["items"][0]["last_login_at"] == "2024-06-15T12:00:00Z"
    assert get(client, f"{path}?date_to=2024-06-14")["items"] == []


def test_the_funnel_of_days_without_visits_has_zeros(payroll: None, client: Client) -> None:
    steps = ["visit", "product_view", "add_to_cart", "checkout", "purchase"]
    for query, visits in (("", 1), ("?year=2024", 1), ("?year=2001", 0)):
        items = get(client, f"{SALES}/event-funnel{query}")["items"]
        assert [(row["step"], row["name"]) for row in items] == list(enumerate(steps, 1))
        assert [row["visit_count"] for row in items] == [visits, 0, 0, 0, 0]


def test_days_without_orders_are_there_when_asked_for(
    warehouse: Warehouse, refresh: RefreshMarts, client: Client
) -> None:
    for day in (1, 4):
        warehouse.order_line(f"o{day}", "u1", dt.date(2024, 5, day), "20.00")
    compute_all(refresh)
    path = f"{SALES}/daily-revenue"
    assert [row["order_count"] for row in get(client, path)["items"]] == [1, 1]
    filled = get(client, f"{path}?include_zero=true&date_from=2024-05-02")["items"]
    assert [(row["day"], row["revenue"]) for row in filled] == [
        ("2024-05-02", 0.0),
        ("2024-05-03", 0.0),
        ("2024-05-04", 20.0),
    ]


def test_the_mean_is_over_all_departments_if_asked_for(hires: None, client: Client) -> None:
    """4 departments and 6 hires in 2021: the mean is 2 over those that hired, 1.5 over all."""
    path = f"{PEOPLE}/departments-above-mean?year=2021"
    assert [row["hired"] for row in get(client, path)["items"]] == [3]
    assert [row["hired"] for row in get(client, f"{path}&include_zero=false")["items"]] == [3]
    assert [row["hired"] for row in get(client, f"{path}&include_zero=true")["items"]] == [3, 2]


def test_users_and_pay_of_a_country(
    payroll: None, warehouse: Warehouse, refresh: RefreshMarts, client: Client
) -> None:
    warehouse.user("u3", "Berlin", "Bank A", country="US")
    warehouse.employment("u3", "Acme", "0.50")
    compute_all(refresh)
    path = f"{PEOPLE}/city-payroll?city=Berlin"
    (everybody,) = get(client, path)["items"]
    assert everybody == {"city": "Berlin", "user_count": 2, "total_salary": 1235.0}
    (american,) = get(client, f"{path}&country=US")["items"]
    assert american == {"city": "Berlin", "user_count": 1, "total_salary": 0.5}
    assert get(client, f"{PEOPLE}/users-by-bank?country=DE")["count"] == 0
    assert get(client, f"{PEOPLE}/users-by-bank?country=US")["items"] == [{"bank": "Bank A", "user_count": 1}]


def test_fields_are_what_was_asked_for(payroll: None, client: Client) -> None:
    path = f"{SALES}/daily-revenue?fields=revenue,day&ordering=-day"
    assert get(client, path)["items"] == [
        {"revenue": 30.0, "day": "2024-05-02"},
        {"revenue": 20.0, "day": "2024-05-01"},
    ]
    assert lines(client, f"{path}&format=csv") == ["revenue,day", "30.00,2024-05-02", "20.00,2024-05-01"]
    get(client, f"{SALES}/daily-revenue?fields=nothing", status=400)


@pytest.mark.parametrize("query", ["", "?year=", "?year=abc", "?year=99999999999", "?year=0"])
def test_a_missing_or_wrong_year_is_named(client: Client, query: str) -> None:
    problem = get(client, f"{PEOPLE}/hires-by-quarter{query}", status=422)
    assert "year" in problem["detail"]


def test_a_misspelled_name_is_told_beside_what_is_missing(client: Client) -> None:
    for version in ("v1", "v2"):
        path = f"/api/{version}/gold/people/hires-by-quarter"
        problem = get(client, f"{path}?yaer=2021&q1__gte=1&fields=job&hue=red", status=422)
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [
            ("year", "missing"),
            ("yaer", "unknown_parameter"),
            ("hue", "unknown_parameter"),
        ]
        assert problem["detail"] == (
            "year is missing: add it; yaer is not known: did you mean year?; hue is not known: leave it out"
        )
        unknown = get(client, f"{path}?year=2021&departmnt__in=Sales", status=400)
        assert "Unknown parameter departmnt__in: did you mean department__in? Known" in unknown["detail"]


def test_an_unknown_parameter_is_named_with_the_known_ones(client: Client) -> None:
    problem = get(client, f"{PEOPLE}/city-payroll?town=Berlin", status=400)
    assert problem["code"] == "unknown_parameter"
    assert "town" in problem["detail"]
    assert "city, country, fields, format, ordering, page, page_size, top, total_salary" in problem["detail"]


@pytest.mark.parametrize(
    "query", ["city=%00", "page=0", "page_size=10001", "page=99999999999999999999", "format=xml"]
)
def test_impossible_values_are_refused(client: Client, query: str) -> None:
    get(client, f"{PEOPLE}/city-payroll?{query}", status=422)


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_each_mart_answers_with_its_columns(mart: Any, payroll: None, hires: None, client: Client) -> None:
    query = (
        "?year=2021"
        if mart.group == "people" and mart.name in ("hires-by-quarter", "departments-above-mean")
        else ""
    )
    names = [column.name for column in mart.columns]
    items = get(client, f"/api/v1/gold{mart.path}{query}")["items"]
    assert all(list(item) == names for item in items)
    assert items or mart.name in ("users-by-bank", *VIEWED)


def test_openapi_has_a_schema_per_mart(client: Client) -> None:
    document = get(client, "/api/v1/openapi.json")
    schemas = document["components"]["schemas"]
    assert list(schemas["CityPayrollRow"]["properties"]) == ["city", "user_count", "total_salary"]
    answer = document["paths"][f"{PEOPLE}/city-payroll"]["get"]["responses"]["200"]["content"]
    assert {"application/json", "text/csv", "application/vnd.apache.parquet"} <= set(answer)
    names = [
        parameter["name"]
        for parameter in document["paths"][f"{PEOPLE}/hires-by-quarter"]["get"]["parameters"]
    ]
    own = ["page", "page_size", "format", "top", "year"]
    assert names == [*own, "fields", "ordering", "department", "job", "q1", "q2", "q3", "q4"]


def test_nobody_else_gets_an_answer(db: None) -> None:
    assert Client().get(f"{PEOPLE}/city-payroll").status_code in (401, 403)


@pytest.mark.django_db
def test_somebody_of_no_group_sees_no_mart(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get("/api/v1/gold/people/city-payroll").status_code == 403

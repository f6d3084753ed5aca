"""Records as a sender would write them."""

from typing import Any

HIRE = {"id": 1, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "department_id": 4, "job_id": 2}

USER = {
    "user_id": "u1",
    "full_name": "Ada Lovelace",
    "email": "ada@example.org",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
    "created_at": "2021-01-01T00:00:00Z",
}

EVENT = {"event_id": "e1", "user_id": "u1", "event_type": "login", "occurred_at": "2021-02-01T00:00:00Z"}

LINE = {
    "order_id": "o1",
    "line_number": 1,
    "user_id": "u1",
    "ordered_at": "2021-01-15T10:00:00Z",
    "status": "paid",
    "currency": "EUR",
    "sku": "s1",
    "quantity": 2,
    "unit_price": "10.00",
}

EMPLOYMENT = {
    "employment_id": "1",
    "user_id": "u1",
    "employer": "acme  corp",
    "job_title": "Cook",
    "start_date": "2021-01-01",
    "end_date": "2021-06-30",
    "salary": "1",
    "currency": "USD",
}


def rate(day: str, value: str) -> dict[str, Any]:
    return {"date": day, "currency": "EUR", "rate": value}

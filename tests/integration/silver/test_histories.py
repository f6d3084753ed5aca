"""Whatever happens to the raw records, and however the runs cut it up: the result is that of one full run."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from silver.services import RebuildStar
from tests.integration.silver.warehouse import KEYS, Warehouse, content, groups, surrogate_keys, validity

TITLES = ("Data Engineer", "Senior Data Engineer", "Recruiter")
CITIES = ("berlin", "New York", "PARIS")
DAYS = ("2021-01-10", "2021-02-10", "2021-03-10")


def spelled(name: str, way: int) -> str:
    return (name, name.upper(), f" {name.lower().replace(' ', '  ')}")[way % 3]


ROWS: dict[str, Any] = {
    "departments": lambda n, v: {"id": n, "department": f"Department {v}"},
    "jobs": lambda n, v: {"id": n, "job": TITLES[v]},
    "products": lambda n, v: {
        "sku": f"s{n}",
        "name": f"Shoe {v}",
        "description": "x",
        "category": "c",
        "price": f"{v}.50",
        "currency": "USD",
    },
    "exchange_rates": lambda n, v: {"date": DAYS[n], "currency": "EUR", "rate": f"1.{v}05"},
    "user_bank_info": lambda n, v: {"user_id": f"u{n}", "bank_name": spelled(f"Bank {v % 2}", n + v)},
    "users": lambda n, v: {
        "user_id": f"u{n}",
        "full_name": f"User {n}",
        "email": f"U{n}@Example.org",
        "city": CITIES[v],
        "postal_code": "ab 1",
        "country": "de",
        "created_at": "2021-01-01T00:00:00Z",
        "updated_at": f"{DAYS[v]}T12:00:00Z" if v else None,
    },
    "hired_employees": lambda n, v: {
        "id": n,
        "name": "Ada",
        "datetime": f"202{v}-05-01T00:00:00Z",
        "department_id": v,
        "job_id": (n + v) % 3,
    },
    "employment_info": lambda n, v: {
        "employment_id": f"e{n}",
        "user_id": f"u{v}",
        "employer": spelled(f"Employer {v % 2}", n),
        "job_title": ("data eng", "Sr. Data Engineer", "Astronaut")[n],
        "start_date": DAYS[v],
        "salary": "1000.55",
        "currency": "EUR",
    },
    "order_lines": lambda n, v: {
        "order_id": "o1",
        "line_number": n + 1,
        "user_id": f"u{v}",
        "ordered_at": f"{DAYS[v]}T18:00:00Z",
        "status": "paid",
        "currency": "EUR" if n else "USD",
        "sku": f"s{v}",
        "quantity": n - 1,
        "unit_price": "9.99",
    },
    "events": lambda n, v: {
        "event_id": f"v{n}",
        "user_id": f"u{v}",
        "event_type": f"type{v}",
        "occurred_at": f"{DAYS[v]}T13:00:00Z",
    },
}

SMALL = st.integers(0, 2)
STATUS = st.sampled_from(
    ["valid", "valid", "valid", "deleted", "quarantined", "moved", "claims", "moved back"]
)
"""What becomes of the record; the last three: staff give it a key that is free, that of another record, or its own again."""
WRITE = st.tuples(st.sampled_from(sorted(ROWS)), SMALL, SMALL, STATUS)
HISTORY = st.lists(st.lists(WRITE, min_size=1, max_size=12), min_size=1, max_size=4)


@pytest.mark.slow
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    history=[
        [("users", 0, 1, "claims")],
        [("users", 1, 2, "valid")],
        [("products", 2, 0, "valid")],
    ],
    fill_from=50_000,
)
@example(history=[[("departments", 1, 2, "claims")], [("departments", 2, 0, "deleted")]], fill_from=1)
@example(
    history=[
        [("departments", 1, 2, "claims"), ("users", 1, 2, "claims"), ("events", 1, 2, "claims")],
        [("departments", 2, 0, "valid"), ("users", 2, 1, "valid"), ("events", 2, 1, "valid")],
        [("departments", 2, 0, "deleted"), ("users", 2, 2, "deleted"), ("events", 2, 1, "deleted")],
    ],
    fill_from=1,
)
@given(history=HISTORY, fill_from=st.sampled_from([1, 50_000]))
def test_increments_equal_one_full_run(
    warehouse: Warehouse, history: list[list[Any]], fill_from: int
) -> None:
    warehouse.empty(raw=True)
    warehouse.refine = replace(warehouse.refine, fill_from=fill_from)
    for writes in history:
        before = groups()
        for dataset, number, variant, status in writes:
            write(warehouse, dataset, number, variant, status)
        warehouse.refine()
        assert _differing(before, groups()) <= warehouse.changes()
    incremental, keys, spans = content(), surrogate_keys(), validity()
    assert_whole(spans)

    RebuildStar(refine=warehouse.refine)()
    assert (content(), surrogate_keys(), validity()) == (incremental, keys, spans)
    assert warehouse.changes() == set(), "a full run over the same records changes nothing"

    warehouse.empty(raw=False)
    warehouse.refine()
    assert content() == incremental


def write(warehouse: Warehouse, dataset: str, number: int, variant: int, status: str) -> None:
    row = ROWS[dataset](number, variant)
    if status in ("valid", "deleted", "quarantined"):
        warehouse.put(dataset, row, status=status)
        return
    field = KEYS[dataset][-1] if dataset == "order_lines" else KEYS[dataset][0]
    keys = {"moved": _free(row[field]), "claims": ROWS[dataset]((number + 1) % 3, variant)[field]}
    patch = {field: keys[status]} if status in keys else {}
    warehouse.put(dataset, row)
    warehouse.patch(dataset, ":".join(str(row[name]) for name in KEYS[dataset]), **patch)


def _free(key: Any) -> Any:
    """A key that no record has."""
    if isinstance(key, int):
        return 77
    return "2021-04-10" if key in DAYS else f"{key}-moved"


def assert_whole(spans: dict[str, list[Any]]) -> None:
    """The versions of a user follow each other without gap or overlap, and the last one is current."""
    for versions in spans.values():
        assert [version for version, *_ in versions] == list(range(1, len(versions) + 1))
        assert [is_current for *_, is_current in versions] == [False] * (len(versions) - 1) + [True]
        ends, begins = [end for _, _, end, _ in versions], [begin for _, begin, _, _ in versions]
        assert ends == [*begins[1:], None]


def _differing(before: dict[Any, Any], after: dict[Any, Any]) -> set[tuple[str, str]]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}

"""Quality results, their limits and who sees them."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bronze.models import RawRecord
from governance.models import QualityResult, QualityThreshold, Run
from governance.quality import KEPT, Measure, record
from governance.services import track
from tests.accounts import member
from tests.integration.silver.rows import EVENT, LINE, USER
from tests.integration.silver.warehouse import Warehouse

QUALITY = "/api/v1/governance/quality"


@pytest.fixture
def warehouse(transactional_db: None) -> Warehouse:
    return Warehouse()


@pytest.fixture
def viewer(warehouse: Warehouse) -> Client:
    client = Client()
    client.force_login(member("viewer"))
    return client


@pytest.fixture
def staff(warehouse: Warehouse) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def ask(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get(QUALITY, {"page_size": 1000, **query})
    assert response.status_code == 200, response.content
    answer = response.json()
    assert answer["count"] == len(answer["items"])
    return answer["items"]


def values(found: list[dict[str, Any]]) -> dict[tuple[str, str], float]:
    return {(check["subject"], check["check"]): check["value"] for check in found}


def test_a_run_measures_what_it_read_and_wrote(warehouse: Warehouse, viewer: Client) -> None:
    warehouse.put("users", USER, {**USER, "user_id": "u2", "phone": "1"})
    warehouse.put("users", {**USER, "user_id": "u3"}, {**USER, "user_id": "u4"}, status="quarantined")
    RawRecord.objects.filter(key__in=["u3", "u4"]).update(
        errors=[
            {"field": "email", "rule": "pattern", "message": "x"},
            {"field": "city", "rule": "required", "message": "x"},
        ]
    )
    warehouse.put("order_lines", LINE)
    warehouse.refine()
    found = values(ask(viewer))
    users = {check: value for (subject, check), value in found.items() if subject == "silver_dimuser"}
    assert users["records read"] == 4
    assert users["rows written"] == 2
    assert users["share of records quarantined"] == 0.5
    assert users["records quarantined: email pattern"] == users["records quarantined: city required"] == 2
    assert (users["null rate of phone"], users["null rate of address"]) == (0.5, 1.0)
    assert found["silver_factorderline", "null rate of amount_reporting"] == 1.0
    assert found["silver_factorderline", "share of rows with an unknown member"] == 1.0
    assert 0 <= users["seconds since newest record"] < 600
    assert 0 <= found["refine", "seconds since last success"] < 600
    assert found["refine", "failures in a row"] == 0


def test_the_results_of_one_run_and_filters(warehouse: Warehouse, viewer: Client) -> None:
    warehouse.put("users", USER)
    warehouse.refine()
    first = Run.objects.get()
    warehouse.put("events", EVENT)
    warehouse.refine()
    assert {check["subject"] for check in ask(viewer, run=first.pk)} == {"silver_dimuser"}
    assert {check["run"] for check in ask(viewer, run=first.pk)} == {str(first.pk)}
    [rows] = ask(viewer, subject="silver_factevent", check="rows")
    assert (rows["value"], rows["passed"], rows["at_least"]) == (1.0, True, None)
    assert all(not check["passed"] for check in ask(viewer, passed=False))


def test_limits_of_today_judge_and_the_first_page_shows_what_fails(
    warehouse: Warehouse, staff: Client
) -> None:
    warehouse.put("users", USER)
    warehouse.refine()
    assert ask(staff, passed=False) == []
    assert "Quality:" not in staff.get("/admin/").content.decode()
    page = "/admin/governance/qualitythreshold/add/"
    form = {"table": "silver_dimuser", "check_name": "null rate of phone", "at_most": "0.5"}
    assert staff.post(page, form).status_code == 302
    [broken] = ask(staff, passed=False)
    assert (broken["check"], broken["value"], broken["at_most"]) == ("null rate of phone", 1.0, 0.5)
    shown = staff.get("/admin/").content.decode()
    assert "Quality: 1 check not as good as it should be" in shown
    assert "null rate of phone" in shown
    assert b"There is a threshold" in staff.post(page, form).content
    assert b"nothing would pass" in staff.post(page, {**form, "table": "", "at_least": "0.6"}).content
    staff.post(page, {"table": "", "check_name": "seconds since last success", "at_most": "-1"})
    assert ("refine", "seconds since last success") in values(ask(staff, passed=False))


def test_a_stage_that_fails_is_a_failing_check(warehouse: Warehouse, viewer: Client) -> None:
    with pytest.raises(ZeroDivisionError), track("marts"):
        1 / 0  # noqa: B018
    assert values(ask(viewer, passed=False)) == {("marts", "failures in a row"): 1.0}


def test_what_a_stage_judges_itself_counts_where_no_limit_is_set(
    warehouse: Warehouse, viewer: Client
) -> None:
    with track("reconcile") as run:
        QualityResult.objects.create(run=run, table="users", check_name="missing", value=2, passed=False)
    assert values(ask(viewer, passed=False)) == {("users", "missing"): 2.0}
    QualityThreshold.objects.create(table="users", check_name="missing", at_most=5)
    assert ask(viewer, passed=False) == []


def test_who_may_ask_and_how(warehouse: Warehouse, viewer: Client) -> None:
    assert Client().get(QUALITY).status_code == 401
    nobody = Client()
    nobody.force_login(User.objects.create_user("nobody", is_staff=True))
    assert nobody.get(QUALITY).status_code == 403
    with track("marts") as run:
        record(run, [Measure("gold_citypayroll", "records rejected", 3)])
    assert "records rejected" not in nobody.get("/admin/").content.decode()
    assert viewer.get(QUALITY, {"tabel": "x"}).status_code == 400
    assert viewer.get(QUALITY, {"passed": "perhaps"}).status_code == 422
    assert viewer.get(QUALITY, {"run": "00000000-0000-0000-0000-000000000000"}).status_code == 404


def test_the_oldest_results_are_forgotten(warehouse: Warehouse) -> None:
    with track("marts") as run:
        record(run, [Measure("gold_citypayroll", "rows", 1)])
        QualityResult.objects.update(id=QualityResult.objects.get().pk - KEPT)
        record(run, [Measure("gold_citypayroll", "rows", 2)])
    assert [result.value for result in QualityResult.objects.all()] == [2.0]
    assert not QualityThreshold.objects.exists()

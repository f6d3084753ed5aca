"""The star schema over REST and in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from silver.models import DimDepartment, DimUser, FactHire
from silver.star import STAR
from tests.accounts import member
from tests.integration.silver.rows import HIRE, USER
from tests.integration.silver.warehouse import Warehouse


@pytest.fixture
def reader(warehouse: Warehouse) -> Client:
    client = Client()
    client.force_login(member("reader"))
    return client


@pytest.fixture
def officer(warehouse: Warehouse) -> Client:
    """Somebody who may see personal data."""
    user = member("officer")
    user.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    client = Client()
    client.force_login(user)
    return client


def get(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(f"/api/v1/silver/{path}")
    assert response.status_code == status, response.content
    return response.json()


def test_every_table_answers(reader: Client) -> None:
    for table in STAR:
        page = get(reader, table.slug)
        assert page["count"] == len(page["items"])


def test_filters_and_pages(warehouse: Warehouse, reader: Client) -> None:
    warehouse.put("departments", *({"id": n, "department": f"Department {n}"} for n in range(1, 6)))
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    key = DimDepartment.objects.get(department_id=4).key
    assert get(reader, f"hires?department_id={key}")["items"][0]["hire_id"] == 1
    assert get(reader, "hires?department_id=0") == {"items": [], "count": 0}
    page = get(reader, "departments?page=2&page_size=2")
    assert ([item["department_id"] for item in page["items"]], page["count"]) == ([2, 3], 6)


def test_unknown_parameters_and_values_are_errors(reader: Client) -> None:
    assert get(reader, "hires?departmant=1", 400)["code"] == "unknown_parameter"
    get(reader, "hires?department_id=sales", 422)
    assert get(reader, "hires?ordering=employee_name", 400)["code"] == "unknown_parameter"  # it is masked


def test_columns_are_compared_ordered_and_chosen(warehouse: Warehouse, reader: Client) -> None:
    warehouse.put("departments", *({"id": n, "department": f"Department {n}"} for n in range(1, 6)))
    warehouse.refine()
    page = get(
        reader, "departments?department_id__gt=2&department_id__lte=4&ordering=-department_id&fields=name"
    )
    assert page == {"items": [{"name": "Department 4"}, {"name": "Department 3"}], "count": 2}
    assert get(reader, "departments?name__contains=ment%203")["count"] == 1


def test_personal_fields_are_masked(warehouse: Warehouse, reader: Client, officer: Client) -> None:
    warehouse.put("users", USER)
    warehouse.refine()
    masked = get(reader, "users?user_id=u1")["items"][0]
    assert (masked["full_name"], masked["email"], masked["phone"], masked["city"]) == (
        "A•••",
        "a•••",
        "",
        "Berlin",
    )
    assert get(officer, "users?user_id=u1")["items"][0]["full_name"] == "Ada Lovelace"


def test_admin_lists_are_read_only(warehouse: Warehouse) -> None:
    warehouse.put("users", USER)
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for table in STAR:
        page = client.get(f"/admin/silver/{table.model.__name__.lower()}/?q=1")
        assert page.status_code == 200, table.slug
    address = f"/admin/silver/facthire/{FactHire.objects.get().pk}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"employee_name": "Eve"}).status_code == 403


def test_admin_hides_personal_fields(warehouse: Warehouse) -> None:
    warehouse.put("users", USER)
    warehouse.refine()
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_dimuser"))
    client = Client()
    client.force_login(staff)
    page = client.get(
        f"/admin/silver/dimuser/{DimUser.objects.get(user_id='u1').pk}/change/"
    ).content.decode()
    assert "Berlin" in page
    assert "Lovelace" not in page


@pytest.mark.django_db
def test_somebody_of_no_group_sees_no_table(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get("/api/v1/silver/departments").status_code == 403

"""The quarantine bench of the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from bronze.history import Revisions
from bronze.models import RawRecord
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, records
from tests.integration.bronze.test_quarantine import PRODUCTS

pytestmark = pytest.mark.django_db


def client_of(group: str) -> Client:
    user = User.objects.create_user(f"q-{group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client(enforce_csrf_checks=False)
    client.force_login(user)
    return client


def bench(**filters: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse('admin:bronze_quarantine')}?{query}"


def text(response: Any) -> str:
    assert response.status_code == 200, response.content
    return str(response.content.decode())


def test_the_bench_lists_rows_with_their_reasons_and_values(intake: Intake) -> None:
    intake.load("products.csv", PRODUCTS)
    curator = client_of("curator")
    assert "Products <b>4</b>" in text(curator.get(bench()))
    page = text(curator.get(bench(dataset="products")))
    assert "currency does not look like &#x27;USD&#x27; <code>dollars</code>" in page
    assert "currency: pattern <span>2</span>" in page
    assert "4 rows of Products in quarantine" in page
    filtered = text(curator.get(bench(dataset="products", field="price", rule="decimal")))
    assert "1 row of Products in quarantine with these filters" in filtered
    assert "<code>30 EUR</code>" in filtered
    assert "dollars" not in filtered


def test_preview_then_confirm(intake: Intake) -> None:
    intake.load("products.csv", PRODUCTS)
    curator, address = client_of("curator"), bench(dataset="products", rule="pattern")
    sent = {"action": "set", "scope": "all", "set_field": "currency", "value": "USD"}
    preview = text(curator.post(address, sent))
    assert "<strong>2</strong> become valid" in preview
    assert '<code class="old">dollars</code>' in preview
    assert len(records("products")) == 1
    last = max(RawRecord.objects.values_list("pk", flat=True))
    assert f'name="up_to" value="{last}"' not in preview
    done = curator.post(address, sent | {"confirmed": "yes", "note": "agreed"}, follow=True)
    assert "2 released: they are valid now" in text(done)
    assert len(records("products")) == 3
    latest = resolve(Revisions).of(RawRecord.objects.get(key="A-2").pk)[0]
    assert (latest.user, latest.reason) == ("q-curator", "quarantine: currency set (agreed)")


def test_only_the_selected_rows(intake: Intake) -> None:
    intake.load("products.csv", PRODUCTS)
    curator, address = client_of("curator"), bench(dataset="products")
    sent = {"action": "set", "scope": "selected", "set_field": "currency", "value": "USD", "confirmed": "yes"}
    assert "Select 1 to 1000 rows" in text(curator.post(address, sent))
    curator.post(address, sent | {"ids": [RawRecord.objects.get(key="A-1").pk]})
    assert sorted(records("products")) == ["A-1", "A-5"]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"action": "set", "value": "x"}, "Fill this in."),
        ({"action": "set", "set_field": "nonsense"}, "not one of the available choices"),
        ({"action": "replace", "replace_field": "price"}, "Fill this in."),
        (
            {"action": "replace", "replace_field": "price", "find": "(", "match": "pattern"},
            "not a regular expression",
        ),
        ({"action": "explode"}, "not one of the available choices"),
        ({"action": "recheck", "scope": "selected", "ids": ["x"]}, "none that the list has"),
    ],
)
def test_what_cannot_be_done_is_said(intake: Intake, sent: dict[str, Any], answer: str) -> None:
    intake.load("products.csv", PRODUCTS)
    page = text(client_of("curator").post(bench(dataset="products"), {"scope": "all"} | sent))
    assert answer in page
    assert "4 rows of Products" in page


def test_delete_and_check_again(intake: Intake) -> None:
    intake.load("products.csv", PRODUCTS)
    curator, address = client_of("curator"), bench(dataset="products", rule="pattern")
    preview = text(curator.post(address, {"action": "delete", "scope": "all"}))
    assert "Delete 2 rows" in preview
    done = curator.post(address, {"action": "delete", "scope": "all", "confirmed": "yes"}, follow=True)
    assert "2 deleted." in text(done)
    again = curator.post(
        bench(dataset="products"), {"action": "recheck", "scope": "all", "confirmed": "yes"}, follow=True
    )
    assert "0 released" in text(again)


def test_rows_that_could_not_be_parsed_are_told_and_deleted_with_the_others(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk,x\n2,Cook,y\n3,\n4,Chef,z\n")
    curator, address = client_of("curator"), bench(dataset="jobs")
    sent = {"action": "set", "scope": "all", "set_field": "job", "value": "Baker"}
    said = "3 could not be parsed: repair them one by one."
    assert f"1 row of Jobs. {said}" in text(curator.post(address, sent))
    assert said in text(curator.post(address, sent | {"confirmed": "yes"}, follow=True))
    last = max(RawRecord.objects.values_list("pk", flat=True))
    removal = text(curator.post(address, {"action": "delete", "scope": "all"}))
    assert "Delete 3 rows" in removal
    assert f'name="up_to" value="{last}"' in removal


def test_staff_without_the_rights_see_masks_and_no_repairs(intake: Intake) -> None:
    intake.load(
        "hires.csv",
        "id,name,datetime,department_id,job_id\n1,Ada Lovelace,yesterday,1,1\n",
        "hired_employees",
    )
    User.objects.create_user("looks", is_staff=True)
    viewer = client_of("viewer")
    page = text(viewer.get(bench(dataset="hired_employees")))
    assert "<code>yesterday</code>" in page
    assert "Ada" not in page
    assert "Preview" not in page
    assert (
        viewer.post(bench(dataset="hired_employees"), {"action": "recheck", "scope": "all"}).status_code
        == 403
    )


def test_a_page_is_few_queries(intake: Intake, django_assert_max_num_queries: Any) -> None:
    intake.load("products.csv", PRODUCTS)
    curator = client_of("curator")
    curator.get(bench(dataset="products"))
    with django_assert_max_num_queries(14):
        curator.get(bench(dataset="products"))

"""The index follows silver and bronze: all of it, only what changed, and nothing personal in sight of everybody."""

from typing import Any

import pytest
from django.db import connection

from bronze.models import Document, DocumentPage
from governance.models import Run
from search.models import SearchDocument, SearchTerm
from search.services import ProjectChanges
from silver.models import DimUser
from tests.integration.search.warehouse import Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # increments are read from committed transactions

LONG = " ".join(f"Word{number} of the report." for number in range(200))


def rows() -> list[dict[str, Any]]:
    """All that the index holds but for what says when it was written."""
    fields = [
        field.name
        for field in SearchDocument._meta.get_fields()
        if field.name not in ("id", "xid", "updated_at")
    ]
    return list(SearchDocument.objects.order_by("entity", "entity_id", "passage").values(*fields))


def terms() -> list[tuple[str, bool, int]]:
    return sorted(SearchTerm.objects.values_list("word", "is_personal", "passages"))


def fill(warehouse: Warehouse) -> None:
    job = warehouse.job(1, "Data Engineer")
    warehouse.department(1, "Legal")
    warehouse.product("S-1", "Red running shoe", "Shoes", "59.90", "Light and fast on the road.")
    warehouse.user("7", "Ada Lovelace")
    warehouse.employment("7", "Acme", "Sr data engineer", job)
    warehouse.document(
        1, "CV: Ada Lovelace", ["Ada Lovelace worked on engines. Mail ada@mail.example.", LONG], user_id="7"
    )
    warehouse.document(2, "Policy: travel", ["Book the train early."])


def test_a_full_projection_holds_every_entity(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    counts = project()
    entities = SearchDocument.objects.values_list("entity", flat=True)
    assert set(entities) == {"user", "product", "job", "department", "employer", "document"}
    assert counts.written == counts.embedded == len(entities)
    assert Run.objects.get().counts["written"] == counts.written


def test_nothing_is_done_and_no_run_recorded_without_news(
    warehouse: Warehouse, project: ProjectChanges
) -> None:
    fill(warehouse)
    project()
    warehouse.announce("order_day", "2024-03-01")
    assert not project()
    assert Run.objects.count() == 1


def test_incremental_projection_equals_a_full_one(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    project()
    warehouse.job(1, "Data Wrangler")
    warehouse.user("7", "Ada King", city="Paris", country="FR")
    warehouse.user("8", "Grace Hopper")
    warehouse.product("S-1", "Blue running shoe", "Shoes", "49.90")
    warehouse.product("S-2", "Kettle", "Kitchen", "19")
    project()
    warehouse.drop_product("S-2")
    warehouse.forget_user("8")
    project()
    incremental = rows(), terms()
    SearchDocument.objects.all().delete()
    SearchTerm.objects.all().delete()
    project.feed.rewind()
    project()
    assert (rows(), terms()) == incremental


def test_a_second_full_projection_writes_nothing(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    first = project()
    project.feed.rewind()
    again = project()
    assert (again.written, again.embedded, again.removed, again.unchanged) == (0, 0, 0, first.written)


def test_a_full_projection_removes_what_is_gone(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    project()
    DimUser.objects.filter(user_id="7").update(is_active=False)
    project.feed.rewind()
    project()
    assert not SearchDocument.objects.filter(entity="user").exists()
    assert not SearchTerm.objects.filter(word="berlin").exists()


def test_an_unchanged_text_is_not_embedded_again(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    project()
    before = SearchDocument.objects.get(entity="product").embedding
    warehouse.product("S-1", "Red running shoe", "Shoes", "12.00", "Light and fast on the road.")
    counts = project()
    product = SearchDocument.objects.get(entity="product")
    assert (counts.written, counts.embedded) == (1, 0)
    assert product.numbers == {"price": 1200}
    assert product.embedding == before


def test_fewer_passages_leave_none_behind(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    project()
    document = Document.objects.get(title="CV: Ada Lovelace")
    assert SearchDocument.objects.filter(entity_id=document.sha256).count() > 2
    DocumentPage.objects.filter(document=document, number=2).delete()
    document.page_count = 1
    document.save()
    project()
    assert SearchDocument.objects.filter(entity_id=document.sha256).count() == 1


@pytest.mark.parametrize("secret", ["mail.example", "1234567", "Gasse", "10115"])
def test_contact_details_are_nowhere_in_the_index(
    secret: str, warehouse: Warehouse, project: ProjectChanges
) -> None:
    fill(warehouse)
    project()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM search_searchdocument AS d WHERE strpos(d::text, %s) > 0", [secret]
        )
        assert cursor.fetchone() == (0,)
    assert not SearchTerm.objects.filter(word__icontains=secret).exists()


def test_names_are_found_with_the_right_alone(
    warehouse: Warehouse, project: ProjectChanges, ask: Any
) -> None:
    fill(warehouse)
    project()
    for mode in ("keyword", "hybrid"):
        allowed = ask("lovelace", personal=True, mode=mode)
        assert set(allowed) >= {"7", f"{1:064}"}
        assert "7" not in ask("lovelace", mode=mode)
    assert ask("lovelace") == ask("lovelase") == ask("Ada") == ask("lovel") == []
    assert ask("lovelase", personal=True)


def test_documents_hide_the_name_of_their_user(warehouse: Warehouse, project: ProjectChanges) -> None:
    fill(warehouse)
    project()
    first = SearchDocument.objects.get(entity="document", entity_id=f"{1:064}", passage=0)
    assert "Lovelace" not in first.title + first.body
    assert first.personal_title == "CV: Ada Lovelace"


def test_the_text_of_an_unknown_user_is_hidden_until_the_name_is_known(
    warehouse: Warehouse, project: ProjectChanges, ask: Any
) -> None:
    warehouse.document(3, "CV: Alan Turing", ["Alan Turing broke codes."], user_id="9")
    project()
    assert ask("codes") == []
    assert ask("turing", personal=True) == [f"{3:064}"]
    warehouse.user("9", "Alan Turing")
    project()
    assert ask("codes") == [f"{3:064}"]
    assert ask("turing") == []

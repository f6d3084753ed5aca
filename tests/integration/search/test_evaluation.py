"""`lakehouse search-eval` measures on the side: the index of the lakehouse stays as it is."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pydantic import SecretStr

from lakehouse_project.env import Env
from search.models import SearchDocument, SearchTerm
from search.services import Evaluate, ProjectChanges
from tests.integration.search.warehouse import Warehouse
from tests.typesense.server import KEY, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    texts = {"d1": "Warm boots for the winter", "d2": "A kettle for tea", "d3": "Invoices of last year"}
    queries = {"q1": "winter boots", "q2": "tea kettle"}
    for name, rows in (("corpus", texts), ("queries", queries)):
        lines = (json.dumps({"_id": key, "title": "", "text": text}) for key, text in rows.items())
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query\tdocument\tscore\nq1\td1\t1\nq2\td2\t1\n")
    return tmp_path


@pytest.fixture
def filled(warehouse: Warehouse, project: ProjectChanges) -> Any:
    warehouse.product("S-1", "Winter boots", "Shoes", "59.90")
    project()
    return held()


def held() -> Any:
    return (
        list(SearchDocument.objects.values("entity_id", "version")),
        list(SearchTerm.objects.order_by("word").values_list("word", "passages")),
        temporary_tables(),
    )


def temporary_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't' AND relname LIKE 'search%'")
        return [name for (name,) in cursor.fetchall()]


def test_every_mode_is_measured_and_nothing_is_left_behind(filled: Any, collection: Path) -> None:
    out = StringIO()
    call_command("search_eval", collection, stdout=out)
    first, heading, *lines = out.getvalue().splitlines()
    assert first.startswith("3 documents, 3 passages, 2 queries; embedder wordllama")
    assert heading.split()[:3] == ["engine", "mode", "nDCG@10"]
    assert [line.split() for line in lines] == [
        ["postgresql", mode, "1.000", "1.000", "1.000", "0.000"] for mode in ("keyword", "semantic", "hybrid")
    ]
    assert held() == filled


def test_the_search_server_is_measured_and_keeps_nothing(
    filled: Any, collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as server:
        configured = Env(typesense_url=server.url, typesense_api_key=SecretStr(KEY))
        for module in ("composed_search", "management.commands.search_eval"):
            monkeypatch.setattr(f"lakehouse_project.{module}.env", lambda: configured)
        out = StringIO()
        call_command("search_eval", collection, stdout=out)
        lines = [line.split() for line in out.getvalue().splitlines()[-3:]]
        assert [line[:3] for line in lines] == [
            ["typesense", mode, "1.000"] for mode in ("keyword", "semantic", "hybrid")
        ]
        assert (server.state.collections, server.state.aliases) == ({}, {})
    assert held() == filled


def test_nothing_is_left_behind_after_an_interruption(
    filled: Any, collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Evaluate, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call_command("search_eval", collection, stdout=StringIO())
    assert held() == filled

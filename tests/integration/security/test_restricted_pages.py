"""A restricted data set: search, pages and admin are as if it were not there for whoever is in none of its groups."""

from typing import Any

import pytest

from bronze.models import RawRecord
from lakehouse_project.kernel.services import resolve
from search.services import ProjectChanges
from tests.integration.api.client import Api, assert_problem, client_of
from tests.integration.security.restricted import KEY, SECRET, Lake, page

pytestmark = pytest.mark.django_db


def test_the_search_does_not_find_it(lake: Lake) -> None:
    resolve(ProjectChanges)()
    friend, stranger = client_of("curator"), client_of("viewer")

    def found(caller: Api, path: str = "", **query: str) -> Any:
        return caller.client.get(f"/api/v1/search{path}", {"q": SECRET, **query}, headers=caller.headers)

    assert SECRET in found(friend).content.decode()
    hits = found(stranger).json()
    assert "document" not in {hit["entity"] for hit in hits["items"]}
    assert "document" not in hits["facets"]["entity"]
    assert found(stranger, entity="document").json()["count"] == 0
    assert found(stranger, "/documents").json()["count"] == 0
    similar = f"/document/{lake.document}/similar"
    assert_problem(
        stranger.client.get(f"/api/v1/search{similar}", headers=stranger.headers),
        404,
        "record_not_found",
    )


def test_the_pages_and_the_admin_do_not_show_it(lake: Lake) -> None:
    resolve(ProjectChanges)()
    record = RawRecord.everything.get(dataset="stations")
    addresses = [
        "/",
        f"/found/document/{lake.document}",
        f"/found/user/{KEY}/",
        f"/search/?q={SECRET}",
        "/admin/",
        "/admin/bronze/dataset/",
        "/admin/bronze/dataset/stations/change/",
        "/admin/bronze/rawrecord/",
        "/admin/bronze/rawrecord/?dataset__name__exact=stations",
        f"/admin/bronze/rawrecord/{record.pk}/change/",
        "/admin/bronze/sourcefile/",
        f"/admin/bronze/sourcefile/{lake.file}/change/",
        "/admin/bronze/document/",
        f"/admin/bronze/document/{lake.document}/change/",
        "/admin/bronze/rawrecord/quarantine/",
        "/admin/bronze/rawrecord/quarantine/?dataset=users",
        "/admin/search/searchdocument/",
        "/admin/governance/run/",
        f"/admin/governance/run/{lake.run}/change/",
    ]
    shown = {group: {path: page(group, path) for path in addresses} for group in ("engineer", "curator")}
    assert [
        path for path, text in shown["engineer"].items() if SECRET in text.replace(f"q={SECRET}", "")
    ] == [path for path in addresses if f"q={SECRET}" in path and echoed(shown["engineer"][path])]
    assert sum(SECRET in text for text in shown["curator"].values()) > len(addresses) / 2


def echoed(text: str) -> bool:
    """What was asked for stands in the search field alone."""
    return text.count(SECRET) > 0 and f'value="{SECRET}"' in text

"""The search route, as a client sees it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.domain import FIELDS, Kind
from search.models import SearchDocument
from tests.integration.search.people import client_of


def search(client: Client, query: str) -> Any:
    response = client.get(f"/api/v1/search?{query}")
    assert response.status_code == 200, response.content
    return response.json()


def ids(answer: Any) -> list[str]:
    return [item["entity_id"] for item in answer["items"]]


def test_words_alone_search_everything(viewer: Client, indexed: None) -> None:
    answer = search(viewer, "q=shoe&mode=keyword")
    assert {item["entity"] for item in answer["items"]} == {"product", "document"}
    assert answer["count"] == 3
    assert answer["facets"]["entity"] == {"product": 2, "document": 1}
    assert answer["facets"]["category"] == {"Shoes": 2}
    assert (answer["engine"], answer["degraded"], answer["mode"]) == ("postgresql", False, "keyword")


def test_a_field_filters_and_repeating_it_means_or(viewer: Client, indexed: None) -> None:
    assert search(viewer, "entity=users&city=Berlin")["count"] == 2
    answer = search(viewer, "entity=user&city=Berlin&city=Paris&country=FR")
    assert ids(answer) == ["u2"]
    assert answer["facets"]["city"] == {"Paris": 1}


def test_one_kind_of_entity_has_an_address_of_its_own(viewer: Client, indexed: None) -> None:
    answer = viewer.get("/api/v1/search/products?q=shoe&mode=keyword&sort=price").json()
    assert (
        ids(answer) == ids(search(viewer, "q=shoe&mode=keyword&sort=price&entity=product")) == ["S-2", "S-1"]
    )
    assert viewer.get("/api/v1/search/user?city=Berlin").json()["count"] == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("planet?q=x", 404),
        ("product?entity=user", 400),
        ("product?city=Berlin", 400),
        ("product?page=0", 422),
    ],
)
def test_what_cannot_be_asked_of_one_kind_is_told(
    viewer: Client, indexed: None, path: str, status: int
) -> None:
    response = viewer.get(f"/api/v1/search/{path}")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_an_entity_takes_no_address_from_other_routes(viewer: Client, indexed: None) -> None:
    assert viewer.get("/api/v1/search/engine").json()["mode"] == "postgresql"
    assert viewer.get("/api/v1/search/key").json()["code"] != "record_not_found"
    assert viewer.get("/api/v1/search/reindex").status_code == 405


def test_prices_are_compared_in_major_units(viewer: Client, indexed: None) -> None:
    answer = search(viewer, "entity=product&price__gte=39.50&price__lt=59.90&sort=-price")
    assert ids(answer) == ["S-2"]
    assert answer["items"][0]["fields"]["price"] == "39.50"
    assert ids(search(viewer, "entity=product&sort=price")) == ["S-3", "S-2", "S-1"]
    assert ids(search(viewer, "entity=product&price=19")) == ["S-3"]


def test_a_hit_explains_itself_and_is_escaped(viewer: Client, indexed: None) -> None:
    hit = search(viewer, "q=fast road&entity=product")["items"][0]
    assert (hit["entity_id"], hit["matched"]) == ("S-1", "both")
    assert hit["highlight"] == "Shoes. Light &amp; <mark>fast</mark> &lt;on&gt; the <mark>road</mark>"
    assert hit["snippet"] == "Shoes. Light & fast <on> the road"
    assert hit["score"] == pytest.approx(
        hit["explanation"]["from_keyword"] + hit["explanation"]["from_meaning"]
    )


def test_a_meaning_that_is_far_weighs_less_than_the_very_word(viewer: Client, indexed: None) -> None:
    """Also where it is the best there is."""
    hit = search(viewer, "q=ways&mode=hybrid")["items"][0]
    part = hit["explanation"]
    assert (hit["entity_id"], part["from_keyword"]) == ("S-2", 0.5)
    assert 0 < part["from_meaning"] < 0.4
    assert part["from_meaning"] == pytest.approx(0.5 * part["meaning"] / 0.4)


def test_names_are_masked_without_the_right(viewer: Client, curator: Client, indexed: None) -> None:
    masked = search(viewer, "entity=user&sort=title")["items"]
    assert all("Lovelace" not in str(item) for item in masked)
    assert search(viewer, "q=lovelace&mode=keyword")["count"] == 0
    assert search(curator, "q=lovelace&mode=keyword")["items"][0]["title"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("colour=red", 400),
        ("entity=product&city=Berlin", 400),
        ("entity=product&sort=salary", 400),
        ("entity=planet", 422),
        ("entity=product&price__gte=cheap", 422),
        ("created_at__gte=yesterday", 422),
        ("page=0", 422),
        ("page=1000&page_size=100", 422),
        ("mode=telepathy", 422),
        ("fusion=cold", 422),
        ("facets=price", 422),
        ("city=%00", 422),
    ],
)
def test_what_cannot_be_asked_is_refused(viewer: Client, query: str, status: int) -> None:
    response = viewer.get(f"/api/v1/search?{query}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


def test_an_unknown_parameter_is_told_the_known_ones(viewer: Client) -> None:
    problem = viewer.get("/api/v1/search?colour=red").json()
    assert "city" in problem["detail"]
    assert problem["errors"][0]["field"] == "colour"


def test_a_login_and_the_permission_are_needed(db: None) -> None:
    assert Client().get("/api/v1/search").status_code == 401
    stranger = Client()
    stranger.force_login(User.objects.create_user("x"), backend="django.contrib.auth.backends.ModelBackend")
    assert stranger.get("/api/v1/search").status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "' OR 1=1 --",
        "a:*&!|()<->",
        "\\",
        "%_",
        "'" * 50,
        "<script>alert(1)</script>",
        "\x02x\x03",
        "🤷",
        "-",
        '"',
    ],
)
def test_hostile_words_are_data(viewer: Client, indexed: None, text: str) -> None:
    response = viewer.get("/api/v1/search", {"q": text, "city": text.replace("\x00", "")})
    assert response.status_code == 200
    assert response.json()["count"] == 0


def test_the_admin_shows_documents_and_changes_none(indexed: None) -> None:
    client = Client()
    admin = User.objects.create_superuser("root")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    document = SearchDocument.objects.get(entity_id="u0")
    assert client.get("/admin/search/searchdocument/").status_code == 200
    assert (
        "Ada Lovelace" in client.get(f"/admin/search/searchdocument/{document.pk}/change/").content.decode()
    )
    assert client.get("/admin/search/searchdocument/add/").status_code == 403


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(max_size=30))
def test_any_text_is_data(viewer: Client, indexed: None, text: str) -> None:
    expected = 422 if "\x00" in text else 200
    for asked in ({"city": text, "entity": "user"}, {"q": text}):
        response = viewer.get("/api/v1/search", asked)
        assert response.status_code == expected, response.content
    tree = {"not": {"eq": {"field": "city", "value": text}}}
    assert post(viewer, {"filter": tree}).status_code == expected
    assert viewer.get("/api/v1/search", {"price__gte": text, "entity": "product"}).status_code in (200, 422)


@pytest.mark.parametrize("entity", FIELDS)
def test_every_field_is_a_parameter_and_a_leaf_of_the_tree(
    viewer: Client, indexed: None, entity: str
) -> None:
    values = {Kind.TEXT: "x", Kind.NUMBER: 77, Kind.DATE: "2030-03-01"}
    for name, field in FIELDS[entity].items():
        value = values[field.kind]
        assert search(viewer, f"entity={entity}&{name}={value}")["count"] == 0, name
        tree: dict[str, Any] = {"eq": {"field": name, "value": value}}
        if field.kind is not Kind.TEXT:
            assert search(viewer, f"entity={entity}&{name}__gte={value}&{name}__lt={value}")["count"] == 0
            tree = {"or": [tree, {"range": {"field": name, "gt": value, "lt": value}}]}
        everything = search(viewer, f"entity={entity}")["count"]
        answer = post(viewer, {"entity": [entity], "filter": {"not": tree}})
        assert answer.json()["count"] == everything, name


def test_what_is_like_a_record(viewer: Client, indexed: None) -> None:
    response = viewer.get("/api/v1/search/products/S-1/similar?limit=2&currency=EUR")
    answer = response.json()
    assert ids(answer)[0] == "S-2"
    assert (answer["engine"], answer["degraded"]) == ("postgresql", False)
    assert len(ids(answer)) <= 2
    people = viewer.get("/api/v1/search/user/u0/similar").json()["items"]
    assert {item["entity_id"] for item in people} == {"u1", "u2"}
    assert all("Hopper" not in str(item) for item in people)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("product/S-99/similar", 404),
        ("product/a/b~%2F ü/similar", 404),
        ("planet/S-1/similar", 404),
        ("product/S-1/similar?limit=0", 422),
        ("product/S-1/similar?limit=51", 422),
        ("product/S-1/similar?city=Berlin", 400),
        ("product/S-1/similar?q=shoe", 400),
        ("product/S-1/similar?price__gte=cheap", 422),
        ("product/%00/similar", 404),
    ],
)
def test_what_can_be_like_nothing(viewer: Client, indexed: None, address: str, status: int) -> None:
    response = viewer.get(f"/api/v1/search/{address}")
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"


def post(client: Client, body: Any) -> Any:
    return client.post("/api/v1/search", body, content_type="application/json")


def test_a_tree_of_filters(viewer: Client, indexed: None) -> None:
    tree = {
        "and": [
            {"in": {"field": "category", "values": ["Shoes", "Kitchen"]}},
            {"not": {"range": {"field": "price", "gt": 50}}},
            {
                "or": [
                    {"eq": {"field": "price", "value": "39.50"}},
                    {"eq": {"field": "currency", "value": "XXX"}},
                ]
            },
        ]
    }
    answer = post(viewer, {"entity": ["product"], "filter": tree}).json()
    assert ids(answer) == ["S-2"]
    assert ids(post(viewer, {"q": "kettle", "mode": "keyword"}).json()) == ["S-3"]


@pytest.mark.parametrize(
    ("tree", "status"),
    [
        ({}, 422),
        ({"eq": {"field": "price", "value": 1}, "not": {}}, 422),
        ({"eq": {"field": "colour", "value": "red"}}, 400),
        ({"eq": {"field": "price", "value": "cheap"}}, 422),
        ({"eq": {"field": "price", "value": True}}, 422),
        ({"range": {"field": "category", "gt": "a"}}, 422),
        ({"range": {"field": "price"}}, 422),
        ({"like": {"field": "category", "value": "a"}}, 422),
        ({"or": [{"eq": {"field": "price", "value": 1}}] * 200}, 422),
    ],
)
def test_a_tree_that_cannot_be_asked_is_refused(viewer: Client, tree: Any, status: int) -> None:
    response = post(viewer, {"entity": ["product"], "filter": tree})
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"


def test_what_a_body_does_not_have_is_told_by_its_place(viewer: Client) -> None:
    problem = post(viewer, {"q": 5, "filter": {"eq": {"field": "price"}}, "sorted": ["price"]}).json()
    assert {error["pointer"] for error in problem["errors"]} >= {"/q", "/filter/eq/value", "/sorted"}


def test_a_tree_that_is_too_deep_is_refused(viewer: Client) -> None:
    tree: Any = {"eq": {"field": "price", "value": 1}}
    for _ in range(30):
        tree = {"not": tree}
    assert post(viewer, {"filter": tree}).status_code == 422


def test_the_engine_says_what_it_can_do(viewer: Client) -> None:
    told = viewer.get("/api/v1/search/engine").json()
    assert (told["mode"], told["reason"], told["collections"]) == ("postgresql", "", {})
    assert told["capabilities"]["corrections"]
    assert told["capabilities"]["fusions"] == ["weighted", "rank"]


def test_without_a_search_server_there_is_nothing_to_rebuild(viewer: Client) -> None:
    admin = client_of("admin")
    for address in ("reindex", "reconcile"):
        assert viewer.post(f"/api/v1/search/{address}").status_code == 403
        response = admin.post(f"/api/v1/search/{address}")
        assert (response.status_code, response.json()["code"]) == (503, "not_configured")
    assert viewer.get("/api/v1/search/key").status_code == 503


def test_what_a_route_does_not_know_is_refused(viewer: Client) -> None:
    admin = client_of("admin")
    answers = [
        viewer.get("/api/v1/search/engine?verbose=1"),
        viewer.get("/api/v1/search/key?hours=9"),
        admin.post("/api/v1/search/reindex?entity=product"),
        admin.post("/api/v1/search/reconcile?fix=true"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "unknown_parameter")}

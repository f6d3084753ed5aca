"""Requests to Typesense as text: filters, ids, documents, keys."""

import base64
import json
import re
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from search.domain import FIELDS, DocumentId, Index, Stored
from search.engines.typesense import layout
from search.engines.typesense.answer import Candidate, ranked
from search.engines.typesense.asking import question
from search.engines.typesense.client import TypesenseClient
from search.engines.typesense.filters import condition
from search.engines.typesense.index import TypesenseIndex
from search.engines.typesense.searcher import TypesenseSearcher
from search.errors import CollectionMissing, EngineRefused, EngineRejected
from search.query import And, Eq, In, Not, Or, QueryBuilder, Range
from tests.typesense.server import KEY, running

ROW = Stored(
    id=1,
    entity="user",
    entity_id="7",
    passage=0,
    page=None,
    title="A•••",
    body="Data\x02 engineer",
    personal_title="Ada Lovelace",
    personal_body=None,
    facets='{"city": "Berlin"}',
    numbers="{}",
    dates='{"created_at": "1970-01-03"}',
    url="/u/7",
    version="v",
    embedding="[0.5,0.25]",
)


A = layout.value_key("category", "a")


@pytest.mark.parametrize("value", ["`) || id:*", "a`b\nc", "🤷", "-", "", "Ａ", "a", "A", "á", "a b", "a-b"])
def test_no_text_of_a_user_gets_into_a_filter(value: str) -> None:
    asked = condition("user", Not(Eq("city", value)))
    assert re.fullmatch("values:!=`city[0-9a-f]{24}`", str(asked))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Eq("category", "a"), f"values:=`{A}`"),
        (In("category", ("a", "b")), f"values:=[`{A}`,`{layout.value_key('category', 'b')}`]"),
        (In("category", ()), False),
        (Not(Eq("category", "a")), f"values:!=`{A}`"),
        (Not(In("category", ())), True),
        (In("price", (1, 2)), "price:=[1,2]"),
        (Range("price", gte=5, lt=9), "(price:>=5) && (price:<9)"),
        (Not(Range("price", gt=5)), "(price:<=5) || (absent:=`price`)"),
        (Eq("city", "Berlin"), False),
        (Not(Eq("city", "Berlin")), True),
        (And((Eq("city", "Berlin"), Eq("category", "a"))), False),
        (Or((Eq("city", "Berlin"), Eq("category", "a"))), f"values:=`{A}`"),
        (Not(And((Eq("category", "a"), Eq("price", 1)))), f"(values:!=`{A}`) || (price:!=1)"),
        (Not(Not(Eq("price", 1))), "price:=1"),
        (And(()), True),
        (Or(()), False),
    ],
)
def test_filters_of_products(node: Any, expected: str | bool) -> None:
    assert condition("product", node) == expected


def test_days_are_seconds() -> None:
    assert condition("user", Range("created_at", gt="1970-01-02")) == "created_at:>86400"


@pytest.mark.parametrize("key", ["7", "SKU-1", "a b/c:d`e,f~%ü", "", ":"])
def test_an_id_is_plain_and_says_what_it_stands_for(key: str) -> None:
    address = DocumentId("product", key, 12)
    coded = layout.document_key(address)
    assert layout.address_of(coded) == address
    assert set(coded) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:")


@pytest.mark.parametrize("key", ["x", "planet:1:0", "user:1:x", "user"])
def test_other_ids_stand_for_nothing(key: str) -> None:
    assert layout.address_of(key) is None


def test_a_document_is_what_its_readers_see() -> None:
    public = json.loads(layout.document(Index("user"), ROW))
    assert public == {
        "id": "user:7:0",
        "entity_id": "7",
        "passage": 0,
        "title": "A•••",
        "body": "Data  engineer",
        "url": "/u/7",
        "version": "v",
        "absent": [],
        "values": [layout.value_key("city", "Berlin")],
        "city": "Berlin",
        "created_at": 172_800,
        "embedding": [0.5, 0.25],
    }
    personal = json.loads(layout.document(Index("user", is_personal=True), ROW))
    assert personal["title"] == "Ada Lovelace"


def test_values_come_back_as_they_were() -> None:
    assert layout.given(FIELDS["product"]["price"], 5990) == "59.90"
    assert layout.given(FIELDS["user"]["created_at"], 172_800) == "1970-01-03"


def test_the_schema_takes_large_numbers_and_vectors() -> None:
    fields = {field["name"]: field for field in layout.schema(Index("product"), "x", 256)["fields"]}
    assert fields["price"]["type"] == "int64"
    assert (fields["embedding"]["type"], fields["embedding"]["num_dim"]) == ("float[]", 256)
    assert fields["category"]["facet"]
    assert not fields["price"]["facet"]


def test_filters_of_ids_are_short() -> None:
    filters = layout.id_filters([f"document:{number:064}:0" for number in range(100)])
    assert len(filters) > 1
    assert max(map(len, filters)) < 2100
    assert sum(each.count("document:") for each in filters) == 100


def test_readers_without_the_right_are_asked_about_public_collections_alone() -> None:
    for is_shown, expected in ((False, "user"), (True, "user_personal")):
        query = QueryBuilder().text("ada").personal(is_shown=is_shown).build()
        asked = question(query, None, "user")
        assert asked is not None
        assert asked.index.alias == expected


def test_ranks_are_fused_as_the_server_does() -> None:
    found = [
        Candidate("product", {"entity_id": "a"}, {}, 10, 0.1),
        Candidate("product", {"entity_id": "b"}, {}, 10, None),
        Candidate("product", {"entity_id": "c"}, {}, None, 0.2),
    ]
    assert [each.score for each in ranked(found, 0.5)] == [1.0, 0.5, 0.25]
    assert [each.candidate.matched for each in ranked(found, 0.5)] == ["both", "keyword", "meaning"]


def test_another_version_than_the_one_it_was_made_for_is_told() -> None:
    with running() as server:
        index = TypesenseIndex(client=TypesenseClient(url=server.url, key=KEY), dims=256)
        assert index.check() == f"Typesense 29.0 at {server.url}"
        server.state.version = "30.2"
        assert index.check().endswith("where version 29 is expected")


def test_a_browser_key_carries_its_rules() -> None:
    with running() as server:
        index = TypesenseIndex(client=TypesenseClient(url=server.url, key=KEY), dims=256)
        key = index.browser_key("secret", [Index("user")], 99)
        assert index.browser_key("secret", [Index("user")], 99) == key
        (parent,) = server.state.keys
        index.browser_key("secret", [Index("user"), Index("job")], 99)
        with pytest.raises(EngineRefused):
            _search(server.url, key, "user")
        assert len({each["value"] for each in server.state.keys}) == 2
    assert parent["actions"] == ["documents:search"]
    assert parent["collections"] == ["^user(_v[0-9]+_[0-9]+)?$"]
    plain = base64.b64decode(key).decode()
    assert plain[44:48] == parent["value"][:4]
    assert json.loads(plain[48:]) == {"exclude_fields": layout.LEFT_OUT, "expires_at": 99}
    assert parent["value"] not in plain


def _search(url: str, key: str, collection: str, **options: Any) -> Any:
    asked = {"collection": collection, "q": "*", **options}
    return TypesenseClient(url=url, key=key).ask("POST", "/multi_search", json={"searches": [asked]})


def test_a_browser_key_searches_what_it_names_and_gets_no_vectors() -> None:
    with running() as server:
        index = TypesenseIndex(client=TypesenseClient(url=server.url, key=KEY), dims=2)
        for each in (Index("user"), Index("user", is_personal=True)):
            name = index.name_for(each, "1")
            index.create(each, name)
            index.write(name, each, [ROW])
            index.point(each, name)
        key = index.browser_key("secret", [Index("user")], 1 << 40)
        (answer,) = _search(server.url, key, "user", exclude_fields="")["results"]
        assert answer["hits"][0]["document"]["title"] == "A•••"
        assert not {"embedding", "values"} & set(answer["hits"][0]["document"])
        for wrong in (key[:-4] + "AAA=", KEY[:-1]):
            with pytest.raises(EngineRefused):
                _search(server.url, wrong, "user")
        with pytest.raises(EngineRefused):
            _search(server.url, key, "user_personal")
        with pytest.raises(EngineRefused):
            TypesenseClient(url=server.url, key=key).ask("GET", "/collections")


def test_writing_again_replaces_and_no_number_is_made_of_a_text() -> None:
    with running() as server:
        index = TypesenseIndex(client=TypesenseClient(url=server.url, key=KEY), dims=2)
        index.create(Index("user"), "user_v1_1")
        for title in ("A•••", "B•••"):
            assert not index.write("user_v1_1", Index("user"), [ROW._replace(title=title)]).failures
        (held,) = server.state.collection("user_v1_1").documents.values()
        assert held["title"] == "B•••"
        wrong = [ROW._replace(passage="7"), ROW._replace(entity_id="8"), ROW._replace(embedding="[1]")]  # type: ignore[arg-type]
        failures = index.write("user_v1_1", Index("user"), wrong).failures
        assert set(failures) == {wrong[0].address, wrong[2].address}
        assert all(reason.startswith("400 ") for reason in failures.values())


def test_a_missing_field_is_no_missing_collection() -> None:
    """The server answers both with 404, the one in the middle of a search that is 200."""
    with running() as server:
        client = TypesenseClient(url=server.url, key=KEY)
        TypesenseIndex(client=client, dims=2).create(Index("job"), "job")
        searcher = TypesenseSearcher(client=client)
        query = QueryBuilder().entities(["job"]).text("x").mode("keyword")
        assert searcher.search(query.build(), None).count == 0
        fields = server.state.collection("job").schema["fields"]
        server.state.collection("job").schema["fields"] = [each for each in fields if each["name"] != "body"]
        with pytest.raises(EngineRejected, match="Could not find a field named `body`") as raised:
            searcher.search(query.build(), None)
        assert not isinstance(raised.value, CollectionMissing)
        with pytest.raises(CollectionMissing):
            searcher.search(QueryBuilder().entities(["user"]).text("x").build(), None)


def test_vectors_are_looked_up_as_far_as_pages_reach() -> None:
    """Of a pure vector query the server finds `k`, on later pages what is left of them."""
    with running() as server:
        client = TypesenseClient(url=server.url, key=KEY)
        index = TypesenseIndex(client=client, dims=2)
        index.create(Index("user"), "user")
        index.write("user", Index("user"), [ROW._replace(entity_id=f"{number}") for number in range(260)])
        query = QueryBuilder().entities(["user"]).text("x").mode("semantic")
        meaning = np.array([1, 0.5], dtype=np.float32)
        pages = [
            TypesenseSearcher(client=client).search(query.page(page, 90).build(), meaning)
            for page in (1, 2, 3, 4)
        ]
        assert [len(page.hits) for page in pages] == [90, 90, 20, 0]
        assert {page.count for page in pages} == {200}
        assert len({hit.entity_id for page in pages for hit in page.hits}) == 200


def test_more_comparisons_than_the_server_takes_are_refused_by_it() -> None:
    with running() as server:
        client = TypesenseClient(url=server.url, key=KEY)
        TypesenseIndex(client=client, dims=2).create(Index("product"), "product")
        query = QueryBuilder().entities(["product"]).mode("keyword")
        for count, refusal in ((50, nullcontext()), (51, pytest.raises(EngineRejected, match="too many"))):
            asked = query.where(And(tuple(Range("price", gte=at) for at in range(count)))).build()
            with refusal:
                TypesenseSearcher(client=client).search(asked, None)

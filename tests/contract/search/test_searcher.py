"""What every engine answers."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_project.kernel.errors import InvalidInput
from search.domain import FIELDS, Entry, Found, Fusion, Kind, Mode
from search.embedding import StaticEmbedder
from search.errors import NoSuchRecord
from search.models import Synonyms
from search.query import And, Eq, In, Not, Or, QueryBuilder, Range
from search.repositories import Meanings
from search.services import FindDocuments, FindSimilar

EMBEDDER = StaticEmbedder()


def product(sku: str, title: str, body: str, category: str, cents: int) -> Entry:
    return Entry(
        entity="product",
        entity_id=sku,
        title=title,
        body=body,
        meaning=f"{title}\n{body}",
        facets={"category": category, "currency": "EUR"},
        numbers={"price": cents},
        url=f"/products/{sku}",
    )


ENTRIES = [
    product("P1", "Red running shoe", "A light shoe for runners on the road.", "Shoes", 5990),
    product("P2", "Hiking boot", "Sturdy footwear with a red lining for the mountains.", "Shoes", 12900),
    product("P3", "Steel kettle", "Boils water within two minutes.", "Kitchen", 1900),
    product("P4", "Garden chair", "Folds flat; wood from oiled teak.", "Garden", 4900),
    product(
        "P5", "Tea <b>glass</b> & saucer", "Heat proof glass for hot drinks, hand blown.", "Kitchen", 900
    ),
    Entry(
        entity="user",
        entity_id="7",
        title="A••• (user 7)",
        body="Data engineer at Acme. Berlin, Germany",
        personal_title="Ada Lovelace",
        meaning="Data engineer at Acme. Berlin, Germany",
        facets={"city": "Berlin", "country": "DE"},
        dates={"created_at": "2024-03-01"},
    ),
    Entry(
        entity="user",
        entity_id="8",
        title="G••• (user 8)",
        body="Accountant at Acme. Paris, France",
        personal_title="Grace Hopper",
        meaning="Accountant at Acme. Paris, France",
        facets={"city": "Paris", "country": "FR"},
        dates={"created_at": "2024-05-01"},
    ),
    *(
        Entry(
            entity="document",
            entity_id="D1",
            passage=number,
            page=number + 1,
            title="Manual of the engine",
            body=body,
            meaning=body,
            facets={"format": "pdf"},
            numbers={"pages": 3},
        )
        for number, body in enumerate(
            [
                "Start the engine gently.",
                "Change the oil of the engine every year.",
                "Warranty ends after two years.",
            ]
        )
    ),
]

Find = Callable[..., Found]


@pytest.fixture
def find(subject: Any) -> Find:
    subject.index(ENTRIES, EMBEDDER.embed_documents([entry.meaning for entry in ENTRIES]))
    service = FindDocuments(searcher=subject.searcher, embedder=EMBEDDER)

    def answer(
        text: str = "", mode: str = "keyword", build: Callable[[QueryBuilder], QueryBuilder] | None = None
    ) -> Found:
        builder = QueryBuilder().text(text).mode(mode)
        return service((build(builder) if build else builder).build())

    return answer


def ids(found: Found) -> list[str]:
    return [hit.entity_id for hit in found.hits]


def test_all_words_come_before_some_words(find: Find) -> None:
    found = find("red road")
    assert ids(found) == ["P1", "P2"]
    assert found.count == 2


def test_words_are_found_in_other_forms(find: Find) -> None:
    assert ids(find("runner ")) == ["P1"]


def test_a_title_weighs_more_than_a_body(find: Find) -> None:
    assert ids(find("red "))[0] == "P1"


def test_the_last_word_may_be_unfinished(find: Find) -> None:
    assert ids(find("sturd")) == ["P2"]
    assert ids(find("kett")) == ["P3"]


@pytest.mark.parametrize(
    ("typo", "right", "first"),
    [
        ("sturdey", "sturdy", "P2"),
        ("kettel", "kettle", "P3"),
        ("sheo", "shoe", "P1"),
        ("mountians", "mountains", "P2"),
    ],
)
def test_an_unknown_word_is_corrected_and_told(
    find: Find, subject: Any, typo: str, right: str, first: str
) -> None:
    found = find(typo)
    assert found.corrections == ({typo: right} if subject.searcher.capabilities().corrections else {})
    assert ids(found)[0] == first


def test_a_known_word_is_never_corrected(find: Find) -> None:
    assert find("shoe ").corrections == {}


def test_a_word_between_quotation_marks_is_meant_as_it_is_written(find: Find) -> None:
    found = find('"kettel"')
    assert (list(found.hits), found.corrections) == ([], {})
    assert ids(find('"kettle"'))[0] == "P3"


def test_what_nobody_wrote_is_not_found_by_words(find: Find) -> None:
    found = find("qqqqzzzz")
    assert (found.count, list(found.hits), found.corrections) == (0, [], {})


def test_meaning_finds_what_words_do_not(find: Find) -> None:
    assert "P1" not in ids(find("footwear"))
    found = find("footwear for jogging", "semantic", lambda query: query.entities(["product"]))
    assert set(ids(found)[:2]) == {"P1", "P2"}
    assert {hit.matched for hit in found.hits} == {"meaning"}


def test_a_hybrid_hit_tells_what_matched(find: Find) -> None:
    found = find("footwear for the road", "hybrid")
    matched = {hit.entity_id: hit.matched for hit in found.hits}
    assert matched["P1"] == "both"
    assert matched["P2"] == "both"
    top = found.hits[0]
    assert top.explanation.from_keyword > 0 < top.explanation.from_meaning
    assert top.score == pytest.approx(top.explanation.from_keyword + top.explanation.from_meaning)


def test_ranks_are_fused_as_well_as_scores(find: Find, subject: Any) -> None:
    assert Fusion.RANK in subject.searcher.capabilities().fusions
    found = find("red shoe for jogging", "hybrid", lambda query: query.fusion("rank"))
    for part in ("keyword", "meaning"):
        shares = {
            getattr(hit.explanation, part): getattr(hit.explanation, f"from_{part}")
            for hit in found.hits
            if getattr(hit.explanation, part) is not None
        }
        falling = [shares[score] for score in sorted(shares, reverse=True)]
        assert falling[0] == pytest.approx(0.5), "the first place brings all of its half"
        assert falling == sorted(set(falling), reverse=True), "and each place after it less"


def test_phrases_must_and_excluded_words_must_not_occur(find: Find) -> None:
    assert ids(find('"running shoe"')) == ["P1"]
    assert ids(find('"shoe running"')) == []
    assert ids(find("red -boot")) == ["P1"]
    assert "P3" not in ids(find("-kettle"))


def test_a_document_is_one_hit_with_its_best_passage(find: Find) -> None:
    (hit,) = find("oil engine", "keyword", lambda query: query.entities(["document"])).hits
    assert (hit.entity_id, hit.passage, hit.page) == ("D1", 1, 2)


def test_no_words_list_what_passes_the_filter_in_a_stable_order(find: Find) -> None:
    everything = find()
    assert everything.count == 8
    assert ids(everything) == ids(find())
    assert {hit.matched for hit in everything.hits} == {"filter"}


def test_pages_hold_every_hit_once(find: Find) -> None:
    whole = ids(find("red glass engine data shoe", "hybrid"))
    paged = [
        key
        for page in range(1, 9)
        for key in ids(find("red glass engine data shoe", "hybrid", lambda q, p=page: q.page(p, 1)))
    ]
    assert paged == whole
    assert find("red", "hybrid", lambda query: query.page(9, 100)).hits == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Eq("category", "Kitchen"), {"P3", "P5"}),
        (In("category", ("Kitchen", "Garden")), {"P3", "P4", "P5"}),
        (Range("price", gte=1900, lt=5990), {"P3", "P4"}),
        (Not(Eq("category", "Shoes")), {"P3", "P4", "P5"}),
        (Not(Range("price", gt=1900)), {"P3", "P5"}),
        (And((Eq("category", "Shoes"), Range("price", lte=5990))), {"P1"}),
        (Or((Eq("category", "Garden"), Eq("price", 900))), {"P4", "P5"}),
        (And(()), {"P1", "P2", "P3", "P4", "P5"}),
        (Or(()), set()),
        (Eq("category", "x' OR '1'='1"), set()),
        (Eq("category", "`) || id:*"), set()),
    ],
)
@pytest.mark.parametrize("text", ["", "shoe kettle chair glass boot"])
def test_filters(find: Find, condition: Any, expected: set[str], text: str) -> None:
    for mode in Mode:
        found = find(text, mode, lambda query: query.entities(["product"]).where(condition))
        keyword_only = (
            set(ids(found)) if mode is Mode.KEYWORD or not text else expected & set(ids(found)) | expected
        )
        assert keyword_only == expected
        assert set(ids(found)) <= expected


def test_days_are_compared(find: Find) -> None:
    found = find(
        "", "keyword", lambda query: query.entities(["user"]).compares("created_at", "gt", "2024-03-01")
    )
    assert ids(found) == ["8"]


def test_facets_count_entities_that_matched(find: Find) -> None:
    found = find("red engine", "keyword", lambda query: query.all_facets())
    assert found.facets["entity"] == {"product": 2, "document": 1, "user": 1}
    assert found.facets["category"] == {"Shoes": 2}
    assert found.facets["city"] == {"Berlin": 1}


def test_sorting_by_a_field_puts_the_missing_last(find: Find) -> None:
    found = find("", "keyword", lambda query: query.sort(["-price"]))
    assert ids(found)[:5] == ["P2", "P1", "P4", "P3", "P5"]
    assert len(found.hits) == 8


def test_highlights_are_escaped(find: Find) -> None:
    (hit,) = find("saucer").hits
    assert hit.title_html == "Tea &lt;b&gt;glass&lt;/b&gt; &amp; <mark>saucer</mark>"
    assert hit.title == "Tea <b>glass</b> & saucer"
    body = find("blown").hits[0]
    assert "<mark>blown</mark>" in body.highlight
    assert "<mark>" not in body.snippet


def test_names_need_the_right(find: Find, subject: Any) -> None:
    def permitted(query: QueryBuilder) -> QueryBuilder:
        return query.personal(is_shown=True)

    assert ids(find("lovelace")) == ids(find("lovelac")) == ids(find('"ada lovelace"')) == []
    assert find("lovelase").corrections == {}
    (hit,) = find("lovelace", "keyword", permitted).hits
    assert (hit.entity_id, hit.title) == ("7", "Ada Lovelace")
    if subject.searcher.capabilities().corrections:
        assert find("lovelase", "keyword", permitted).corrections == {"lovelase": "lovelace"}
    assert ids(find("lovelase", "keyword", permitted)) == ["7"]
    assert ids(find("lovelase")) == []
    assert ids(find("lovelace berlin", "keyword", permitted)) == ["7"]
    assert all(hit.score > 0 for hit in find("g", "keyword", permitted).hits)
    assert find("acme berlin").hits[0].title == "A••• (user 7)"


TRICKY = [
    *(
        "Shoes",
        "shoes",
        "SHOES",
        "Shoes ",
        " Shoes",
        "Shoe",
        "Shoës",
        "Sho\u0065\u0308s",
        "Sh oes",
        "Sh-oes",
        "Ｓhoes",
    ),
    *(
        "`",
        "``",
        "`) || id:*",
        "a`b",
        "[a,b]",
        "a,b",
        "a && b",
        ":=x",
        "(",
        "*",
        "-",
        "!",
        "\\",
        "'",
        '"',
        "%",
        "_",
        "🤷",
    ),
    *(
        "\t",
        "\n",
        "a\nb",
        "\u202e",
        "\u00a0",
        "\u0301",
        "null",
        "true",
        "0",
        "1e5",
        "İ",
        "i",
        "ß",
        "ss",
        "x" * 5000,
    ),
]


@pytest.fixture
def tricky(subject: Any) -> Callable[[QueryBuilder], list[str]]:
    """Searches products with these categories, whose keys are their places."""
    entries = [product(f"{at}", "Thing", "Thing", text, 100) for at, text in enumerate(TRICKY)]
    subject.index(entries, EMBEDDER.embed_documents([entry.meaning for entry in entries]))
    service = FindDocuments(searcher=subject.searcher, embedder=EMBEDDER)
    return lambda builder: ids(service(builder.mode("keyword").page(1, 100).build()))


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.one_of(st.sampled_from(TRICKY), st.text(max_size=50)), st.booleans())
def test_a_value_of_a_filter_is_data_and_equals_itself_alone(
    tricky: Callable[[QueryBuilder], list[str]], text: str, is_negated: bool
) -> None:
    builder = QueryBuilder().entities(["product"])
    if "\x00" in text:
        with pytest.raises(InvalidInput):
            builder.equals("category", [text])
        return
    condition = Eq("category", builder.typed("category", text))
    found = tricky(builder.where(Not(condition) if is_negated else condition))
    expected = {f"{at}" for at, held in enumerate(TRICKY) if (held == text) != is_negated}
    assert set(found) == expected


VALUES: Mapping[Kind, tuple[Any, Any]] = {
    Kind.TEXT: ("Some text", "Other text"),
    Kind.NUMBER: (1250, 7),
    Kind.DATE: ("2024-03-01", "1969-12-31"),
}


def full(entity: str, key: str, which: int) -> Entry:
    """With a value in every field that the entity has."""
    by_kind = {
        kind: {name: VALUES[kind][which] for name, field in FIELDS[entity].items() if field.kind is kind}
        for kind in Kind
    }
    return Entry(
        entity=entity,
        entity_id=key,
        title=f"{entity} {key}",
        meaning=f"{entity} {key}",
        facets=by_kind[Kind.TEXT],
        numbers=by_kind[Kind.NUMBER],
        dates=by_kind[Kind.DATE],
    )


def test_every_field_of_every_entity_can_be_filtered_by(subject: Any) -> None:
    entries = [full(entity, key, which) for entity in FIELDS for which, key in enumerate(("one", "two"))]
    subject.index(entries, EMBEDDER.embed_documents([entry.meaning for entry in entries]))
    service = FindDocuments(searcher=subject.searcher, embedder=EMBEDDER)

    def found(entity: str, condition: Any) -> list[str]:
        return ids(service(QueryBuilder().entities([entity]).where(condition).mode("keyword").build()))

    for entity, fields in FIELDS.items():
        for name, field in fields.items():
            first, second = VALUES[field.kind]
            assert found(entity, Eq(name, first)) == ["one"], (entity, name)
            assert found(entity, Not(Eq(name, first))) == ["two"], (entity, name)
            assert found(entity, In(name, (first, second))) == ["one", "two"], (entity, name)
            if field.kind is not Kind.TEXT:
                assert found(entity, Range(name, gt=second)) == ["one"], (entity, name)
                assert found(entity, Range(name, lte=second)) == ["two"], (entity, name)


@pytest.fixture
def synonyms(db: None) -> None:
    groups = {
        "shoes": ["Sneaker", "running shoe", "trainers"],
        "kettles": ["brewing vessel", "Kettle"],
        "names": ["countess", "Lovelace"],
        "hostile": ["it's | (", "\\\\' & !", "-", "garden chair", "lawn seat"],
    }
    Synonyms.objects.bulk_create(Synonyms(name=name, words=words) for name, words in groups.items())


def test_what_means_the_same_is_found(synonyms: None, find: Find) -> None:
    assert ids(find("sneaker")) == ids(find("trainers")) == ["P1"]
    assert ids(find("brewing vessel"))[0] == "P3"
    assert ids(find("red sneaker road"))[0] == "P1"
    assert ids(find("lawn seat teak"))[0] == "P4"
    assert ids(find("running shoe"))[0] == "P1"
    assert find("sneaker").corrections == {}
    (hit,) = find("trainers").hits
    assert hit.matched == "keyword"
    assert "<mark>running</mark>" in hit.title_html


def test_a_part_of_a_synonym_means_nothing(synonyms: None, find: Find) -> None:
    assert "P3" not in ids(find("brewing"))
    assert "P4" not in ids(find("seat lawn"))


def test_what_means_the_same_as_a_name_needs_the_right_too(synonyms: None, find: Find) -> None:
    assert ids(find("countess")) == []
    assert ids(find("countess", "keyword", lambda query: query.personal(is_shown=True))) == ["7"]


@pytest.fixture
def like(subject: Any, find: Find) -> Callable[..., Found]:
    service = FindSimilar(searcher=subject.searcher, meanings=Meanings(StaticEmbedder.id))

    def answer(
        entity: str, key: str, limit: int = 10, build: Callable[[QueryBuilder], QueryBuilder] | None = None
    ) -> Found:
        builder = QueryBuilder().like(entity, key, limit)
        return service((build(builder) if build else builder).build())

    return answer


def test_the_likest_come_first_and_never_the_record_itself(like: Callable[..., Found]) -> None:
    found = like("products", "P1")
    assert ids(found)[0] == "P2"
    assert "P1" not in ids(found)
    assert {hit.entity for hit in found.hits} == {"product"}
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert found.hits[0].explanation.from_meaning > 0
    assert ids(like("product", "P1", limit=1)) == ["P2"]


def test_what_is_like_passes_the_filter(like: Callable[..., Found]) -> None:
    found = like("product", "P1", 10, lambda query: query.where(Not(Eq("category", "Shoes"))))
    assert not {"P1", "P2"} & set(ids(found))
    assert ids(like("product", "P3", 10, lambda query: query.equals("category", ["Kitchen"]))) in (["P5"], [])


def test_no_passage_of_the_record_is_like_it(like: Callable[..., Found]) -> None:
    assert ids(like("document", "D1")) == []


def test_who_is_like_is_masked_without_the_right(like: Callable[..., Found]) -> None:
    (hit,) = like("user", "7").hits
    assert (hit.entity_id, hit.title) == ("8", "G••• (user 8)")
    (hit,) = like("user", "7", 10, lambda query: query.personal(is_shown=True)).hits
    assert hit.title == "Grace Hopper"


@pytest.mark.parametrize(("entity", "key"), [("product", "P99"), ("product", "7"), ("planet", "P1")])
def test_nothing_is_like_what_there_is_not(like: Callable[..., Found], entity: str, key: str) -> None:
    with pytest.raises(NoSuchRecord):
        like(entity, key)


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "\\",
        "a & b | !c <-> (d):*",
        "%",
        "_",
        "\x00",
        "🤷",
        "-",
        "--",
        "the",
        "x" * 10_000,
        "word " * 3000,
    ],
)
def test_no_text_breaks_a_query(find: Find, text: str) -> None:
    for mode in Mode:
        found = find(text, mode)
        assert found.count >= len(found.hits)

"""What every engine answers."""

from collections.abc import Callable
from typing import Any

import pytest

from search.domain import Found, Fusion, Mode
from search.embedding import StaticEmbedder
from search.errors import NoSuchRecord
from search.models import Synonyms
from search.query import Eq, Not, QueryBuilder
from search.repositories import Meanings
from search.services import FindSimilar
from tests.contract.search.catalogue import Find, ids


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

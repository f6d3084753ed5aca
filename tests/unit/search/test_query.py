"""The query builder and the reading of query texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_project.kernel.errors import InvalidInput
from search.domain import ENTITIES, FIELDS, Mode
from search.engines.filters import condition
from search.engines.terms import parse, tsquery
from search.errors import UnknownField
from search.query import And, Eq, In, Not, QueryBuilder, Range, fields_of

BUILDER = QueryBuilder()


def test_steps_add_up() -> None:
    query = (
        BUILDER.entities(["products"])
        .text(" shoe ")
        .mode("keyword")
        .equals("category", ["Shoes", "Boots"])
        .compares("price", "gte", "10.50")
        .sort(["-price"])
        .page(2, 10)
        .build()
    )
    assert (query.text, query.mode, query.entities, query.offset) == ("shoe", Mode.KEYWORD, ("product",), 10)
    assert query.filter == And((In("category", ("Shoes", "Boots")), Range("price", gte=1050)))


@pytest.mark.parametrize("text", ["?!", "'", "((((&|!:*", " - ", "🙂"])
def test_signs_alone_ask_for_nothing(text: str) -> None:
    assert BUILDER.text(text).build() == BUILDER.text("").build()


@pytest.mark.parametrize("name", ["city", "salary", "price; DROP TABLE x", "facets->>'a'", ""])
def test_a_field_that_the_entities_lack_is_refused_everywhere(name: str) -> None:
    builder = BUILDER.entities(["product"])
    with pytest.raises(UnknownField):
        builder.equals(name, ["x"])
    with pytest.raises(UnknownField):
        builder.where(Not(And((Eq(name, "x"),))))
    with pytest.raises(UnknownField):
        builder.sort([name])
    with pytest.raises(UnknownField):
        builder.facets([name])


@pytest.mark.parametrize(
    "value", ["cheap", "NaN", "Infinity", "1e999", "1e999999", "10.505", "9" * 40, "", "1,5"]
)
def test_what_is_no_price_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput):
        BUILDER.equals("price", [value])


@pytest.mark.parametrize(("page", "size"), [(0, 10), (1, 0), (1, 251), (1001, 10)])
def test_pages_are_bounded(page: int, size: int) -> None:
    with pytest.raises(InvalidInput):
        BUILDER.page(page, size)


@given(st.text().filter(lambda text: "\x00" not in text))
def test_a_value_is_a_parameter_and_never_part_of_the_statement(value: str) -> None:
    params: list[object] = []
    tree = BUILDER.entities(["user"]).equals("city", [value, "Berlin"]).build().filter
    assert tree is not None
    assert condition(tree, params) == "facets @> %s OR facets @> %s"
    assert [param.obj for param in params] == [{"city": value}, {"city": "Berlin"}]  # type: ignore[attr-defined]


def test_a_name_means_the_same_in_every_entity() -> None:
    for name, known in fields_of(ENTITIES).items():
        assert all(FIELDS[entity].get(name, known) == known for entity in ENTITIES)


def test_texts_are_read_in_parts() -> None:
    asked = parse('Red "running shoe" -boot -"old stock" wat')
    assert asked.words == ("red", "running", "shoe", "wat")
    assert (asked.prefix, asked.phrases, asked.excluded) == ("wat", ("running shoe",), ("boot", "old stock"))


@pytest.mark.parametrize("text", ["shoe ", "shoe.", "", '"', "a -b"])
def test_no_word_is_unfinished_if_something_follows(text: str) -> None:
    assert parse(text).prefix is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(word.isalnum() for word in parse(text).words)


def test_a_lexeme_is_quoted() -> None:
    assert tsquery(["it's", "a\\b"]) == r"'it''s' | 'a\\b'"

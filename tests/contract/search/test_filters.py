"""What every engine leaves out by a filter: values are data, and every field can be named."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_project.kernel.errors import InvalidInput
from search.domain import FIELDS, Entry, Kind, Mode
from search.query import And, Eq, In, Not, Or, QueryBuilder, Range
from search.services import FindDocuments
from tests.contract.search.catalogue import EMBEDDER, Find, ids, product


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

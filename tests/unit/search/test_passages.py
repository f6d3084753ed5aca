"""Cutting texts into passages."""

from hypothesis import given
from hypothesis import strategies as st

from search.passages import OVERLAP_WORDS, PASSAGE_WORDS, cut

TEXTS = st.lists(st.integers(0, 400), max_size=6).map(
    lambda sizes: "\n\n".join(
        " ".join(f"p{part}w{word}" for word in range(size)) for part, size in enumerate(sizes)
    )
)


@given(TEXTS)
def test_every_word_is_kept_in_order(text: str) -> None:
    seen = dict.fromkeys(word for passage in cut([(1, text)]) for word in passage.text.split())
    assert list(seen) == text.split()


@given(TEXTS)
def test_passages_are_of_bounded_length_and_numbered(text: str) -> None:
    passages = list(cut([(1, text), (2, text)]))
    assert [passage.number for passage in passages] == list(range(len(passages)))
    assert all(len(passage.text.split()) <= PASSAGE_WORDS + OVERLAP_WORDS for passage in passages)


def test_neighbours_share_a_fifth() -> None:
    first, second, *_ = cut([(1, " ".join(f"w{number}" for number in range(400)))])
    assert first.text.split()[-OVERLAP_WORDS:] == second.text.split()[:OVERLAP_WORDS]


def test_a_passage_ends_with_a_paragraph_where_one_ends_near() -> None:
    text = "\n\n".join(" ".join([letter] * 80) for letter in "abc")
    first, second, third = cut([(None, text)])
    assert set(first.text.split()) == {"a"}
    assert set(second.text.split()) == {"a", "b"}
    assert set(third.text.split()) == {"b", "c"}


def test_pages_are_kept_apart_and_empty_ones_give_nothing() -> None:
    passages = list(cut([(1, "one"), (2, " \n\n "), (3, "three")]))
    assert [(passage.number, passage.page, passage.text) for passage in passages] == [
        (0, 1, "one"),
        (1, 3, "three"),
    ]


def test_a_text_without_blanks_is_cut_all_the_same() -> None:
    text = ",".join(f"item{number}" for number in range(100_000))
    passages = list(cut([(1, text)]))
    assert max(len(passage.text) for passage in passages) < 200 * 2 * PASSAGE_WORDS
    assert passages[0].text.startswith("item0,item1")
    assert passages[-1].text.endswith("item99999")

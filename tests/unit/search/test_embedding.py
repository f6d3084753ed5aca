"""The default embedder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.embedding import MAX_TOKENS, StaticEmbedder
from search.errors import NothingToEmbed, WeightsMissing

EMBEDDER = StaticEmbedder()
TEXTS = ["A short one", "Heat conduction in composite slabs, " * 20, "x", "日本語 and emoji 🤷"]


def naive(text: str) -> np.ndarray:
    """The mean of the token vectors of one text, by itself."""
    tokens = EMBEDDER._tokenizer.encode(text.strip(), add_special_tokens=False).ids
    mean = EMBEDDER._table[tokens].mean(axis=0)
    return mean / np.linalg.norm(mean)


def test_pooling_is_the_mean_of_each_text_by_itself() -> None:
    np.testing.assert_allclose(EMBEDDER.embed_documents(TEXTS), [naive(text) for text in TEXTS], atol=1e-5)


@given(st.lists(st.text(alphabet="abc xyz.", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_a_vector_depends_on_its_text_alone(texts: list[str]) -> None:
    together = EMBEDDER.embed_documents(texts)
    apart = np.stack([EMBEDDER.embed_documents([text])[0] for text in texts])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_shape_and_type() -> None:
    vectors = EMBEDDER.embed_documents(["one"] * 300)
    assert (vectors.shape, vectors.dtype) == ((300, EMBEDDER.dims), np.float32)
    assert EMBEDDER.embed_documents([]).shape == (0, EMBEDDER.dims)


def test_a_query_is_embedded_like_a_document() -> None:
    vector = EMBEDDER.embed_query(" shoes ")
    assert vector is not None
    np.testing.assert_array_equal(vector, EMBEDDER.embed_documents(["shoes"])[0])


def test_an_empty_text_is_refused_and_an_empty_query_has_no_meaning() -> None:
    assert EMBEDDER.embed_query(" \n") is None
    with pytest.raises(NothingToEmbed) as error:
        EMBEDDER.embed_documents(["full", "  "])
    assert error.value.context == {"position": 1}


def test_a_long_text_is_cut_to_the_stated_tokens() -> None:
    start = "word " * MAX_TOKENS
    np.testing.assert_allclose(
        EMBEDDER.embed_documents([start.strip() + " other" * 100_000]),
        EMBEDDER.embed_documents([start]),
        atol=1e-6,
    )


def test_missing_weights_are_told(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.embedding.find_spec", lambda _name: None)
    with pytest.raises(WeightsMissing):
        StaticEmbedder().embed_query("x")

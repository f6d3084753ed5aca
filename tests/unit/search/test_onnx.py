"""The embedder over a model in ONNX, with models that are made here."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from search.embedding import Embedder
from search.errors import EmbedderUnusable, NothingToEmbed
from search.onnx import OnnxEmbedder
from tests.onnx_models import WORDS, write_graph, write_model, write_tokenizer

DIMS = 384


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", DIMS)


def cosine(embedder: Embedder, one: str, other: str) -> float:
    left, right = embedder.embed_documents([one, other])
    return float(left @ right)


def test_the_dimension_is_that_of_the_model(folder: Path) -> None:
    vectors = OnnxEmbedder(folder).embed_documents(["boot", "red shoe", "kettle " * 700])
    assert (vectors.shape, vectors.dtype) == ((3, DIMS), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_near_meanings_have_near_vectors(folder: Path) -> None:
    embedder = OnnxEmbedder(folder)
    assert cosine(embedder, "boot", "shoe") > 0.9
    assert cosine(embedder, "boot", "kettle") < 0.3


def test_a_vector_does_not_depend_on_the_texts_beside_it(folder: Path) -> None:
    texts = ["boot", "red shoe kettle", "teapot red " * 200, "shoe"]
    embedder = OnnxEmbedder(folder)
    apart = np.stack([embedder.embed_documents([text])[0] for text in texts])
    np.testing.assert_allclose(embedder.embed_documents(texts), apart, atol=1e-5)


def test_a_query_is_embedded_like_a_document_and_an_empty_one_has_no_meaning(folder: Path) -> None:
    embedder = OnnxEmbedder(folder)
    vector = embedder.embed_query(" shoe ")
    assert vector is not None
    np.testing.assert_allclose(vector, embedder.embed_documents(["shoe"])[0], atol=1e-6)
    assert embedder.embed_query(" \n") is None
    assert embedder.embed_documents([]).shape == (0, DIMS)
    with pytest.raises(NothingToEmbed) as error:
        embedder.embed_documents(["boot", " "])
    assert error.value.context == {"position": 1}


def test_the_id_follows_the_contents_and_not_the_place(folder: Path, tmp_path: Path) -> None:
    same = write_model(tmp_path / "copy", DIMS)
    other = write_model(tmp_path / "other", DIMS, seed=1)
    assert OnnxEmbedder(folder).id == OnnxEmbedder(same).id != OnnxEmbedder(other).id


def test_a_model_in_the_folder_onnx_is_found(folder: Path) -> None:
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert OnnxEmbedder(folder).dims == DIMS


def test_the_limit_of_the_model_is_kept(folder: Path) -> None:
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 2}')
    embedder = OnnxEmbedder(folder)
    assert embedder.most_tokens == 2
    np.testing.assert_allclose(
        embedder.embed_documents(["red boot kettle"]), embedder.embed_documents(["red boot"]), atol=1e-6
    )


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(EmbedderUnusable, match=rf"has no {name}: EMBEDDER=onnx:<folder> takes"):
        OnnxEmbedder(folder)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model.onnx", "is no model that runs"),
        ("tokenizer.json", "is no tokenizer"),
        ("modules.json", "is no JSON"),
    ],
)
def test_a_broken_file_is_named(folder: Path, name: str, told: str) -> None:
    (folder / name).write_text("<html>404</html>")
    with pytest.raises(EmbedderUnusable, match=rf"{name} {told}"):
        OnnxEmbedder(folder)


def test_a_model_cut_off_in_the_middle_is_told(folder: Path) -> None:
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:2000])
    with pytest.raises(EmbedderUnusable, match="is no model that runs"):
        OnnxEmbedder(folder)


def test_a_tokenizer_of_another_model_is_told(folder: Path) -> None:
    write_tokenizer(folder, (*WORDS, "dimensions"))
    with pytest.raises(EmbedderUnusable, match="cannot embed"):
        OnnxEmbedder(folder)


def test_a_model_of_another_pooling_is_refused(folder: Path) -> None:
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    )
    with pytest.raises(EmbedderUnusable, match="mean pooling"):
        OnnxEmbedder(folder)


def test_a_model_with_a_further_layer_is_refused(folder: Path) -> None:
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    with pytest.raises(EmbedderUnusable, match="ends with Dense"):
        OnnxEmbedder(folder)


def test_a_model_that_wants_something_else_is_refused(folder: Path) -> None:
    write_graph(
        folder / "model.onnx",
        [helper.make_node("Cast", ["pixel_values"], ["last_hidden_state"], to=1)],
        {},
        inputs=("pixel_values",),
        outputs={"last_hidden_state": ["texts", "tokens"]},
    )
    with pytest.raises(EmbedderUnusable, match="wants pixel_values"):
        OnnxEmbedder(folder)


def test_a_model_of_too_many_dimensions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnusable, match="2001 dimensions; 2000 at most"):
        OnnxEmbedder(write_model(tmp_path, 2001))


def test_vectors_without_a_direction_are_refused(folder: Path) -> None:
    write_graph(
        folder / "model.onnx",
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        {"table": np.full((len(WORDS), 4), np.nan, dtype=np.float32)},
        outputs={"last_hidden_state": ["texts", "tokens", 4]},
    )
    with pytest.raises(EmbedderUnusable, match="without a direction"):
        OnnxEmbedder(folder)


def test_what_to_install_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.onnx.find_spec", lambda _name: None)
    with pytest.raises(EmbedderUnusable, match=r"pip install 'lakehouse\[onnx\]'"):
        OnnxEmbedder(folder)

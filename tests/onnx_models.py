"""Small models as sentence-transformers exports them: the embedding of a token is a row of a table."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

WORDS = ("[UNK]", "boot", "shoe", "kettle", "teapot", "red")


def write_model(folder: Path, dims: int, *, seed: int = 0, words: tuple[str, ...] = WORDS) -> Path:
    """A model with a vector for each of `words`; boot and shoe are near each other, and so are kettle and teapot."""
    table = np.random.default_rng(seed).normal(size=(len(words), dims)).astype(np.float32)
    for word, other in (("shoe", "boot"), ("teapot", "kettle")):
        table[words.index(word)] = table[words.index(other)] + 0.1 * table[words.index(word)]
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, words)
    write_graph(
        folder / "model.onnx",
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        {"table": table},
        outputs={"last_hidden_state": ["texts", "tokens", dims]},
    )
    (folder / "modules.json").write_text(
        json.dumps([{"type": f"sentence_transformers.models.{name}"} for name in ("Transformer", "Pooling")])
    )
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    return folder


def write_tokenizer(folder: Path, words: tuple[str, ...]) -> None:
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def write_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    *,
    outputs: dict[str, list[str | int]],
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
) -> None:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())

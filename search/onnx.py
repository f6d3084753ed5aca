"""Text to vectors with a sentence transformer that was exported to ONNX. Needs the package onnxruntime."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from search.embedding import MAX_TOKENS, Vectors
from search.errors import EmbedderUnusable, NothingToEmbed

MOST_DIMENSIONS = 2000
"""As long as a vector may be that pgvector indexes."""

_BATCH_TOKENS = 8192  # of a batch with its padding; bounds the memory of the model
_MOST_CHARACTERS_PER_TOKEN = 16
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_MODULES = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True)
class OnnxEmbedder:
    """The mean of a text's token embeddings, as the model in `folder` makes them, scaled to length 1.

    `folder` is what sentence-transformers exports: model.onnx, there or in onnx/, and tokenizer.json. Whatever is wrong
    with it raises EmbedderUnusable when it is made. A text counts up to `most_tokens`.
    """

    folder: Path

    def __post_init__(self) -> None:
        _require_runtime()
        _require_mean_pooling(self.folder)
        if not 0 < self.dims <= MOST_DIMENSIONS:
            raise EmbedderUnusable(
                f"The model in {self.folder} makes vectors of {self.dims} dimensions; "
                f"{MOST_DIMENSIONS} at most can be indexed."
            )

    @cached_property
    def id(self) -> str:
        """Names the model by its contents: another file is another embedder, wherever it lies."""
        digest = hashlib.sha256()
        for path in (self._model, *_beside(self._model), self._found("tokenizer.json")):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"onnx-{digest.hexdigest()[:16]}/mean"

    @cached_property
    def dims(self) -> int:
        """Asked of the model itself: what its file declares may be left open."""
        return int(self._embed([self._tokenizer.encode("dimensions")]).shape[1])

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenise(texts)
        vectors = np.empty((len(texts), self.dims), dtype=np.float32)
        for rows in _alike([len(encoding.ids) for encoding in encodings]):
            vectors[rows] = self._embed([encodings[row] for row in rows])
        return vectors

    def embed_query(self, text: str) -> Vectors | None:
        return self.embed_documents([text])[0] if text.strip() else None

    def _tokenise(self, texts: Sequence[str]) -> list[Encoding]:
        cut = [text.strip()[: _MOST_CHARACTERS_PER_TOKEN * self.most_tokens] for text in texts]
        empty = next((row for row, text in enumerate(cut) if not text), None)
        if empty is not None:
            raise NothingToEmbed("An empty text cannot be embedded.", position=empty)
        encodings: list[Encoding] = self._tokenizer.encode_batch_fast(cut)
        return encodings

    def _embed(self, encodings: Sequence[Encoding]) -> Vectors:
        """One batch, padded to its longest text."""
        ids, mask = _padded(encodings, "ids"), _padded(encodings, "attention_mask")
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found = self._run({name: known[name] for name in self._inputs})
        if found.ndim == 3:
            found = (found * mask[:, :, None]).sum(axis=1)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise EmbedderUnusable(f"The model in {self.folder} makes vectors without a direction.")
        unit: Vectors = found / lengths
        return unit

    def _run(self, inputs: dict[str, NDArray[np.int64]]) -> Vectors:
        """Token embeddings, or vectors of whole texts where the model makes nothing else."""
        try:
            outputs: list[NDArray[Any]] = self._session.run(None, inputs)
        except _failures() as error:
            raise EmbedderUnusable(f"{self._model} cannot embed: {_first_line(error)}") from error
        by_rank = {output.ndim: output for output in reversed(outputs)}
        if (found := by_rank.get(3, by_rank.get(2))) is None:
            raise EmbedderUnusable(f"{self._model} gives no embeddings of tokens or texts.")
        vectors: Vectors = found.astype(np.float32)
        return vectors

    @cached_property
    def most_tokens(self) -> int:
        """As the model was trained for, if the folder says so."""
        said = _json(self.folder / "sentence_bert_config.json").get("max_seq_length")
        return min(MAX_TOKENS, said) if isinstance(said, int) and said > 0 else MAX_TOKENS

    @cached_property
    def _inputs(self) -> list[str]:
        names = [each.name for each in self._session.get_inputs()]
        if unknown := sorted({*names} - {*_INPUTS}):
            raise EmbedderUnusable(f"{self._model} wants {', '.join(unknown)}, which a text does not have.")
        return names

    @cached_property
    def _session(self) -> Any:
        runtime = import_module("onnxruntime")
        try:
            return runtime.InferenceSession(str(self._model), providers=["CPUExecutionProvider"])
        except _failures() as error:
            raise EmbedderUnusable(f"{self._model} is no model that runs: {_first_line(error)}") from error

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        path = self._found("tokenizer.json")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more precise
            raise EmbedderUnusable(f"{path} is no tokenizer: {_first_line(error)}") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.most_tokens)
        return tokenizer

    @cached_property
    def _model(self) -> Path:
        return self._found("model.onnx", "onnx/model.onnx")

    def _found(self, *names: str) -> Path:
        for name in names:
            if (self.folder / name).is_file():
                return self.folder / name
        raise EmbedderUnusable(
            f"{self.folder} has no {names[0]}: EMBEDDER=onnx:<folder> takes a folder as sentence-transformers exports it."
        )


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Batches of positions, texts of like length together, so that little is padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if batch and lengths[batch[0]] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _padded(encodings: Sequence[Encoding], part: str) -> NDArray[np.int64]:
    """Texts x tokens; zeros, which the attention mask hides, fill the rows."""
    rows = [getattr(encoding, part) for encoding in encodings]
    padded = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded


def _require_runtime() -> None:
    if find_spec("onnxruntime") is None:
        raise EmbedderUnusable(
            "EMBEDDER=onnx:… needs the package onnxruntime: `pip install 'lakehouse[onnx]'`, "
            "in a clone `.venv/bin/uv pip install --python .venv/bin/python onnxruntime`."
        )


def _require_mean_pooling(folder: Path) -> None:
    """A model that was trained with another last step would give wrong vectors without an error."""
    pooling = _json(folder / "1_Pooling" / "config.json")
    if pooling and not pooling.get("pooling_mode_mean_tokens", pooling.get("pooling_mode") == "mean"):
        raise EmbedderUnusable(
            f"The model in {folder} is not one of mean pooling, which is what is done here."
        )
    steps = [str(step.get("type", "")).rpartition(".")[2] for step in _list(folder / "modules.json")]
    if others := [step for step in steps if step not in _MODULES]:
        raise EmbedderUnusable(
            f"The model in {folder} ends with {', '.join(others)}, which is not done here."
        )


def _json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is no such file."""
    found = _loaded(path)
    return found if isinstance(found, dict) else {}


def _list(path: Path) -> list[dict[str, Any]]:
    found = _loaded(path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _loaded(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise EmbedderUnusable(f"{path} is no JSON: {error}") from error


def _beside(model: Path) -> list[Path]:
    """Weights that are too large for the file of the model lie beside it."""
    return sorted(model.parent.glob("model.onnx_data*"))


def _failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its classes have no common base."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    raised = (each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception))
    return (*raised, RuntimeError, ValueError)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

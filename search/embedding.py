"""Text to vectors: the port, and the default embedder over static word-piece vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from search.errors import NothingToEmbed, WeightsMissing

Vectors: TypeAlias = NDArray[np.float32]

MAX_TOKENS = 512
"""Tokens of a text that count; about 380 English words. Passages are shorter."""

_MAX_CHARACTERS = 16 * MAX_TOKENS  # no token is longer, so that a huge text is cut before it is tokenised
_BATCH = 256  # texts tokenised at once


class Embedder(Protocol):
    """Turns texts into unit vectors; near meaning, near vector (cosine)."""

    @property
    def id(self) -> str:
        """Names model and pooling: vectors of different ids cannot be compared."""

    @property
    def dims(self) -> int: ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row of `dims` per text. Raises NothingToEmbed for a text without tokens."""

    def embed_query(self, text: str) -> Vectors | None:
        """The vector of a query, or None where nothing in it has a meaning."""


@dataclass(frozen=True)
class StaticEmbedder:
    """The mean of the static vectors of a text's tokens: no network, no padding, flat memory.

    Weights and tokenizer are read at the first use, from the files of the `wordllama` package.
    """

    folder: Path | None = None
    id: str = "wordllama-l2-supercat-256/mean"
    dims: int = 256

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        sums = np.empty((len(texts), self.dims), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            for row, tokens in enumerate(self._tokenise(texts[start : start + _BATCH]), start):
                if not tokens:
                    raise NothingToEmbed("An empty text cannot be embedded.", position=row)
                # text by text: six times faster than one reduceat over a batch, which leaves the cache
                sums[row] = self._table[tokens].sum(axis=0)
        return _normalised(sums)

    def embed_query(self, text: str) -> Vectors | None:
        return self.embed_documents([text])[0] if text.strip() else None

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        cut = [text.strip()[:_MAX_CHARACTERS] for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(cut, add_special_tokens=False)]

    @cached_property
    def _table(self) -> Vectors:
        """Token id to vector: 32,000 x 256, 32 MB."""
        weights = load_file(self._files / "weights" / "l2_supercat_256.safetensors")
        return weights["embedding.weight"].astype(np.float32)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self._files / "tokenizers" / "l2_supercat_tokenizer_config.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _files(self) -> Path:
        if self.folder is not None:
            return self.folder
        specification = find_spec("wordllama")
        if specification is None or specification.origin is None:
            raise WeightsMissing(
                "The package wordllama, which holds the embedding weights, is not installed."
            )
        return Path(specification.origin).parent


def _normalised(sums: Vectors) -> Vectors:
    """Scaled to length 1, which makes the division of the mean by its count unnecessary."""
    unit: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return unit

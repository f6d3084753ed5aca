"""Random numbers that are the same on every machine: integers of PCG64 only, no floating-point functions."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def stream(seed: int, name: str, block: int = 0) -> np.random.Generator:
    """An independent generator for one block of one data set: a new data set changes none of the others."""
    sequence = np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()), block))
    return np.random.Generator(np.random.PCG64(sequence))


def pick(rng: np.random.Generator, weights: Sequence[int] | IntArray, size: int) -> IntArray:
    """`size` indexes into `weights`, each drawn as often as its weight says."""
    ceilings = np.cumsum(np.asarray(weights, dtype=np.int64))
    chosen: IntArray = np.searchsorted(ceilings, rng.integers(0, ceilings[-1], size), side="right").astype(
        np.int64
    )
    return chosen


def zipf_weights(count: int, shift: int) -> IntArray:
    """Weights of the Zipf-Mandelbrot law: the first few of many get much of everything."""
    return 1_000_000_000 // np.arange(shift + 1, shift + count + 1, dtype=np.int64)


def bell(rng: np.random.Generator, low: int, high: int, size: int) -> IntArray:
    """Integers of [low, high], the middle more often than the ends (mean of three even draws)."""
    means: IntArray = rng.integers(low, high + 1, (3, size)).sum(axis=0) // 3
    return means


def chance(rng: np.random.Generator, per_mille: int, size: int) -> BoolArray:
    """True for about `per_mille` of 1,000 elements."""
    return rng.integers(0, 1000, size) < per_mille

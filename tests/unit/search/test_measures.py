"""Measures of a ranking, against figures worked out by hand."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.measures import mean, quality


def test_a_perfect_ranking_scores_one() -> None:
    found = quality(["a", "b", "x"], {"a": 2, "b": 1})
    assert (found.ndcg, found.recall, found.reciprocal_rank, found.unanswered) == (1, 1, 1, 0)


def test_gains_count_less_further_down() -> None:
    found = quality(["x", "b", "a"], {"a": 2, "b": 1, "c": 1})
    ideal = 2 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert found.ndcg == pytest.approx((1 / log2(3) + 2 / log2(4)) / ideal)
    assert found.recall == pytest.approx(2 / 3)
    assert found.reciprocal_rank == pytest.approx(1 / 2)


def test_nothing_found_is_told_apart_from_nothing_relevant() -> None:
    assert quality([], {"a": 1}).unanswered == 1
    assert quality(["x"], {"a": 1}).unanswered == 0
    assert quality(["x"], {"a": 1}).ndcg == 0


def test_only_ten_hits_count_for_the_gain_and_a_hundred_for_recall() -> None:
    late = [*map(str, range(10)), "a", *map(str, range(10, 200)), "b"]
    found = quality(late, {"a": 1, "b": 1})
    assert (found.ndcg, found.recall) == (0, 0.5)


def test_the_mean_is_over_queries() -> None:
    assert mean([quality(["a"], {"a": 1}), quality([], {"a": 1})]).ndcg == 0.5


@given(st.permutations("abcdef"), st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 3), min_size=1))
def test_figures_are_between_0_and_1(ranked: list[str], gains: dict[str, int]) -> None:
    found = quality(ranked, gains)
    assert all(-1e-9 <= figure <= 1 + 1e-9 for figure in vars(found).values())

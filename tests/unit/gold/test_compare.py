"""Rows that differ between two states."""

import polars as pl

from gold.marts.compare import difference


def test_difference_has_what_was_and_what_is() -> None:
    before = pl.DataFrame({"user": ["u1", "u2", "u3"], "bank": ["A", None, "A"]})
    after = pl.DataFrame({"bank": [None, "B", "C"], "user": ["u2", "u1", "u4"]})
    rows = difference(before, after).rows()
    assert sorted(rows) == [("u1", "A"), ("u1", "B"), ("u3", "A"), ("u4", "C")]

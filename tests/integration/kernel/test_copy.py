"""Texts reach PostgreSQL as they are, whatever characters they have."""

import polars as pl
import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse_project.kernel.copy import array_literal, copy_in, copy_out

pytestmark = pytest.mark.django_db

TEXTS = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x01"), max_size=20
)


@given(st.lists(TEXTS, max_size=5))
@example([])
@example(["NULL", "", " ", None, r"\N", '"', "{}", "a,b", "\\", "\t\r\n", r"\x41"])
def test_arrays(texts: list[str | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array_literal(pl.Series(texts, dtype=pl.String))])
        assert cursor.fetchone() == (texts,)


@given(st.lists(TEXTS, min_size=1, max_size=5))
@example(["NULL", "", " ", None, r"\N", '"', "{}", "a,b", "\\", "\t\r\n", r"\x41"])
def test_copied_and_read_again(texts: list[str | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.copied; CREATE TEMP TABLE copied (place bigint, found text)"
        )
    frame = pl.DataFrame({"place": range(len(texts)), "found": pl.Series(texts, dtype=pl.String)})
    assert copy_in("copied", frame) == len(texts)
    assert copy_out("SELECT found FROM copied ORDER BY place")["found"].to_list() == texts


def test_frames_without_texts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE numbers (n bigint) ON COMMIT DROP")
    assert copy_in("numbers", pl.DataFrame({"n": [1, None]})) == 2
    assert copy_out("SELECT count(n) AS n FROM numbers")["n"].to_list() == ["1"]

"""The JSON text that is made for rows of strings is the one that PostgreSQL makes, so that their hashes agree."""

import hashlib

import polars as pl
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bronze.canonical import canonical_json, content_hashes
from bronze.models import RawRecord
from tests.integration.bronze.intake import Intake, counts

pytestmark = pytest.mark.django_db

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
ODD = st.text(st.sampled_from(['"', "\\", "/", "\x01", "\x1f", "\x7f", *"\b\f\n\r\t", "é", "\u2028", "😀"]))
CELLS = st.none() | TEXTS | ODD
ROWS = st.dictionaries(TEXTS | ODD, CELLS, max_size=6)


@given(ROWS)
def test_it_is_what_postgresql_writes(row: dict[str, str | None]) -> None:
    frame = pl.DataFrame({name: [cell] for name, cell in row.items()}, schema=dict.fromkeys(row, pl.String))
    (text,) = canonical_json(frame if row else pl.DataFrame(height=1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [text])
        assert cursor.fetchone() == (text,)


def test_rows_with_and_without_odd_cells() -> None:
    frame = pl.DataFrame({"b": ["x", None, 'say "hi"'], "aa": ["1", "a\nb", "\\"]})
    assert canonical_json(frame).to_list() == [
        '{"b": "x", "aa": "1"}',
        r'{"b": null, "aa": "a\nb"}',
        r'{"b": "say \"hi\"", "aa": "\\"}',
    ]


def test_hashes_are_literals_of_bytes() -> None:
    (found,) = content_hashes(pl.Series(["{}"]))
    assert found == r"\x" + hashlib.sha256(b"{}").hexdigest()


def test_what_came_as_json_is_recognised_when_it_comes_as_csv(intake: Intake) -> None:
    odd = 'Say \\"hi\\"\\n\\t\\\\'
    intake.load("jobs.json", f'[{{"job": "{odd}", "id": "1"}}]')
    file = intake.load("jobs.csv", 'id,job\n1,"Say ""hi""\n\t\\"\n')
    assert counts(file) == {"read": 1, "unchanged": 1}
    assert RawRecord.objects.get().payload == {"id": "1", "job": 'Say "hi"\n\t\\'}

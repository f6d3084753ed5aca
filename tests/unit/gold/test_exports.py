"""CSV that is safe to open in a spreadsheet."""

import datetime as dt
from decimal import Decimal

import pytest

from gold.exports import csv_lines, neutral
from gold.registry import Column


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_cells_are_neutralised(text: str) -> None:
    assert neutral(text) == f"'{text}"


def test_numbers_keep_their_sign_and_decimals() -> None:
    columns = [Column("city", str), Column("total", float), Column("day", dt.date), Column("bank", str)]
    text = "".join(csv_lines(columns, [("a,b", Decimal("-5.00"), dt.date(2024, 5, 1), None)]))
    assert text == 'city,total,day,bank\n"a,b",-5.00,2024-05-01,\n'


def test_long_answers_come_in_blocks() -> None:
    blocks = list(csv_lines([Column("n", int)], ((number,) for number in range(2500))))
    assert len(blocks) == 3
    assert "".join(blocks).count("\n") == 2501

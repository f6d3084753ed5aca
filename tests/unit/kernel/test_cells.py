"""CSV that is safe to open in a spreadsheet, the same of frames and of Python values, and read as it was meant."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from lakehouse_project.kernel.cells import csv_lines, frame_lines, header_line

AT = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
ROWS: dict[str, list[Any]] = {
    "at": [AT, AT.replace(microsecond=5000), None],
    "is": [True, False, None],
    "day": [dt.date(2024, 5, 1), dt.date(1, 1, 1), None],
    "total": [Decimal("-5.00"), Decimal("0.10"), None],
    "share": [0.25, -1.0, None],
    "n": [-1, 2**40, None],
    "text": ['a,"b"\nc', "", None],
    "=1": ["=1+1", "'+1", None],
}
TEXT = """at,is,day,total,share,n,text,'=1
2021-01-01T00:00:00+00:00,True,2024-05-01,-5.00,0.25,-1,"a,""b""
c",'=1+1
2021-01-01T00:00:00.005000+00:00,False,0001-01-01,0.10,-1.0,1099511627776,"",''+1
,,,,,,,
"""


def written(frame: pl.DataFrame) -> str:
    return header_line(frame.columns) + frame_lines(frame)


def test_frames_and_python_values_are_written_alike() -> None:
    frame = pl.DataFrame(ROWS, schema_overrides={"total": pl.Decimal(38, 2)})
    assert written(frame) == TEXT
    assert "".join(csv_lines(list(ROWS), zip(*ROWS.values(), strict=True))) == TEXT


def test_readers_find_types_again(tmp_path: Any) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(TEXT)
    read = duckdb.sql(f"SET timezone = 'UTC'; SELECT * FROM read_csv('{path}')")
    kinds = [str(kind) for kind in read.types]
    assert kinds[:6] == ["TIMESTAMP WITH TIME ZONE", "BOOLEAN", "DATE", "DOUBLE", "DOUBLE", "BIGINT"]
    frame = pl.read_csv(io.StringIO(TEXT), try_parse_dates=True)
    assert frame["at"].to_list() == ROWS["at"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_cells_are_neutralised(text: str) -> None:
    assert written(pl.DataFrame({text: [text]})) == "".join(csv_lines([text], [[text]]))
    assert frame_lines(pl.DataFrame({"cell": [text]})).strip('"\n') == f"'{text}"


def test_texts_that_are_meant_to_be_numbers_keep_their_sign() -> None:
    assert frame_lines(pl.DataFrame({"n": ["-5", "-x"]}), numbers={"n"}) == "-5\n'-x\n"


def test_long_answers_come_in_blocks() -> None:
    blocks = list(csv_lines(["n"], ((number,) for number in range(2500))))
    assert len(blocks) == 4
    assert "".join(blocks).count("\n") == 2501

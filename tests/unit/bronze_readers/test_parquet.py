"""Parquet: every type as stable text, in slices."""

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from bronze.readers import LINE, FileFormat, ReadLimits, UnreadableFile, read_rows
from bronze.readers.parquet_rows import parquet_columns
from tests.unit.bronze_readers.parquet_bytes import parquet_file

PARQUET = FileFormat("parquet", aliases={"user_id": "user_id"})


def test_types_become_text(tmp_path: Path):
    frame = pl.DataFrame(
        {
            "User Id": ["a", None],
            "day": [dt.date(2021, 1, 2)] * 2,
            "moment": pl.Series([dt.datetime(2021, 1, 2, 3, 4, 5, tzinfo=dt.UTC)] * 2),
            "price": pl.Series([Decimal("1.10"), None], dtype=pl.Decimal(10, 2)),
            "flag": [True, False],
            "data": [b"\xff", b"ab"],
            "list": [[1, 2], None],
            "object": [{"x": 1.5, "y": ["q"]}, None],
            "nothing": pl.Series([None, None]),
            "empty": ["", "x"],
        }
    )
    frame.write_parquet(tmp_path / "file")
    (batch,) = read_rows(tmp_path / "file", PARQUET)
    assert set(batch.rows.drop(LINE).dtypes) == {pl.String}
    assert batch.rows.row(0) == (
        "a", "2021-01-02", "2021-01-02T03:04:05.000000+00:00", "1.10", "true", "ff", "[1,2]",
        '{"x":1.5,"y":["q"]}', None, "", 1,
    )  # fmt: skip
    assert batch.rows.row(1)[5:] == ("ab", None, None, None, "x", 2)
    assert batch.rows.columns[0] == "user_id"


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_every_compression_with_and_without_a_dictionary(tmp_path: Path, compression: str):
    """Few values make a dictionary, many make none."""
    frame = pl.DataFrame(
        {"few": ["a", None, "b"] * 400, "many": [f"value {n}" for n in range(1200)], "n": range(1200)}
    )
    frame.write_parquet(tmp_path / "file", compression=compression, row_group_size=500)
    read = pl.concat(batch.rows for batch in read_rows(tmp_path / "file", PARQUET)).drop(LINE)
    assert read.equals(frame.cast(pl.String))


def test_moments_as_int96(tmp_path: Path):
    """As Spark wrote them; those beyond 64 bits of nanoseconds, such as its last day of all, are not cut."""
    near = [dt.datetime(2024, 3, 31, 1, 2, 3, 456789, dt.UTC), dt.datetime(1815, 12, 10, tzinfo=dt.UTC)]
    far = [dt.datetime(9999, 12, 31, tzinfo=dt.UTC), dt.datetime(1, 1, 1, tzinfo=dt.UTC)]
    (tmp_path / "file").write_bytes(parquet_file({"id": [1, 2], "near": near, "far": far, "job": ["x", "é"]}))
    (batch,) = read_rows(tmp_path / "file", PARQUET)
    assert batch.rows["near"].to_list() == ["2024-03-31T01:02:03.456789000", "1815-12-10T00:00:00.000000000"]
    assert batch.rows["far"].to_list() == ["9999-12-31T00:00:00.000000", "0001-01-01T00:00:00.000000"]
    assert batch.rows["job"].to_list() == ["x", "é"]


def test_nanoseconds_keep_all_their_digits(tmp_path: Path):
    moments = pl.Series([0, 2**63 - 2, -(2**63) + 1]).cast(pl.Datetime("ns"))
    pl.DataFrame({"at": moments}).write_parquet(tmp_path / "file")
    (batch,) = read_rows(tmp_path / "file", PARQUET)
    assert batch.rows["at"][1] == "2262-04-11T23:47:16.854775806"


def test_nested_deeply_and_decimals_of_any_scale(tmp_path: Path):
    frame = pl.DataFrame(
        {
            "deep": [[{"a": [{"b": [1, None]}], "c": {"d": "é"}}], []],
            "wide": pl.Series([Decimal("-12345678901234567890.123456789"), None], dtype=pl.Decimal(38, 9)),
            "whole": pl.Series([Decimal(10**30), Decimal(0)], dtype=pl.Decimal(38, 0)),
        }
    )
    frame.write_parquet(tmp_path / "file")
    (batch,) = read_rows(tmp_path / "file", PARQUET)
    assert batch.rows.row(0)[:3] == (
        '[{"a":[{"b":[1,null]}],"c":{"d":"é"}}]',
        "-12345678901234567890.123456789",
        str(10**30),
    )
    assert batch.rows.row(1)[:3] == ("[]", None, "0")


def test_slices(tmp_path: Path):
    pl.DataFrame({"a": range(25)}).write_parquet(tmp_path / "file", row_group_size=7)
    batches = list(read_rows(tmp_path / "file", PARQUET, ReadLimits(parquet_rows=10)))
    assert [batch.rows.height for batch in batches] == [10, 10, 5]
    assert pl.concat(batch.rows for batch in batches)[LINE].to_list() == list(range(1, 26))
    assert sum(batch.bytes_read for batch in batches) == (tmp_path / "file").stat().st_size


def test_nul_characters_break_their_row(tmp_path: Path):
    pl.DataFrame({"a": ["x\x00", "y"]}).write_parquet(tmp_path / "file")
    (batch,) = read_rows(tmp_path / "file", PARQUET)
    assert batch.rows["a"].to_list() == ["y"]
    assert (batch.broken[0].line, batch.broken[0].rule) == (1, "nul_character")
    assert "\u2400" in batch.broken[0].raw


def test_a_damaged_file(tmp_path: Path):
    pl.DataFrame({"a": range(1000)}).write_parquet(tmp_path / "file")
    (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes()[:100] + b"PAR1")
    with pytest.raises(UnreadableFile, match="damaged"):
        list(read_rows(tmp_path / "file", PARQUET))


def test_a_file_with_one_bad_byte_anywhere(tmp_path: Path):
    """polars panics over some of them, which is no `Exception`."""
    path = tmp_path / "file"
    pl.DataFrame({"id": [1, 2], "job": ["a", "b"]}).write_parquet(path)
    whole = path.read_bytes()
    for position in range(0, len(whole), 2):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 255]) + whole[position + 1 :])
        with suppress(UnreadableFile):
            parquet_columns(path)
            list(read_rows(path, PARQUET))

"""CSV: every string as the file had it, every line number right, no good row lost."""

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze.readers import LINE, BrokenRow, FileFormat, ReadLimits, RowBatch, UnreadableFile, read_rows
from bronze.readers.csv_exact import Layout, parse_exact
from bronze.readers.csv_rows import FastParser

CSV = FileFormat("csv")
HEADERLESS = FileFormat("csv", has_header=False, columns=("a", "b", "c"))
SEGMENTS = [1, 7, 64, 2 * 1024 * 1024]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "file.csv"


def read(
    path: Path, data: bytes | str, fmt: FileFormat = CSV, **limits: int
) -> tuple[pl.DataFrame, list[BrokenRow]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    batches = list(read_rows(path, fmt, ReadLimits(**limits)))
    assert sum(batch.bytes_read for batch in batches) <= path.stat().st_size
    rows = [batch.rows for batch in batches if batch.rows.height]
    return pl.concat(rows) if rows else pl.DataFrame(), [row for batch in batches for row in batch.broken]


def rules(broken: list[BrokenRow]) -> list[tuple[int, str]]:
    return [(row.line, row.rule) for row in broken]


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_texts_stay_as_they_are(path, segment_bytes):
    rows, broken = read(path, 'a,b,c\n007,,""\n1.10, x ,NULL\n"a ""q""",é,"1,2"', segment_bytes=segment_bytes)
    assert rows.drop(LINE).rows() == [("007", "", ""), ("1.10", " x ", "NULL"), ('a "q"', "é", "1,2")]
    assert rows[LINE].to_list() == [2, 3, 4]
    assert broken == []


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_lines_count_line_breaks_in_cells_and_blank_lines(path, segment_bytes):
    data = 'a,b,c\r\n\r\n1,"x\r\ny",3\r\n\r\n4,5,6\r\n7,"\n\n",9\r\n\r\n10,11,12\r\n'
    rows, broken = read(path, data, segment_bytes=segment_bytes)
    assert rows[LINE].to_list() == [3, 6, 7, 11]
    assert rows["b"].to_list() == ["x\r\ny", "5", "\n\n", "11"]
    assert broken == []


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
@pytest.mark.parametrize("quoted", ["", '"'])
def test_ragged_rows_are_broken_and_the_others_kept(path, segment_bytes, quoted):
    data = f"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,{quoted}12{quoted}\n13,14,15,\n"
    rows, broken = read(path, data, segment_bytes=segment_bytes)
    assert rows["a"].to_list() == ["1", "10"]
    assert broken[0] == BrokenRow(3, "4,5", "column_count", "line 3 has 2 fields, expected 3")
    assert rules(broken) == [(3, "column_count"), (4, "column_count"), (6, "column_count")]


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_a_stray_quote_breaks_only_its_line(path, segment_bytes):
    rows, broken = read(path, 'a,b,c\n1,2,3\n4,"x,6\n7,8,9\n10,"ok",12\n', segment_bytes=segment_bytes)
    assert rows["a"].to_list() == ["1", "7", "10"]
    assert rules(broken) == [(3, "quote")]
    assert broken[0].raw == '4,"x,6'


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_a_quote_open_until_the_end_names_its_line(path, segment_bytes):
    rows, broken = read(path, 'a,b,c\n1,2,3\n4,"x,6\n7,8,9\n', segment_bytes=segment_bytes)
    assert rows["a"].to_list() == ["1", "7"]
    assert rules(broken) == [(3, "quote")]
    assert "line 3 opens a quote" in broken[0].message


def test_a_quote_open_for_longer_than_a_record_may_be(path):
    data = 'a,b,c\n1,"2,3\n' + "4,5,6\n" * 1000
    rows, broken = read(path, data, segment_bytes=64, record_bytes=500)
    assert rows.height == 1000
    assert rules(broken) == [(2, "quote")]


def test_quotes_in_the_middle_of_a_cell_are_text(path):
    rows, _ = read(path, 'a,b,c\n1,5" pipe,3\n4,x"y"z,6\n')
    assert rows["b"].to_list() == ['5" pipe', 'x"y"z']


@pytest.mark.parametrize("fmt", [CSV, HEADERLESS])
def test_a_repeated_header_is_broken(path, fmt):
    rows, broken = read(path, "a,b,c\nA, b,c\n1,2,3\na,b,c\na,x,y\n", fmt)
    assert rows["a"].to_list() == ["1", "a"]
    assert {rule for _, rule in rules(broken)} == {"repeated_header"}
    assert [row.line for row in broken][-2:] == [2, 4]


def test_nul_characters_break_their_row(path):
    rows, broken = read(path, b"a,b,c\n1,x\x00y,3\n4,5,6\n")
    assert rows["a"].to_list() == ["4"]
    assert broken == [BrokenRow(2, "1,x\u2400y,3", "nul_character", "line 2 has a NUL character")]


def test_bytes_that_are_not_utf8_break_their_row(path):
    rows, broken = read(path, "a,b,c\n1,é,3\n".encode() + b"4,\xe9,6\n7,8,9\n")
    assert rows["b"].to_list() == ["é", "8"]
    assert (broken[0].line, broken[0].rule, broken[0].raw) == (3, "encoding", "4,\\xe9,6")


def test_a_carriage_return_outside_quotes_breaks_its_row(path):
    rows, broken = read(path, 'a,b,c\n1,x\ry,3\n4,"x\ry",6\n')
    assert rows["b"].to_list() == ["x\ry"]
    assert rules(broken) == [(2, "line_end")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_encodings(path, encoding, segment_bytes):
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    data = "a,b,c\nKöln,“x”,3\n".encode(encoding)
    rows, _ = read(path, data, FileFormat("csv", encoding=codec), segment_bytes=segment_bytes)
    assert rows.rows() == [("Köln", "“x”", "3", 2)]
    assert rows.columns == ["a", "b", "c", LINE]


def test_bytes_beyond_the_encoding_fail_the_file(path):
    with pytest.raises(UnreadableFile, match="not valid cp1252"):
        read(path, b"a,b\n1,\x81\n", FileFormat("csv", encoding="cp1252"))


def test_carriage_return_as_line_end(path):
    rows, _ = read(path, "a,b,c\r1,2,3\r4,5,6", FileFormat("csv", newline="\r"))
    assert rows[LINE].to_list() == [2, 3]


def test_gzip(path):
    rows, _ = read(path, gzip.compress(b"a,b\n1,2\n"), FileFormat("csv", compression="gzip"))
    assert rows.rows() == [("1", "2", 2)]
    with pytest.raises(UnreadableFile, match="gzip"):
        read(path, gzip.compress(b"a,b\n1,2\n")[:-6], FileFormat("csv", compression="gzip"))


@pytest.mark.parametrize("data", ["", "a,b,c\n", "a,b,c", "\n\n"])
def test_no_rows(path, data):
    rows, broken = read(path, data)
    assert (rows.height, broken) == (0, [])


def test_one_huge_line_is_one_broken_row(path):
    data = b"a,b,c\n1,2,3\n" + b"x" * 100_000 + b"\n4,5,6\n"
    rows, broken = read(path, data, segment_bytes=1000, record_bytes=5000)
    assert rows[LINE].to_list() == [2, 4]
    assert rules(broken) == [(3, "record_too_long")]
    assert len(broken[0].raw) < 10_000


def test_ten_thousand_columns(path):
    names = ",".join(f"c{number}" for number in range(10_000))
    rows, _ = read(path, f"{names}\n{names.replace('c', '')}\n")
    assert rows.width == 10_001
    assert rows["c9999"].to_list() == ["9999"]


def test_header_names(path):
    fmt = FileFormat("csv", aliases={"name": "full_name", "full_name": "full_name", "id": "user_id"})
    rows, _ = read(path, "ID, Name ,,x,x,_line\n1,2,3,4,5,6\n", fmt)
    assert rows.columns == ["user_id", "full_name", "column_3", "x", "x_5", "_line_6", LINE]
    rows, _ = read(path, "name,full_name\n1,2\n", fmt)
    assert rows.columns == ["name", "full_name", LINE]


def test_memory_follows_the_segment(path):
    path.write_text("a,b\n" + "x,y\n" * 100_000)
    batches = list(read_rows(path, CSV, ReadLimits(segment_bytes=10_000)))
    assert max(batch.rows.height for batch in batches) < 3000
    assert sum(batch.bytes_read for batch in batches) == path.stat().st_size


CELLS = st.text(st.sampled_from("ab1,;\"'\n\r\t é€😀"), max_size=6)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=12)
)


@settings(max_examples=200)
@given(TABLES, st.integers(1, 80), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_csv_writer_writes_is_read_back(path, table, segment_bytes, line_end, is_all_quoted):
    buffer, starts, line = io.StringIO(), [], 1
    has_return = any(
        "\r" in cell for row in table for cell in row
    )  # csv.writer leaves it bare before Python 3.13
    quoting = csv.QUOTE_ALL if is_all_quoted or has_return else csv.QUOTE_MINIMAL
    writer = csv.writer(buffer, lineterminator=line_end, quoting=quoting)
    for row in table:
        starts.append(line)
        before = buffer.tell()
        writer.writerow(row)
        line += buffer.getvalue()[before:].count("\n")
    columns = tuple(f"c{position}" for position in range(len(table[0]) if table else 1))
    fmt = FileFormat("csv", has_header=False, columns=columns)
    rows, broken = read(path, buffer.getvalue(), fmt, segment_bytes=segment_bytes)
    assert broken == []
    assert [list(row) for row in rows.rows()] == [
        [*row, start] for row, start in zip(table, starts, strict=True)
    ]


PIECES = st.lists(
    st.sampled_from(
        ["a", "b", '"', '""', ",", "\n", "\r\n", "\r", '",', ',"', '"\n', '\n"', '"x\ny"', "é", "\x00"]
    ),
    max_size=16,
)


@settings(max_examples=500)
@given(PIECES, st.integers(1, 3))
def test_the_fast_parser_agrees_with_csv_reader_or_declines(pieces, width):
    body = "".join(pieces).encode()
    layout = Layout(tuple("abc"[:width]), tuple("abc"[:width]), ",", '"')
    fast, exact = FastParser(layout).parse(body, 1), parse_exact(body, 1, layout, record_bytes=0)
    if fast is not None:
        assert fast.rows.equals(exact.rows)
        assert (fast.broken, fast.used_bytes, fast.used_lines) == (
            exact.broken,
            exact.used_bytes,
            exact.used_lines,
        )


@settings(max_examples=200)
@given(PIECES, st.integers(1, 3), st.integers(1, 40))
def test_the_segment_size_changes_nothing(path, pieces, width, segment_bytes):
    fmt = FileFormat("csv", has_header=False, columns=tuple("xyz"[:width]))
    data = "a,b\n" + "".join(pieces)
    whole, broken = read(path, data, fmt)
    parts, broken_parts = read(path, data, fmt, segment_bytes=segment_bytes)
    assert whole.rows() == parts.rows()
    assert broken == broken_parts


def test_a_batch_says_what_it_has(path):
    path.write_text("a\n1\n")
    (batch,) = read_rows(path, CSV)
    assert isinstance(batch, RowBatch)
    assert batch.payloads is None
    assert batch.rows.schema == {"a": pl.String, LINE: pl.Int64}

"""What the sender says of a file is taken as said."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from bronze.admission import Admitted, Candidate, Overrides, admit
from bronze.admission.errors import InvalidOverride, MissingColumns, UnknownColumns
from bronze.readers import FileFormat, read_rows


class Door:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "upload"

    def admit(self, data: bytes | str, dataset: str | None = "jobs", **said) -> Admitted:
        self.path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return admit(Candidate(self.path, "upload", dataset, overrides=Overrides(**said)))

    def rows(self, data: bytes | str, dataset: str | None = "jobs", **said) -> list[dict]:
        """Read with the format as it is stored with the file: loading it once more gives the same."""
        stored = json.loads(json.dumps(self.admit(data, dataset, **said).format.to_dict()))
        batches = read_rows(self.path, FileFormat.from_dict(stored))
        return [row for batch in batches for row in batch.rows.drop("_line").iter_rows(named=True)]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_delimiter(door: Door) -> None:
    text = "id#job\n1#Clerk, senior\n2#Cook, junior\n"
    with pytest.raises(UnknownColumns):
        door.admit(text)
    assert door.rows(text, delimiter="#") == [
        {"id": "1", "job": "Clerk, senior"},
        {"id": "2", "job": "Cook, junior"},
    ]
    assert "delimiter #" in door.admit(text, delimiter="#").detected[0]


def test_encoding(door: Door) -> None:
    data = "id,job\n1,Łódź\n".encode("cp1250")
    assert door.rows(data)[0]["job"] != "Łódź"
    assert door.rows(data, encoding="cp1250") == [{"id": "1", "job": "Łódź"}]
    assert door.rows(gzip.compress(data), encoding="cp1250") == [{"id": "1", "job": "Łódź"}]
    assert "Windows-1250 (Central Europe) as asked" in door.admit(data, encoding="cp1250").detected[0]


def test_header(door: Door) -> None:
    text = "1,id\n2,Cook\n"
    assert door.rows(text, header=False) == [{"id": "1", "job": "id"}, {"id": "2", "job": "Cook"}]
    with pytest.raises(MissingColumns):
        door.admit(text, header=True)


def test_columns_of_a_header(door: Door) -> None:
    text = "Nummer,Beruf,note\n1,Koch,x\n"
    with pytest.raises(UnknownColumns):
        door.admit(text)
    columns = {"Nummer": "id", "Beruf": "job"}
    assert door.rows(text, columns=columns) == [{"id": "1", "job": "Koch", "note": "x"}]
    with pytest.raises(MissingColumns):
        door.admit(text, columns={"Nummer": "id"}, header=True)


def test_columns_without_a_header(door: Door) -> None:
    columns = {"column_2": "id", "column_1": "job"}
    assert door.rows("Cook,2,x\n", header=False, columns=columns) == [
        {"job": "Cook", "id": "2", "column_3": "x"}
    ]


def test_columns_of_json_and_parquet(door: Door) -> None:
    columns = {"Nummer": "id", "Beruf": "job"}
    record = {"Nummer": "1", "Beruf": "Koch"}
    for text in (json.dumps([record]), json.dumps(record) + "\n" + json.dumps(record)):
        assert door.rows(text, columns=columns)[0] == {"id": "1", "job": "Koch"}
    pl.DataFrame([record]).write_parquet(door.path)
    assert door.rows(door.path.read_bytes(), columns=columns) == [{"id": "1", "job": "Koch"}]


def test_record_path_of_the_file(door: Door) -> None:
    text = json.dumps({"old": [{"id": 1, "job": "Cook"}], "new": [{"id": 2, "job": "Clerk"}]})
    assert [row["id"] for row in door.rows(text)] == ["1"]
    assert [row["id"] for row in door.rows(text, record_path="new")] == ["2"]


def test_record_path_of_each_record(door: Door) -> None:
    records = [{"region": "north", "posts": [{"id": 1, "job": "Cook"}, {"id": 2, "job": "Clerk"}]}]
    for text in (json.dumps(records), json.dumps(records[0]) + "\n" + json.dumps(records[0])):
        rows = door.rows(text, record_path="posts")
        assert rows[:2] == [{"id": "1", "job": "Cook"}, {"id": "2", "job": "Clerk"}]
        batch = next(read_rows(door.path, door.admit(text, record_path="posts").format))
        assert json.loads(batch.payloads[0]) == {"region": "north", "id": 1, "job": "Cook"}
    with pytest.raises(InvalidOverride, match="There are posts, region"):
        door.admit(json.dumps(records), record_path="lines")


def test_record_path_into_objects_of_the_file(door: Door) -> None:
    text = '{"count": 2, "data": {"old": [], "items": [{"id": 1, "job": "A"},\n {"id": 2, "job": "B"}]}, "z": {}}'
    assert [row["id"] for row in door.rows(text, record_path="data.items")] == ["1", "2"]
    assert [row["id"] for row in door.rows(text.replace('"old"', '"a.b"'), record_path="data.items")] == [
        "1",
        "2",
    ]
    for wrong in ("items", "data.old", "data.items.id"):
        with pytest.raises(InvalidOverride, match=r"There are count, data, z\. A dot leads into an object"):
            door.admit(text, record_path=wrong)


def test_wrong_record_path_of_records_without_members(door: Door) -> None:
    with pytest.raises(InvalidOverride, match="no records that tell their members"):
        door.admit("[1, 2]", record_path="items")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("delimiter", "tab", "\t"),
        ("delimiter", "Semicolon", ";"),
        ("delimiter", "\t", "\t"),
        ("delimiter", "~", "~"),
        ("delimiter", "", None),
        ("encoding", "latin-1", "cp1252"),
        ("encoding", "UTF8", "utf-8"),
        ("encoding", "windows-1250", "cp1250"),
        ("header", "yes", True),
        ("header", "FALSE", False),
        ("header", None, None),
        ("record_path", "", None),
    ],
)
def test_overrides_of_texts(name: str, text: str | None, value: object) -> None:
    assert getattr(Overrides.of_texts(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("delimiter", ";;"),
        ("delimiter", "a"),
        ("delimiter", '"'),
        ("encoding", "utf-7"),
        ("encoding", "rot13"),
        ("encoding", "x\x00"),
        ("header", "perhaps"),
    ],
)
def test_overrides_that_cannot_be(name: str, text: str) -> None:
    with pytest.raises(InvalidOverride):
        Overrides.of_texts(**{name: text})


TITLED = 'Report "May\nby: Ada; Bob\n\nNr,Beruf,note\n1,Clerk,a\n2,Cook,b\n'


def test_a_header_below_titles(door: Door) -> None:
    said = {"header_line": 4, "columns": {"Nr": "id", "Beruf": "job"}}
    assert door.rows(TITLED, **said) == [
        {"id": "1", "job": "Clerk", "note": "a"},
        {"id": "2", "job": "Cook", "note": "b"},
    ]
    assert "header on line 4, what is above it left out" in door.admit(TITLED, **said).detected[0]


def test_the_lines_of_rows_below_a_header_that_was_named(door: Door) -> None:
    admitted = door.admit("sep=;\nTitle\nid;job\n1;Clerk\n", header_line=3)
    (batch,) = read_rows(door.path, admitted.format)
    assert batch.rows["_line"].to_list() == [4]


@pytest.mark.parametrize(
    ("line", "reason"),
    [(3, "Line 3 of upload is blank"), (7, "upload has no line 7"), (70, "upload has no line 70")],
)
def test_a_line_that_is_no_header(door: Door, line: int, reason: str) -> None:
    with pytest.raises(InvalidOverride, match=reason):
        door.admit(TITLED, header_line=line)


def test_columns_that_do_not_exist(door: Door) -> None:
    with pytest.raises(InvalidOverride, match="no field 'nick' for the column 'name'"):
        door.admit("id,job,name\n1,Clerk,Ada\n", columns={"name": "nick"})
    with pytest.raises(InvalidOverride, match="The file has no column 'Titel'"):
        door.admit("id,job\n1,Clerk\n", columns={"Titel": "job"})
    with pytest.raises(InvalidOverride, match="no field 'nick'"):
        door.admit('{"id": 1, "job": "x"}\n', columns={"name": "nick"})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"header_line": "0"}, "whole number from 1"),
        ({"header_line": "x"}, "whole number from 1"),
        ({"header_line": "2", "header": "no"}, "has none on any line"),
        ({"columns": ["job"]}, "write COLUMN=FIELD"),
        ({"columns": ["=job"]}, "write COLUMN=FIELD"),
    ],
)
def test_texts_that_say_nothing(said: dict, reason: str) -> None:
    with pytest.raises(InvalidOverride, match=reason):
        Overrides.of_texts(**said)


def test_a_column_with_the_sign_in_its_name() -> None:
    assert Overrides.of_texts(columns=["a=b=job", ""]).columns == {"a=b": "job"}
    assert Overrides.of_texts(header_line=" 4 ").header is True

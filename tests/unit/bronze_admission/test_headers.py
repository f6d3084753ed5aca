"""What stands above the header, repeated columns, and line ends of several systems."""

from pathlib import Path

import polars as pl
import pytest

from bronze.admission import Candidate, Overrides, admit
from bronze.contracts.described import DescribedField, Description, spec_of
from bronze.readers import read_rows
from lakehouse_project.kernel.errors import PermanentError

TABLE = "id,job\n1,Clerk\n2,Chief\n"


@pytest.fixture
def rows(tmp_path: Path):
    def rows(data: str | bytes, name: str = "jobs.csv") -> list[tuple]:
        """(line, id, job) of each row."""
        path = tmp_path / "upload"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        batches = read_rows(path, admit(Candidate(path, name)).format)
        return [row for batch in batches for row in batch.rows.select("_line", "id", "job").iter_rows()]

    return rows


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("Jobs, 2024\n", 3),
        ("Jobs of the company\n\nAs of,2024-01-01\n\n", 6),
        ('"A title\nof two lines"\n', 4),
        (",\n  \n\n", 5),
        ("# a comment\r\n", 3),
        ("sep=,\n", 3),
        ('"sep=,"\r\n', 3),
        ("sep=,,\nJobs,\n", 4),
    ],
)
def test_lines_above_the_header_are_left_out(rows, above, line):
    assert rows(above + TABLE) == [(line, "1", "Clerk"), (line + 1, "2", "Chief")]


def test_excel_names_the_separator(rows):
    assert rows("sep=;\r\nid;job\r\n1;a, b, c\r\n") == [(3, "1", "a, b, c")]
    assert rows("sep=;\r\n1;a, b, c\r\n") == [(2, "1", "a, b, c")]


def test_it_is_said(tmp_path):
    path = tmp_path / "upload"
    path.write_text("Jobs\n" + TABLE)
    assert "header on line 2, what is above it left out" in admit(Candidate(path, "jobs.csv")).detected[0]


def test_rows_of_a_file_without_a_header_are_none_of_its_titles(rows):
    assert rows("1,Clerk\n2,Chief\nid,job\n3,Cook\n") == [
        (1, "1", "Clerk"),
        (2, "2", "Chief"),
        (4, "3", "Cook"),
    ]


def test_a_text_that_shows_a_table_stays_a_text(tmp_path):
    path = tmp_path / "upload"
    path.write_text("Our format:\n\nid,job\n1,Clerk\n")
    assert admit(Candidate(path, "notes.md")).dataset == "documents"


@pytest.mark.parametrize("header", ["id,job,job", "id,Job,JOB", "id,title,title", "ID,id,job"])
def test_two_columns_for_one_field_are_refused(rows, header):
    with pytest.raises(PermanentError, match="More than one column stands for") as refused:
        rows(f"{header}\n1,Clerk,Chief\n")
    assert refused.value.code == "repeated_columns"


def test_columns_that_the_contract_does_not_know_may_repeat(tmp_path):
    path = tmp_path / "upload"
    path.write_text("id,job,note,note,note_4\n1,Clerk,a,b,c\n")
    (batch,) = read_rows(path, admit(Candidate(path, "jobs.csv")).format)
    assert batch.rows.drop("_line").to_dicts() == [
        {"id": "1", "job": "Clerk", "note": "a", "note_4": "b", "note_4_5": "c"}
    ]


def test_repeated_columns_of_parquet(rows, tmp_path):
    pl.DataFrame({"id": [1], "JOB": ["a"], "job": ["b"]}).write_parquet(tmp_path / "p")
    with pytest.raises(PermanentError, match="stands for job"):
        rows((tmp_path / "p").read_bytes(), "jobs.parquet")


def test_line_ends_of_several_systems(rows):
    assert rows("id,job\r\n1,A\r\n2,B\r3,C\n4,D\n") == [
        (2, "1", "A"),
        (3, "2", "B"),
        (3, "3", "C"),
        (4, "4", "D"),
    ]
    assert rows('id,job\r1,"A\nB"\r2,C\r') == [(2, "1", "A\nB"), (4, "2", "C")]


def test_files_put_one_behind_the_other(rows):
    whole = b"\xef\xbb\xbf" + TABLE.encode() + b"\xef\xbb\xbfid,job\n3,Cook\n\xef\xbb\xbf4,Smith\n"
    assert rows(whole)[2:] == [(5, "3", "Cook"), (6, "4", "Smith")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("jobs.json", "42"),
        ("jobs.json", "null"),
        ("x.ndjson", "oops"),
        ("x.parquet", "prose, and more of it"),
        ("x.csv", "prose, and more of it"),
    ],
)
def test_what_is_called_data_is_never_taken_for_a_text(rows, name, data):
    with pytest.raises(PermanentError):
        rows(data, name)


def test_a_parquet_bomb(rows, tmp_path):
    same = {name: pl.repeat(1, 20_000_000, eager=True) for name in ("id", "job")}
    pl.DataFrame(same).write_parquet(tmp_path / "p")
    with pytest.raises(PermanentError, match="more than 200 times its size") as refused:
        rows((tmp_path / "p").read_bytes(), "jobs.parquet")
    assert refused.value.code == "archive_bomb"


USERS = "user_id;full_name;email;phone;address;postal_code;city;country;created_at\n"
USER = "U1;Ada;a@b.org;1;Main Street 1;10115;Berlin;DE;2023-04-01T09:30:00Z\n"


@pytest.mark.parametrize("above", ["Users\n\n", "Users;;;;;;;;\n\n", "Users;;;;;;;;\nReport;Ada;;;;;;;\n"])
@pytest.mark.parametrize("asked", [None, True])
@pytest.mark.parametrize("name", ["users.csv", "export.csv"])
def test_a_title_with_the_delimiters_of_excel(tmp_path, above, asked, name):
    path = tmp_path / "upload"
    path.write_text(above + USERS + USER)
    admitted = admit(Candidate(path, name, overrides=Overrides(header=asked)))
    assert "header on line 3" in admitted.detected[0]
    (batch,) = read_rows(path, admitted.format)
    assert batch.rows.select("_line", "user_id", "city").row(0) == (4, "U1", "Berlin")


def test_a_header_below_a_title_lacks_what_is_required(rows):
    with pytest.raises(PermanentError, match="lacks job") as refused:
        rows("Jobs;\nid;id\n1;2\n")
    assert refused.value.code == "missing_columns"


def test_a_header_with_empty_cells_is_one(rows):
    assert rows("id;job;;;;;;\n1;Clerk;;;;;;\n") == [(2, "1", "Clerk")]


CUSTOMERS = "Kundenexport;;\nKundennr;Name;Ort;Umsatz\n1;A;X;1\n3;C;Z\n4;C;W;1;1\n"


@pytest.mark.parametrize("described", [("kundennr",), ("kundennr", "name", "ort", "umsatz")])
@pytest.mark.parametrize("above", ["", "Stand 2024\n\n"])
def test_titles_above_ragged_rows_of_a_described_data_set(tmp_path, described, above):
    path = tmp_path / "upload"
    path.write_text(above + CUSTOMERS)
    fields = tuple(DescribedField(name=name) for name in described)
    contract = spec_of("kunden", Description(title="Kunden", fields=fields, key_fields=described[:1]))
    admitted = admit(Candidate(path, "upload.csv", "kunden"), {"kunden": contract})
    assert admitted.format.header == ("Kundennr", "Name", "Ort", "Umsatz")
    (batch,) = read_rows(path, admitted.format)
    assert (batch.rows.height, len(batch.broken)) == (1, 2)


@pytest.mark.parametrize(
    "above", ["Kundenexport;;;\n", "Kundenexport;;\n", "Kundenexport;;;\nStand 2024;;;\n"]
)
def test_titles_of_a_data_set_without_described_fields(tmp_path, above):
    path = tmp_path / "upload"
    path.write_text(above + "Nr;Name;Ort;Umsatz\n" + "1;A;;1\n" * 9)
    contract = spec_of("kunden", Description(title="Kunden"))
    admitted = admit(Candidate(path, "kunden.csv"), {"kunden": contract})
    assert admitted.format.header == ("Nr", "Name", "Ort", "Umsatz")


def test_rows_above_the_header_that_is_said_to_be_there_are_not_lost(tmp_path):
    path = tmp_path / "upload"
    path.write_text("1,Clerk\n2,Chief\nid,job\n3,Cook\n")
    with pytest.raises(PermanentError, match="The header lacks id, job"):
        admit(Candidate(path, "jobs.csv", overrides=Overrides(header=True)))

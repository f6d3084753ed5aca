"""What a file is and where it belongs; and a clear sentence for every file that is not let in."""

import gzip
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from bronze.admission import AdmissionLimits, Admitted, Candidate, admit
from bronze.readers import FileFormat, UnreadableFile, read_rows
from lakehouse_project.kernel.errors import PermanentError

HIRING = Path(__file__).resolve().parents[4] / "shared/data/hiring"
HIRE = "1,Harold Vogt,2021-11-07T02:48:42Z,2,96\n"


@pytest.fixture
def send(tmp_path: Path):
    def send(name: str, data: bytes | str, dataset: str | None = None, **limits: int) -> Admitted:
        path = tmp_path / "upload"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return admit(Candidate(path, name, dataset, AdmissionLimits(**limits)))

    return send


@pytest.fixture
def rows(send, tmp_path: Path):
    def rows(name: str, data: bytes | str, dataset: str | None = None) -> list[dict]:
        admitted = send(name, data, dataset)
        batches = read_rows(tmp_path / "upload", admitted.format)
        return [row for batch in batches for row in batch.rows.drop("_line").iter_rows(named=True)]

    return rows


def refusal(code: str, *parts: str):
    class Refusal:
        def __enter__(self) -> None:
            self.raised = pytest.raises(PermanentError)
            self.info = self.raised.__enter__()

        def __exit__(self, *error) -> bool:
            done = self.raised.__exit__(*error)
            assert self.info.value.code == code
            for part in parts:
                assert part in str(self.info.value)
            return done

    return Refusal()


def test_facts_of_a_file(send):
    admitted = send("hired_employees.csv", HIRE)
    assert admitted.sha256 == hashlib.sha256(HIRE.encode()).hexdigest()
    assert (admitted.size, admitted.media_type, admitted.dataset) == (
        len(HIRE),
        "text/csv",
        "hired_employees",
    )
    assert admitted.detected == (
        "CSV, UTF-8, comma, no header: columns taken from the contract hired_employees",
        "data set hired_employees by the file name",
    )


@pytest.mark.skipif(not HIRING.exists(), reason="the hiring files are not part of the repository")
@pytest.mark.parametrize(("name", "count"), [("departments", 12), ("jobs", 183), ("hired_employees", 2002)])
def test_the_hiring_files(name, count):
    path = HIRING / f"{name}.csv"
    admitted = admit(Candidate(path, path.name))
    assert (admitted.dataset, admitted.format.has_header) == (name, False)
    batches = list(read_rows(path, admitted.format))
    assert sum(batch.rows.height for batch in batches) == count
    assert not any(batch.broken for batch in batches)


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("departments.csv", "departments"),
        ("Departments-2024-01.CSV", "departments"),
        ("seed_departments_001.csv", "departments"),
        ("departments2024.csv", "departments"),
        ("department.csv", "departments"),
        ("export.csv", "departments"),
        ("jobs.csv", "departments"),
    ],
)
def test_the_data_set_is_found_by_name_or_by_columns(send, name, dataset):
    assert send(name, "ID;Department\n1;Sales\n").dataset == dataset


def test_the_longest_name_wins(send):
    header = "user_id,bank_name,account_number,routing_code,account_type\n"
    assert send("user_bank_info_1.csv", header).dataset == "user_bank_info"


def test_the_option_wins(send):
    assert send("jobs.csv", "1,Sales\n", dataset="departments").dataset == "departments"
    assert send("jobs.csv", "1,Sales\n", dataset="documents").format.kind == "text"


@pytest.mark.parametrize(
    ("data", "delimiter", "quote"),
    [
        ("id;department\n1;a, b, c\n2;d, e, f\n", ";", '"'),
        ("id\tdepartment\n1\tx\n", "\t", '"'),
        ("id|department\n1|x\n", "|", '"'),
        ("1;1,5\n2;2,5\n3;3,5\n", ";", '"'),
        ("id,department\n1,'a, b'\n2,'c'\n", ",", "'"),
        ('id,department\n1,"a\nb;c;d"\n', ",", '"'),
    ],
)
def test_dialects(send, data, delimiter, quote):
    fmt = send("departments.csv", data).format
    assert (fmt.delimiter, fmt.quote) == (delimiter, quote)


def test_columns_may_come_in_any_order_under_any_alias_with_extras(rows):
    data = "Department Name,note,ID\nSales,x,1\n"
    assert rows("departments.csv", data) == [{"department": "Sales", "note": "x", "id": "1"}]


def test_a_dirty_first_row_is_no_header(rows):
    data = ",Harold Vogt,not a date,2,96\n" + HIRE * 3
    assert len(rows("hired_employees.csv", data)) == 4


def test_trailing_optional_columns_may_be_missing(send):
    row = "1,Ada,a@b.org,,Main Street 1,Berlin,10115,DE,2023-04-01T09:30:00Z\n"
    assert send("users.csv", row).format.columns[-1] == "created_at"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("id,department\n1,Köln\n".encode("utf-8-sig"), "utf-8"),
        ("id,department\n1,Köln\n".encode("utf-16"), "utf-16"),
        ("id,department\n1,Koln\n".encode("utf-16-be"), "utf-16-be"),
        ("id,department\n1,Köln\n".encode("cp1252"), "cp1252"),
        (("id,department\n" + "1,Отдел кадров и обучения\n" * 20).encode("cp1251"), "cp1251"),
    ],
)
def test_encodings(rows, send, data, encoding):
    assert send("departments.csv", data).format.encoding == encoding
    assert list(rows("departments.csv", data)[0].values())[1][0] in "KО"


def test_broken_bytes_in_utf8_stay_utf8(send, tmp_path):
    data = "id,department\n1,Köln\n2,Zürich\n".encode() + b"3,\xe4\n"
    admitted = send("departments.csv", data)
    assert admitted.format.encoding == "utf-8"
    assert "from line 4 on" in admitted.detected[0]
    (batch,) = read_rows(tmp_path / "upload", admitted.format)
    assert (batch.rows.height, batch.broken[0].rule) == (2, "encoding")


def test_undecodable_text(send):
    with refusal("undecodable_text", "byte 16 (line 2)", "Save it as UTF-8"):
        send("departments.csv", b"id,department\n1,\x81\x8d\x8f\n")


def test_carriage_return_as_line_end(rows):
    assert len(rows("departments.csv", "id,department\r1,A\r2,B\r")) == 2


def test_json_kinds(send, rows):
    record = {"id": 1, "department": "x"}
    assert send("a.json", json.dumps([record])).format.kind == "json"
    assert send("a.json", json.dumps(record, indent=1)).format.kind == "json"
    assert send("a.json", f"{json.dumps(record)}\n" * 2).format.kind == "ndjson"
    assert send("a.txt", '{"id":1,"department":"x"}\n{"id":\n').format.kind == "ndjson"
    assert send("a.json", json.dumps({"count": 1, "data": [record]})).format.array_key == "data"
    assert rows("a.json", json.dumps([{"ID": 17, "name": "x"}]), "departments") == [
        {"id": "17", "department": "x"}
    ]


ORDER = {
    "order_id": 1, "user_id": 2, "ordered_at": "2021-01-01", "status": "paid", "currency": "EUR",
    "lines": [{"line_number": n, "sku": "a", "quantity": 1, "unit_price": 2.5} for n in (1, 2)],
}  # fmt: skip


@pytest.mark.parametrize(
    "data", [[ORDER], ORDER, {"orders": [ORDER], "next": None}], ids=["array", "object", "wrapped"]
)
def test_nested_orders_become_order_lines(send, rows, data):
    assert send("export.json", json.dumps(data)).dataset == "order_lines"
    assert [row["line_number"] for row in rows("export.json", json.dumps(data))] == ["1", "2"]


def test_parquet(send, rows, tmp_path):
    pl.DataFrame({"Department": ["x"], "id": [1]}).write_parquet(tmp_path / "p")
    data = (tmp_path / "p").read_bytes()
    assert rows("a.bin", data) == [{"department": "x", "id": "1"}]
    with refusal("incomplete_file", "cut off"):
        send("a.parquet", data[:-10])
    with pytest.raises(UnreadableFile, match="damaged"):
        send("a.parquet", data[:50] + b"PAR1")
    with refusal("missing_columns", "lacks department"):
        pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "p")
        send("departments.parquet", (tmp_path / "p").read_bytes())


def test_documents(send):
    assert send("users.pdf", b"%PDF-1.7\n...").dataset == "documents"
    assert send("jobs report.txt", "Prose, with commas.\nMore of it.\n").dataset == "documents"
    assert send("README.md", "# Title\n\nText\n").media_type == "text/markdown"
    assert send("noname", "Just a sentence about users").format.kind == "text"
    with refusal("unsupported_file_type", "is a document without rows"):
        send("x.pdf", b"%PDF-1.7\n...", dataset="users")


def test_gzip(send, rows):
    data = gzip.compress(b"id,department\n1,x\n")
    assert send("departments.csv.gz", data).format.compression == "gzip"
    assert rows("departments.csv.gz", data) == [{"id": "1", "department": "x"}]
    with refusal("incomplete_file", "cut off"):
        send("departments.csv.gz", data[:-5])
    with refusal("unsupported_file_type", "packed more than once"):
        send("x.gz", gzip.compress(data))
    notes = send("notes.txt.gz", gzip.compress(b"Just a sentence"))
    assert (notes.dataset, notes.format.compression) == ("documents", "gzip")


def test_the_name_in_a_folder_wins_over_that_of_the_folder(send):
    assert send("jobs.zip/departments.csv", "1,Sales\n").dataset == "departments"
    assert send("export.zip/jobs/2024.csv", "1,Clerk\n").dataset == "jobs"


def test_gzip_bombs(send):
    bomb = gzip.compress(b"a,b\n" * 8_000_000)
    with refusal("archive_bomb", "more than 200 times"):
        send("departments.csv.gz", bomb)
    with refusal("file_too_large", "unpacks to more than 1.0 MB"):
        send("departments.csv.gz", bomb, max_expanded_bytes=1024 * 1024)


def test_files_that_are_none(tmp_path):
    for path, part in ((tmp_path / "nope", "There is no file"), (tmp_path, "is not a file")):
        with refusal("file_not_readable", part):
            admit(Candidate(path, "x.csv"))


def test_size_limit(send):
    with refusal("file_too_large", "the limit is 0.0 MB", "MAX_UPLOAD_MB"):
        send("departments.csv", "id,department\n", max_bytes=5)


@pytest.mark.parametrize("data", [b"", b" \n\n", b"\xef\xbb\xbf", "\n".encode("utf-16")])
def test_empty_files(send, data):
    with refusal("empty_file"):
        send("departments.csv", data)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"PK\x03\x04....", "unpack it first"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (bytes(range(256)) * 8, "binary file of an unknown type"),
        (b"\x00\x01\x02\x03" * 100, "binary file of an unknown type"),
    ],
)
def test_unsupported_types(send, data, part):
    with refusal("unsupported_file_type", part, "Supported are CSV, JSON, NDJSON"):
        send("departments.csv", data)


def test_unknown_data_sets(send):
    with refusal("unrecognised_dataset", "'x'", "departments, jobs"):
        send("departments.csv", "1,x\n", dataset="x")
    with refusal("unrecognised_dataset", "foo, bar", "Say which one it is", "departments"):
        send("export.csv", "foo,bar\n1,2\n")
    with refusal("unrecognised_dataset", "fit departments, jobs"):
        send("export.csv", "id,name\n1,x\n")
    with refusal("unrecognised_dataset", "Say which one it is"):
        send("export.json", '[{"foo": 1}]')


def test_wrong_columns(send):
    with refusal("unknown_columns", "Found: nr, abteilung", "Expected: id, department"):
        send("departments.csv", "nr,abteilung\n1,Sales\n")
    with refusal("missing_columns", "lacks department_id, job_id", "Found: id, name, datetime"):
        send("hired_employees.csv", "id,name,datetime\n1,x,2021-01-01\n")
    with refusal("unknown_columns", "and 9980 more"):
        send("departments.csv", ",".join(f"c{number}" for number in range(10_000)) + "\n")
    with refusal("unknown_columns"):
        send("departments.json", '[{"foo": 1}]')


@pytest.mark.parametrize(
    "data", ['[{"id":1,"department":"x"},', '[{"id":1,"department":"x"}', '{"id":1,"depa']
)
def test_half_written_json(send, data):
    with refusal("incomplete_file", "half-written JSON"):
        send("departments.json", data)


def test_hostile_but_readable(send):
    for data in ("id,department\n", "id,department\n1,a\x00b\n", 'id,department\n1,"open\n2,x\n'):
        assert send("departments.csv", data).format.has_header
    assert send("departments.csv", "id,department\n1," + "x" * 3_000_000).dataset == "departments"


def test_a_format_survives_json(send):
    fmt = send("departments.csv", "id,department\n1,x\n").format
    assert FileFormat.from_dict(json.loads(json.dumps(fmt.to_dict()))) == fmt


RECORDS = [f'{{"id": {n}, "job": "{n}"}}' for n in range(30_000)]


@pytest.mark.parametrize("count", [2, 3, 30_000])
@pytest.mark.parametrize("start", ['{"items": [', '{"count": 2, "items": [', '{"items": [\n'])
@pytest.mark.parametrize("between", [",\n ", "\n,\n"])
@pytest.mark.parametrize("name", ["jobs_x.json", "jobs.ndjson"])
def test_lines_of_one_json_value_are_json(rows, name, start, between, count):
    data = start + between.join(RECORDS[:count]) + "]}\n"
    assert len(rows(name, data)) == count


@pytest.mark.parametrize("name", ["jobs.json", "jobs.ndjson"])
@pytest.mark.parametrize("first", ["", '{"id": 1, "job":\n', '{"id": 1, "job": "A"} x\n'])
def test_lines_that_are_values_by_themselves_are_ndjson(send, name, first):
    assert send(name, first + "\n".join(RECORDS[:3])).format.kind == "ndjson"

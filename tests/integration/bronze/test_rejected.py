"""Rows in quarantine go out as a file, are repaired, and come back."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from bronze.admission import Overrides
from bronze.domain import ReceivedFile
from bronze.errors import FileNotReceived, NothingRejected
from bronze.models import RawRecord, SourceFile
from bronze.rejected import mark_of
from bronze.services import EditRecord, ExportRejected, LoadFile, PreviewFile, ReceiveFile, UndoFile
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts, records
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

HEADER = "user_id,full_name,email,city,postal_code,country,created_at\n"


def user(**fields: str) -> dict[str, Any]:
    return valid_row("users", user_id="1") | fields


def download(file: ReceivedFile) -> tuple[str, bytes]:
    made = resolve(ExportRejected)(file.id)
    return made.name, b"".join(made.content)


def come_back(intake: Intake, file: ReceivedFile, repair: Callable[[bytes], bytes]) -> ReceivedFile:
    name, content = download(file)
    return intake.load(name, repair(content))


def quarantined(dataset: str) -> list[str]:
    rows = RawRecord.objects.filter(dataset=dataset, status="quarantined")
    return list(rows.order_by("key").values_list("key", flat=True))


def swap(*pairs: tuple[str, str], encoding: str = "utf-8") -> Callable[[bytes], bytes]:
    def repair(content: bytes) -> bytes:
        text = content.decode(encoding)
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text.encode(encoding)

    return repair


def test_csv_in_the_format_of_the_file(intake: Intake) -> None:
    text = (
        "City;Postal Code;USER_ID;full_name;email;created_at;country;note\n"
        'Köln;50667;1;"Zoë; A.";zoe@example.org;2024-01-01;Germany;=1+1\n'
        "Köln;50667;2;Bob;bob@example.org;2024-01-01;DE;\n"
    )
    file = intake.load("users.csv", text.encode("cp1252"))
    name, content = download(file)
    assert name == "users-rejected.csv"
    first, row, *rest = csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";")
    assert first == [*text.split("\n", 1)[0].split(";"), "_record", "_reason"]
    assert row[:8] == ["Köln", "50667", "1", "Zoë; A.", "zoe@example.org", "2024-01-01", "Germany", "=1+1"]
    assert row[8:] == [
        mark_of("users", file.id, RawRecord.objects.get(key="1").pk),
        "country is not a country code of two letters (ISO 3166-1 alpha-2)",
    ]
    assert rest == []


def test_csv_comes_back(intake: Intake) -> None:
    text = "city;postal_code;user_id;full_name;email;created_at;country\nKöln;50667;1;Zoë;z@example.org;2024-01-01;Germany\n"
    file = intake.load("users.csv", text.encode("cp1252"))
    back = come_back(intake, file, swap((";Germany;", ";DE;"), encoding="cp1252"))
    assert counts(back) == {"read": 1, "updated": 1}
    assert quarantined("users") == []
    assert records("users")["1"] == {
        "city": "Köln",
        "postal_code": "50667",
        "user_id": "1",
        "full_name": "Zoë",
        "email": "z@example.org",
        "created_at": "2024-01-01",
        "country": "DE",
    }


def test_what_comes_back_as_it_went_changes_nothing(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,\n,Cook\n")
    before = quarantined("jobs")
    back = come_back(intake, file, lambda content: content)
    assert counts(back) == {"read": 2, "quarantined": 2}
    assert quarantined("jobs") == before
    assert len(before) == 2


def test_rows_without_a_key_and_rows_that_cannot_be_parsed_leave_the_quarantine(intake: Intake) -> None:
    file = intake.load("jobs.csv", 'id,job\n,Cook\n2,Clerk,x\nx3,Nurse\n4,Judge\n5,"open\n')
    assert len(quarantined("jobs")) == 4
    _, content = download(file)
    header, *rows = list(csv.reader(io.StringIO(content.decode())))
    assert [row[:2] for row in rows] == [["", "Cook"], ["2,Clerk,x", ""], ["x3", "Nurse"], ['5,"open', ""]]
    assert rows[1][3] == "line 3 has 3 fields, expected 2"
    for row, fixed in zip(rows, (["1", "Cook"], ["2", "Clerk"], ["3", "Nurse"], ["5", "Open"]), strict=True):
        row[:2] = fixed
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    back = intake.load("jobs-rejected.csv", out.getvalue())
    assert counts(back) == {"read": 4, "inserted": 4}
    assert quarantined("jobs") == []
    assert [record["job"] for record in records("jobs").values()] == [
        "Cook",
        "Clerk",
        "Nurse",
        "Judge",
        "Open",
    ]
    undone = resolve(UndoFile)(back.id)
    assert (undone.removed.count, undone.restored.count) == (4, 4)
    assert len(quarantined("jobs")) == 4


def test_a_mark_touches_nothing_but_the_quarantine_of_its_data_set(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,\n")
    intake.load("departments.csv", "id,department\n1,Sales\n")
    ids = {record.key: record.pk for record in RawRecord.objects.filter(dataset="jobs")}
    marks = [mark_of("jobs", file.id, ids[key]) for key in "12"]
    lines = "".join(f"{n},Legal,{mark}\n" for n, mark in zip((8, 9), marks, strict=True))
    other = intake.load("departments2.csv", f"id,department,_record\n{lines}", "departments")
    assert "2 rows had a _record that no download of this data set has made" in other.detected[-1]
    assert quarantined("jobs") == ["2"]
    back = intake.load("jobs2.csv", f"id,job,_record\n7,Cook,{marks[0]}\n8,Chef,\n9,Baker,nonsense\n", "jobs")
    assert sorted(records("jobs")) == ["1", "7", "8", "9"]
    assert records("jobs")["7"] == {"id": "7", "job": "Cook"}
    assert back.detected[-2:] == [
        "1 row named rows that are not in quarantine as they were downloaded any more, and replaced none",
        "1 row had a _record that no download of this data set has made, and replaced none",
    ]


@pytest.mark.parametrize(
    "forged", ["{record}", "r{record}-{file}-0000000000000000", "r{other}-{file}-{seal}"]
)
def test_a_forged_mark_replaces_nothing(intake: Intake, forged: str) -> None:
    file = intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n")
    first, second = RawRecord.objects.order_by("id").values_list("id", flat=True)
    seal = mark_of("jobs", file.id, first).rpartition("-")[2]
    mark = forged.format(record=second, other=second, file=file.id, seal=seal)
    back = intake.load("jobs-rejected.csv", f"id,job,_record,_reason\n7,Judge,{mark},\n")
    assert counts(back) == {"read": 1, "inserted": 1}
    assert len(quarantined("jobs")) == 2
    assert "1 row had a _record that no download of this data set has made" in back.detected[-1]


def test_a_row_that_another_file_has_brought_again_is_not_replaced(intake: Intake) -> None:
    """The download is old by then: what it says of the row may be wrong."""
    file = intake.load("jobs.csv", "id,job\nx7,Clerk\n,Cook\n")
    name, content = download(file)
    again = intake.load("again.csv", "id,job\nx7,Judge\n", "jobs")
    assert RawRecord.objects.get(source_file=again.id).revision == 2
    back = intake.load(name, content.replace(b"x7,", b"7,").replace(b"\n,", b"\n8,"))
    assert counts(back) == {"read": 2, "inserted": 2}
    assert [row.payload["job"] for row in RawRecord.objects.filter(status="quarantined")] == ["Judge"]
    assert back.detected[-2:] == [
        "1 row took the place of rows in quarantine",
        "1 row named rows that are not in quarantine as they were downloaded any more, and replaced none",
    ]


def test_a_row_that_others_refer_to_is_kept(intake: Intake) -> None:
    intake.rows("users", user())
    intake.rows("user_bank_info", valid_row("user_bank_info", user_id="1"))
    file = intake.rows("users", user(country="Germany"))
    name, content = download(file)
    row = json.loads(content) | {"user_id": "2", "country": "DE"}
    back = intake.load(name, json.dumps(row))
    assert counts(back) == {"read": 1, "inserted": 1}
    assert quarantined("users") == ["1"]
    assert back.detected[-1] == "1 row named rows that other records refer to, which were kept"


def test_one_mark_on_many_rows_replaces_one_row(intake: Intake) -> None:
    """As where a spreadsheet fills a column down."""
    file = intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n,Judge\n")
    _, content = download(file)
    mark = content.decode().splitlines()[1].split(",")[2]
    rows = "".join(f"{n},{job},{mark},\n" for n, job in enumerate(("Clerk", "Cook", "Judge"), 1))
    back = intake.load("jobs-rejected.csv", f"id,job,_record,_reason\n{rows}")
    assert counts(back) == {"read": 3, "inserted": 3}
    left = RawRecord.objects.filter(status="quarantined").values_list("payload__job", flat=True)
    assert sorted(left) == ["Cook", "Judge"]


def test_a_dry_run_of_returned_rows_shows_them_under_their_new_keys(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n,Clerk\n2,\n")
    name, content = download(file)
    path = intake.file(name, swap((",Clerk", "1,Clerk"), ("2,,", "2,Cook,"))(content))
    seen = resolve(PreviewFile)(path, name=name)
    told = {
        update.key: {each.field: (each.old, each.new) for each in update.changes} for update in seen.updates
    }
    assert told == {"1": {"id": ("", "1")}, "2": {"job": ("", "Cook")}}
    assert seen.detected[-1] == "1 row took the place of rows in quarantine"
    assert len(quarantined("jobs")) == 2


def test_a_file_without_a_header_gets_one(intake: Intake) -> None:
    file = intake.load(
        "hired_employees.csv", "1,Ada,2021-01-01T00:00:00Z,1,1\n2,Bob,2021-01-01T00:00:00Z,,1\n"
    )
    _, content = download(file)
    assert content.startswith(b"id,name,datetime,department_id,job_id,_record,_reason\n2,Bob,")
    assert counts(come_back(intake, file, swap((",,1,", ",3,1,")))) == {"read": 1, "updated": 1}
    assert quarantined("hired_employees") == []


def test_json_keeps_every_digit(intake: Intake) -> None:
    order = {
        "order_id": "A1",
        "user_id": "1",
        "ordered_at": "2024-01-01T00:00:00Z",
        "status": "paid",
        "currency": "EUR",
        "lines": [
            {"line_number": 1, "sku": "X", "quantity": "two", "unit_price": 12345678901234.50},
            {"line_number": 2, "sku": "Y", "quantity": 1, "unit_price": 2},
        ],
    }
    text = json.dumps([order]).replace("12345678901234.5", "12345678901234.50")
    file = intake.load("orders.json", text)
    name, content = download(file)
    assert name == "orders-rejected.json"
    (row,) = json.loads(content, parse_float=Decimal)
    assert str(row["unit_price"]) == "12345678901234.50"
    assert list(row)[:2] == ["order_id", "line_number"]
    assert list(row)[-2:] == ["_record", "_reason"]
    back = come_back(intake, file, swap(('"two"', "2")))
    assert counts(back) == {"read": 1, "updated": 1}
    assert quarantined("order_lines") == []
    assert "_reason" not in records("order_lines")["A1:1"]


def test_ndjson(intake: Intake) -> None:
    file = intake.load("jobs.ndjson", '{"id": 1}\n{"id": 2, "job": "Cook"}\n{"id": 3, "job": \n')
    _, content = download(file)
    missing, broken = [json.loads(line) for line in content.splitlines()]
    assert missing["_reason"] == "job is missing"
    assert broken["_raw"] == '{"id": 3, "job":'
    fixed = [missing | {"job": "Clerk"}, {"id": 3, "job": "Chef", "_record": broken["_record"]}]
    back = intake.load("jobs-rejected.ndjson", "".join(json.dumps(row) + "\n" for row in fixed))
    assert counts(back) == {"read": 2, "inserted": 1, "updated": 1}
    assert quarantined("jobs") == []


def test_parquet_comes_as_csv(intake: Intake) -> None:
    pl.DataFrame({"id": [1, 2], "job": ["Cook", None], "grade": [None, 7]}).write_parquet(
        intake.folder / "jobs.parquet"
    )
    file = intake.load("jobs.parquet", (intake.folder / "jobs.parquet").read_bytes())
    name, content = download(file)
    assert (name, content.decode().splitlines()[0]) == ("jobs-rejected.csv", "id,job,grade,_record,_reason")
    assert counts(come_back(intake, file, swap((",,7,", ",Chef,7,")))) == {"read": 1, "updated": 1}
    assert quarantined("jobs") == []


@pytest.mark.parametrize("encoding", ["utf-16", "cp1250", "cp932"])
def test_encodings_come_back_as_what_they_are(intake: Intake, encoding: str) -> None:
    word = "ソフト開発" if encoding == "cp932" else "Łódź"
    rows = "".join(f"{n},{word}\n" for n in range(1, 30))
    file = intake.load("jobs.csv", f"id,job\n{rows}x,{word}\n".encode(encoding))
    stored = SourceFile.objects.get()
    _, content = download(file)
    shown = "utf-16" if encoding == "utf-16" else "utf-8-sig"
    if stored.format["encoding"] == "cp1252":
        shown = "cp1252"  # so it was read
    back = intake.load("jobs-rejected.csv", swap(("x,", "99,"), encoding=shown)(content))
    assert counts(back) == {"read": 1, "inserted": 1}
    assert records("jobs")["99"]["job"] == records("jobs")["1"]["job"]
    assert quarantined("jobs") == []


def test_secrets_come_in_clear_and_go_back_sealed(intake: Intake) -> None:
    header = "user_id,bank_name,account_number,routing_code,account_type\n"
    file = intake.load("user_bank_info.csv", f"{header}1,Bank,1234567890,DEUTDEFF,\n2,Bank,99,DEUTDEFF\n")
    assert "1234567890" not in json.dumps(list(RawRecord.objects.values_list("payload", "raw_text")))
    _, content = download(file)
    assert b"1,Bank,1234567890,DEUTDEFF,," in content
    assert b'"2,Bank,99,DEUTDEFF",,,,,' in content
    come_back(intake, file, swap(("DEUTDEFF,,", "DEUTDEFF,checking,")))
    assert RawRecord.objects.get(key="1").status == "valid"
    assert "1234567890" not in json.dumps(list(RawRecord.objects.values_list("payload", flat=True)))


def test_only_what_is_in_quarantine_now(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,\n2,\n")
    resolve(EditRecord)(RawRecord.objects.get(key="1").pk, {"job": "Cook"})
    _, content = download(file)
    assert content.decode().splitlines()[1].startswith("2,,")
    resolve(EditRecord)(RawRecord.objects.get(key="2").pk, {"job": "Cook"})
    with pytest.raises(NothingRejected):
        download(file)
    note = intake.receive("note.txt", "A note.\n")
    with pytest.raises(NothingRejected):
        download(note)
    with pytest.raises(FileNotReceived):
        resolve(ExportRejected)(0)


def test_columns_that_were_named_by_hand_come_back_under_their_fields(intake: Intake) -> None:
    path = intake.file("liste.csv", "Nummer,Beruf,note\n1,,x\n")
    said = Overrides(columns={"Nummer": "id", "Beruf": "job"})
    received = resolve(ReceiveFile)(path, name="liste.csv", via="upload", dataset="jobs", overrides=said)
    resolve(LoadFile)(received.id)
    name, content = download(received)
    assert name == "jobs-liste-rejected.csv"
    assert content.startswith(b"id,job,note,_record,_reason\n")
    assert counts(come_back(intake, received, swap(("1,,x", "1,Koch,x")))) == {"read": 1, "updated": 1}

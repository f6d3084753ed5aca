"""Real files into raw records: receipts, repetition, corrections, quarantine and files that cannot be read."""

import gzip
import io
from pathlib import Path, PosixPath
from typing import IO

import orjson
import polars as pl
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from bronze.admission import admit
from bronze.encryption import PREFIX
from bronze.errors import FileChanged, OriginalMissing, StorageUnavailable, WorkerDied
from bronze.models import RawRecord, SourceFile
from bronze.readers import UnreadableFile
from bronze.repositories import MAX_ATTEMPTS, SourceFiles
from bronze.services import LoadFile, ReceiveFile
from bronze.services.receiving import storage_key
from bronze.tasks import load_file, load_received
from governance.models import Run
from lake.storage import LocalStorage
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts, everything, records
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

BROKEN = "[" + ",".join(f'{{"id": {n}, "job": "{"x" * 500}"}}' for n in range(6000)) + ', {"id"]'
"""JSON with a hole behind its first megabytes: admission looks at the beginning and the end alone."""


def test_files_without_a_header(intake: Intake) -> None:
    """The hiring files: incomplete hires are kept in quarantine with the field named."""
    hires = [
        "1,Ada,2021-07-27T16:02:08Z,2,1",
        "2,,2021-11-07T02 48 42Z,1,1",
        "3,Alan,,1,",
        "4,Al,2021-01-01T00:00:00Z,1,2",
    ]
    expected = {
        "departments": ("1,Sales\n2,Legal\n", {"read": 2, "inserted": 2}),
        "jobs": ("1,Clerk\n2,Cook\n", {"read": 2, "inserted": 2}),
        "hired_employees": ("\n".join(hires), {"read": 4, "inserted": 2, "quarantined": 2}),
    }
    for name, (content, receipt) in expected.items():
        file = intake.load(f"{name}.csv", content)
        assert (file.dataset, file.state, counts(file)) == (name, "loaded", receipt)
    incomplete = RawRecord.objects.filter(status="quarantined").order_by("line")
    assert [[(error["field"], error["rule"]) for error in record.errors] for record in incomplete] == [
        [("name", "required")],
        [("datetime", "required"), ("job_id", "required")],
    ]


def test_the_same_bytes_again_write_nothing(intake: Intake) -> None:
    first = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    before = RawRecord.objects.get()
    again = intake.receive("other name.csv", "id,job\n1,Clerk\n", "jobs")
    assert (again.id, again.repeated, again.receipt) == (first.id, True, first.receipt)
    assert resolve(LoadFile)(again.id) is None
    after = RawRecord.objects.get()
    assert (after.xid, after.revision) == (before.xid, before.revision)
    assert SourceFile.objects.get().attempts == 1


def test_the_same_bytes_may_be_two_data_sets(intake: Intake) -> None:
    content = "id,name\n1,Sales\n"
    assert counts(intake.load("a.csv", content, "jobs")) == {"read": 1, "inserted": 1}
    assert counts(intake.load("a.csv", content, "departments")) == {"read": 1, "inserted": 1}


@pytest.mark.django_db(transaction=True)
def test_a_corrected_file_updates_what_is_different_and_leaves_the_rest(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cok\n3,\n")
    before = {record.key: record for record in RawRecord.objects.all()}
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n3,Driver\n4,Pilot\n")
    assert counts(file) == {"read": 4, "inserted": 1, "updated": 2, "unchanged": 1}
    after = {record.key: record for record in RawRecord.objects.all()}
    assert (after["1"].revision, after["1"].xid) == (1, before["1"].xid)
    assert after["1"].source_file_id == before["1"].source_file_id
    assert after["2"].revision == 2
    assert after["2"].xid > before["2"].xid
    assert (after["2"].source_file_id, after["2"].line) == (file.id, 3)
    assert (after["3"].status, after["3"].errors) == ("valid", [])


def test_members_of_json_in_another_order_are_no_change(intake: Intake) -> None:
    intake.load("jobs.json", '[{"id": 1, "job": "Clerk"}]')
    assert counts(intake.load("jobs.json", '[{"job":"Clerk","id":1}]')) == {"read": 1, "unchanged": 1}


def test_of_rows_with_one_key_the_last_counts(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,first\n2,x\n01,second\n1.0,third\n")
    assert counts(file) == {"read": 4, "inserted": 2, "duplicate": 2}
    assert records("jobs")["1"]["job"] == "third"
    assert RawRecord.objects.get(key="1").line == 5


def test_also_across_segments(intake: Intake) -> None:
    """A file is read in pieces of 2 MB; these rows are 5 MB."""
    rows = [f"{number % 2500},{number},{'x' * 1000}\n" for number in range(5000)]
    file = intake.load("jobs.csv", "id,job,note\n" + "".join(rows))
    assert counts(file) == {"read": 5000, "inserted": 2500, "duplicate": 2500}
    assert {int(fields["job"].split()[0]) >= 2500 for fields in records("jobs").values()} == {True}


def test_bad_rows_are_kept_with_their_reasons(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\nx,Cook\n,Driver\n4,\n")
    assert counts(file) == {"read": 4, "inserted": 1, "quarantined": 3}
    bad = {record.line: record for record in RawRecord.objects.filter(status="quarantined")}
    assert [(bad[line].errors[0]["field"], bad[line].errors[0]["rule"]) for line in (3, 4, 5)] == [
        ("id", "integer"),
        ("id", "required"),
        ("job", "required"),
    ]
    assert bad[4].key.startswith("?")
    assert bad[4].payload["job"] == "Driver"
    again = intake.load("jobs.csv", "id,job\n1,Clerk\nx,Cook\n,Driver\n4,\n\n")
    assert counts(again) == {"read": 4, "unchanged": 1, "quarantined": 3}
    assert RawRecord.objects.count() == 4


def test_rows_that_cannot_be_parsed_are_kept_as_text(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook,surplus\n3,Driver\n")
    assert counts(file) == {"read": 3, "inserted": 2, "quarantined": 1}
    broken = RawRecord.objects.get(status="quarantined")
    assert (broken.raw_text, broken.line, broken.payload) == ("2,Cook,surplus", 3, {})
    assert "line 3" in broken.errors[0]["message"]


def test_a_broken_line_of_ndjson_costs_only_itself(intake: Intake) -> None:
    file = intake.load("jobs.ndjson", '{"id": 1, "job": "a"}\n{"id": 2, "jo\n{"id": 3, "job": "c"}\n')
    assert counts(file) == {"read": 3, "inserted": 2, "quarantined": 1}
    assert RawRecord.objects.get(status="quarantined").raw_text == '{"id": 2, "jo'


def test_half_written_json_leaves_nothing_behind(intake: Intake) -> None:
    with pytest.raises(PermanentError, match="half-written JSON"):
        intake.receive("jobs.json", BROKEN.removesuffix("]"))
    received = intake.receive("jobs.json", BROKEN)
    with pytest.raises(UnreadableFile):
        resolve(LoadFile)(received.id)
    failed = resolve(SourceFiles).get(received.id)
    assert (failed.state, counts(failed)) == ("failed", {})
    assert failed.error
    assert not RawRecord.objects.exists()


def test_a_file_that_failed_may_be_sent_again(intake: Intake) -> None:
    received = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    resolve(SourceFiles).fail(received.id, "disk on fire")
    again = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    assert (again.id != received.id, again.state) == (True, "loaded")
    resolve(SourceFiles).fail(again.id, "too late")
    assert resolve(SourceFiles).get(again.id).state == "loaded"


def test_every_format_gives_the_same_records(intake: Intake) -> None:
    rows = [{"id": number, "job": f"Job {number}"} for number in range(1, 4)]
    frame = pl.DataFrame(rows)
    frame.write_parquet(intake.folder / "p.parquet")
    frame.cast({"id": pl.Float64}).write_parquet(intake.folder / "float.parquet")
    contents = {
        "jobs.csv": frame.write_csv().encode(),
        "jobs.json": orjson.dumps(rows),
        "jobs.ndjson": b"\n".join(map(orjson.dumps, rows)),
        "jobs.csv.gz": gzip.compress(frame.write_csv(separator=";").encode()),
        "jobs utf16.csv": frame.write_csv().encode("utf-16"),
        "jobs.parquet": (intake.folder / "p.parquet").read_bytes(),
        "jobs float.parquet": (intake.folder / "float.parquet").read_bytes(),
    }
    for name, content in contents.items():
        file = intake.load(name, content, "jobs")
        assert file.receipt.read == 3, name
        assert file.receipt.quarantined == 0, name
        assert sorted(records("jobs")) == ["1", "2", "3"], name
        assert records("jobs")["2"]["job"] == "Job 2"


def test_secrets_are_encrypted_in_the_table(intake: Intake) -> None:
    number = "DE89370400440532013000"
    row = valid_row("user_bank_info", account_number=number)
    broken = '{"user_id": "2", "account_number": "DE8937'
    intake.load("bank_info.ndjson", orjson.dumps(row | {"user_id": "1"}).decode() + "\n" + broken + "\n")
    intake.load("bank_info.csv", ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
    stored = list(RawRecord.objects.values_list("payload", "raw_text", "errors"))
    assert len(stored) == 3
    assert "DE8937" not in str(stored)
    assert RawRecord.objects.get(key="1").payload["account_number"].startswith(PREFIX)
    assert RawRecord.objects.get(key="1001").payload["account_number"].startswith(PREFIX)
    again = intake.load("bank_info.json", orjson.dumps([row | {"user_id": "1"}]))
    assert counts(again) == {"read": 1, "unchanged": 1}


def test_a_receipt_that_does_not_balance_is_refused_by_the_database(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    with pytest.raises(IntegrityError, match="receipt_balances"), transaction.atomic():
        SourceFile.objects.filter(pk=file.id).update(rows_read=2)


def test_a_deleted_record_comes_back_only_with_another_content(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    RawRecord.objects.update(status="deleted")
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,Chef\n")
    assert counts(file) == {"read": 2, "updated": 1, "unchanged": 1}
    assert list(records("jobs")) == ["2"]


def test_odd_cells_survive(intake: Intake) -> None:
    odd = ["\\N", "NULL", '"quoted"', "a\nb", "\u202eevil", "=1+1", "\\", "ü 漢 😀", " padded "]
    cells = "".join(f'{number},"{text.replace(chr(34), chr(34) * 2)}"\n' for number, text in enumerate(odd))
    assert counts(intake.load("jobs.csv", "id,job\n" + cells)) == {"read": 9, "inserted": 9}
    assert [fields["job"] for fields in records("jobs").values()] == odd


def test_names_that_no_database_could_store(intake: Intake) -> None:
    path = intake.file("plain.csv", "id,job\n1,Clerk\n")
    for name in ("nul\x00.csv", "half\udce4.csv"):
        resolve(ReceiveFile)(path, name=name, via="command", dataset="jobs")
    assert "\x00" not in SourceFile.objects.get().name


def test_a_file_that_kills_its_workers_is_given_up(intake: Intake) -> None:
    received = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    for _ in range(MAX_ATTEMPTS):
        resolve(SourceFiles).begin(received.id)  # and the worker dies
    with pytest.raises(WorkerDied):
        resolve(LoadFile)(received.id)
    assert resolve(SourceFiles).get(received.id).state == "failed"
    assert resolve(LoadFile)(received.id) is None


def test_bytes_that_the_storage_has_lost(intake: Intake) -> None:
    received = intake.receive("jobs.csv", "id,job\n77,Lost\n")
    LocalStorage(root=settings.LAKEHOUSE_HOME / "storage").delete(storage_key(received.sha256))
    with pytest.raises(OriginalMissing, match="Send it again"):
        resolve(LoadFile)(received.id)
    assert resolve(SourceFiles).get(received.id).state == "failed"
    assert intake.load("jobs.csv", "id,job\n77,Lost\n").state == "loaded"


def test_a_storage_that_cannot_be_written(intake: Intake, tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file where the folder should be")
    receive = resolve(ReceiveFile)
    blocked = ReceiveFile(
        files=receive.files,
        storage=LocalStorage(root=tmp_path / "storage"),
        events=receive.events,
        limits=receive.limits,
    )
    with pytest.raises(StorageUnavailable, match=r"jobs.csv cannot be stored: .*Nothing of it was kept"):
        blocked(intake.file("jobs.csv", "id,job\n1,x\n"), name="jobs.csv", via="command")
    assert not SourceFile.objects.exists()


def test_a_file_that_grows_while_it_is_read(intake: Intake) -> None:
    receive = resolve(ReceiveFile)
    path = intake.file("jobs.csv", "id,job\n1,Growing\n")
    candidate = receive.candidate(path, name="jobs.csv", dataset=None)
    admitted = admit(candidate)
    path.write_text("id,job\n1,Growing\n2,More\n")
    with pytest.raises(FileChanged, match=r"jobs.csv changed while it was being read"):
        receive.keep(candidate, admitted, via="command", user_id=None)
    assert not SourceFile.objects.exists()
    assert counts(intake.load("jobs.csv", "id,job\n1,Growing\n")) == {"read": 1, "inserted": 1}


def test_a_file_that_is_written_over_while_it_is_read(intake: Intake) -> None:
    receive = resolve(ReceiveFile)
    path = intake.file("jobs.csv", "id,job\n1,Before\n")
    candidate = receive.candidate(path, name="jobs.csv", dataset=None)
    admitted = admit(candidate)
    path.write_text("id,job\n1,After!\n")
    with pytest.raises(FileChanged):
        receive.keep(candidate, admitted, via="command", user_id=None)
    intake.load("jobs.csv", "id,job\n1,Before\n")
    assert records("jobs")["1"]["job"] == "Before"


def test_a_damaged_original_is_replaced_when_it_is_sent_again(intake: Intake) -> None:
    content = "id,job\n1,Clerk\n"
    received = intake.receive("jobs.csv", content)
    (settings.LAKEHOUSE_HOME / "storage" / storage_key(received.sha256)).write_text("id,job\n1,Cl")
    SourceFile.objects.update(state="failed")
    with pytest.raises(FileChanged):
        intake.receive("jobs.csv", content)
    assert intake.load("jobs.csv", content).state == "loaded"


def test_only_the_files_whose_turn_it_is_are_looked_at(intake: Intake) -> None:
    first, *_others = [intake.receive(f"jobs{n}.csv", f"id,job\n{n},Clerk\n", "jobs").id for n in range(3)]
    department = intake.receive("departments.csv", "id,department\n1,Sales\n").id
    assert set(resolve(SourceFiles).waiting()) == {first, department}
    load_received()
    assert not SourceFile.objects.exclude(state="loaded").exists()


def test_the_storage_never_has_half_a_file(tmp_path: Path) -> None:
    class Torn(PosixPath):
        """Reading it fails in the middle."""

        def open(self, *_: object, **__: object) -> IO[bytes]:  # type: ignore[override]
            return TornFile(bytes(3 << 20))

    class TornFile(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError("the disk is gone")
            return super().read(size)

    root = tmp_path / "storage"
    with pytest.raises(OSError, match="gone"):
        LocalStorage(root=root).put(Torn(tmp_path), "originals/ab/abc")
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_what_is_refused_leaves_nothing(intake: Intake) -> None:
    kept = sum(path.is_file() for path in (settings.LAKEHOUSE_HOME / "storage").rglob("*"))
    for name, content in {"a.csv": "", "b.png": b"\x89PNG\r\n\x1a\n", "c.csv": "a,b\n1,2\n"}.items():
        with pytest.raises(PermanentError, match=name):
            intake.receive(name, content)
    assert not SourceFile.objects.exists()
    assert sum(path.is_file() for path in (settings.LAKEHOUSE_HOME / "storage").rglob("*")) == kept


def test_tasks_record_runs_and_leave_what_is_done(intake: Intake) -> None:
    good = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    bad = intake.receive("jobs.json", BROKEN)
    load_received()
    runs = {run.inputs["file"]: run for run in Run.objects.filter(kind="ingest")}
    assert (runs[good.id].state, runs[good.id].counts["inserted"]) == ("succeeded", 1)
    assert (runs[bad.id].state, bool(runs[bad.id].message)) == ("failed", True)
    load_file(good.id)
    load_file(bad.id)
    load_received()
    assert Run.objects.filter(kind="ingest").count() == 2


def test_loading_twice_is_loading_once(intake: Intake) -> None:
    content = "id,job\n1,Clerk\nx,\n,\n2,Cook\n2,Chef\n"
    intake.load("jobs.csv", content)
    once = everything("jobs")
    intake.load("jobs.csv", content + "\n")
    assert everything("jobs") == once

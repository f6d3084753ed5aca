"""Commands as they are typed: what they print where, and how they end."""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client

from bronze.models import RawRecord, SourceFile
from bronze.services import EditRecord
from bronze.tasks import load_received
from lakehouse_project import cli, container
from lakehouse_project.access.models import ApiToken
from lakehouse_project.kernel.services import resolve

pytestmark = pytest.mark.django_db

JOBS = "id,job\n1,Clerk\n2,Cook\n"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """`lakehouse ARGUMENTS` in this process."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object, stdin: str = "") -> Ended:
        self.monkeypatch.setattr(sys, "argv", ["lakehouse", *map(str, arguments)])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        out, err = self.capsys.readouterr()
        if isinstance(code, str):  # as the interpreter does: the sentence to stderr, and 1
            code, err = 1, f"{err}{code}\n"
        assert "Traceback" not in err
        return Ended(int(str(code or 0)), out, err)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


@pytest.fixture
def shell(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setattr(
        connections, "close_all", lambda: None
    )  # a process ends, the transaction of a test does not
    return Shell(tmp_path, monkeypatch, capsys)


def test_ingest_files(shell: Shell) -> None:
    ended = shell(
        "ingest", shell.file("jobs.csv", JOBS), shell.file("departments.csv", "id,department\n1,Sales\n")
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"{shell.folder}/jobs.csv -> jobs: received",
        f"{shell.folder}/departments.csv -> departments: received",
    ]
    assert SourceFile.objects.filter(received_via="command").count() == 2


def test_ingest_again_shows_the_earlier_receipt(shell: Shell) -> None:
    path = shell.file("jobs.csv", JOBS)
    shell("ingest", path)
    load_received()
    ended = shell("ingest", path)
    assert ended.code == 0
    assert "2 read = 2 inserted (the same bytes came before" in ended.out


def test_ingest_a_folder(shell: Shell) -> None:
    for name in ("in/jobs.csv", "in/deep/departments.csv"):
        shell.file(name, "id,name\n1,x\n")
    shell.file("in/.hidden", "x")
    assert shell("ingest", shell.folder / "in").code == 0
    assert SourceFile.objects.count() == 2


def test_ingest_an_empty_folder(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    ended = shell("ingest", shell.folder / "empty")
    assert (ended.code, ended.out) == (1, "")
    assert "There is no file in" in ended.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG image"),
        ("empty.csv", b"", "empty"),
        ("cut.json", b'[{"id": 1', "half-written JSON"),
        ("strange.csv", b"a,b\n1,2\n", "a, b"),
        ("programme.bin", bytes(range(256)) * 4, "binary"),
    ],
)
def test_one_bad_file_is_named_and_the_others_are_taken(
    shell: Shell, name: str, content: bytes, said: str
) -> None:
    bad = shell.file(f"bad/{name}", content)
    ended = shell("ingest", bad, shell.file("good/jobs.csv", JOBS))
    assert ended.code == 1
    assert ended.err.startswith(f"{bad}: ")
    assert said in ended.err
    assert ended.out == f"{shell.folder}/good/jobs.csv -> jobs: received\n"


def test_ingest_what_is_not_there(shell: Shell) -> None:
    ended = shell("ingest", shell.folder / "nothing.csv")
    assert (ended.code, ended.err) == (1, f"{shell.folder}/nothing.csv: There is no file nothing.csv.\n")


def test_ingest_into_a_named_data_set(shell: Shell) -> None:
    path = shell.file("list.csv", "id,name\n1,x\n")
    assert "-> departments: received" in shell("ingest", "--dataset", "departments", path).out
    ended = shell("ingest", "--dataset", "nope", path)
    assert ended.code == 1
    assert "There is no data set 'nope'. There are users" in ended.err


def test_ingest_standard_input(shell: Shell) -> None:
    ended = shell("ingest", "-", "--name", "jobs.csv", stdin=JOBS)
    assert (ended.code, ended.out, ended.err) == (0, "jobs.csv -> jobs: received\n", "")
    assert SourceFile.objects.get().name == "jobs.csv"
    again = shell("ingest", "-", "--dataset", "jobs", stdin=JOBS)
    assert "- -> jobs: 0 read (the same bytes came before" in again.out
    assert (
        shell("ingest", "--dry-run", "-", "--dataset", "departments", stdin="id,department\n1,x\n").code == 0
    )
    assert shell("ingest", "-", stdin="").err == "-: stdin: the file is empty.\n"
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_standard_input_that_is_too_large(shell: Shell, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    container._container.cache_clear()
    try:
        ended = shell("ingest", "-", "--name", "jobs.csv", stdin=JOBS)
    finally:
        container._container.cache_clear()
    assert ended.code == 1
    assert "jobs.csv has more than 0.0 MB" in ended.err
    assert "MAX_UPLOAD_MB" in ended.err


@pytest.mark.parametrize("arguments", [("-", "-"), ("--name", "x.csv", "y.csv")])
def test_standard_input_that_makes_no_sense(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = shell("ingest", *arguments, stdin=JOBS)
    assert ended.code == 1
    assert "tandard input" in ended.err


def test_ingest_a_pattern(shell: Shell) -> None:
    for name in ("in/jobs.csv", "in/deep/departments.csv", "in/[odd] jobs.csv"):
        shell.file(name, f"id,name\n{len(name)},x\n")
    assert len(shell("ingest", shell.folder / "in/*.csv").out.splitlines()) == 2
    assert "departments.csv" in shell("ingest", shell.folder / "in/**/*.csv").out
    assert shell("ingest", shell.folder / "in/[odd] jobs.csv").code == 0  # it is the name of a file
    ended = shell("ingest", shell.folder / "*.parquet")
    assert (ended.code, "There is no file *.parquet" in ended.err) == (1, True)


def test_ingest_a_folder_leaves_out_what_is_not_meant(shell: Shell, settings: Any) -> None:
    settings.LAKEHOUSE_HOME = shell.folder
    for name in (
        ".git/jobs.csv",
        "jobs.csv.part",
        "inbox/done/jobs.csv",
        "inbox/failed/jobs.csv",
        "done/jobs.csv",
    ):
        shell.file(name, "id,job\n1,x\n")
    shell.file("inbox/jobs.csv", "id,job\n2,y\n")
    ended = shell("ingest", shell.folder)
    assert [line.split(" -> ")[0] for line in ended.out.splitlines()] == [
        f"{shell.folder}/done/jobs.csv",
        f"{shell.folder}/inbox/jobs.csv",
    ]
    assert "inbox/done/jobs.csv" in shell("ingest", shell.folder / "inbox/done").out


def test_the_help_tells_of_the_exit_status(shell: Shell) -> None:
    assert "Exit status: 0 if every file was received" in " ".join(shell("ingest", "--help").out.split())
    assert shell("ingest").code == 2


def test_ingest_a_file_that_could_not_be_loaded(shell: Shell) -> None:
    path = shell.file("jobs.csv", JOBS)
    shell("ingest", path)
    SourceFile.objects.update(state="failed", error="It was no good.")
    ended = shell("ingest", path)
    assert (ended.code, SourceFile.objects.count()) == (0, 2)


def test_a_document_that_cannot_be_read_is_no_plain_success(shell: Shell) -> None:
    shell("ingest", shell.file("scan.pdf", b"%PDF-1.7\ngarbage"))
    load_received()
    first, second = shell("ingest", shell.folder / "scan.pdf").out.splitlines()
    assert "-> documents: 1 read = 1 inserted" in first
    assert second.startswith("  its text: corrupt. ")


def test_the_line_of_a_row_that_cannot_be_parsed_is_named_once(shell: Shell) -> None:
    ended = shell("ingest", shell.file("jobs.csv", "id,job\n1,\n2,a,b\n"), "--dry-run")
    assert ended.out.splitlines()[-2:] == ["  line 2: job is missing", "  line 3 has 3 fields, expected 2"]


def test_ingest_a_name_that_is_no_text(shell: Shell) -> None:
    path = Path(str(shell.folder / "jobs") + "\udce4.csv")
    path.write_text(JOBS)
    ended = shell("ingest", path, "--dataset", "jobs")
    assert (ended.code, ended.err) == (0, "")
    assert "jobs\\udce4.csv -> jobs" in ended.out


def test_token(shell: Shell) -> None:
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.get(name="viewer"))
    ended = shell("token", "ada")
    assert (ended.code, ended.err) == (0, "")
    token = ended.out.splitlines()[-1]
    assert token == token.strip()
    assert (
        Client().get("/api/v1/bronze/users", headers={"Authorization": f"Token {token}"}).status_code == 200
    )
    assert token not in str(ApiToken.objects.values_list())


def test_token_of_nobody(shell: Shell) -> None:
    User.objects.create_user("gone", is_active=False)
    for name in ("nobody", "gone"):
        ended = shell("token", name)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == f"lakehouse: There is no active user {name!r}.\n"


def test_the_first_administrator_is_made_once(shell: Shell) -> None:
    made = json.loads(shell("bootstrap_admin").out)
    admin = User.objects.get()
    assert (admin.username, admin.is_superuser, admin.check_password(made["password"])) == (
        "admin",
        True,
        True,
    )
    assert [group.name for group in admin.groups.all()] == ["admin"]
    headers = {"Authorization": f"Token {made['token']}"}
    assert Client().get("/api/v1/bronze/users", headers=headers).status_code == 200
    again = shell("bootstrap_admin")
    assert (again.code, again.out, User.objects.count()) == (0, "", 1)


def test_a_user_who_has_the_name_of_the_administrator(shell: Shell) -> None:
    User.objects.create_user("admin")
    ended = shell("bootstrap_admin")
    assert (ended.code, ended.out) == (1, "")
    assert "no administrator" in ended.err


@pytest.mark.parametrize("options", [("--scale", "0"), ("--scale", "-1"), ("--seed", "-1"), ("--scale", "x")])
def test_seed_with_options_that_make_no_sense(shell: Shell, options: tuple[str, str]) -> None:
    ended = shell("seed", *options)
    assert ended.code in (1, 2)
    assert options[0] in ended.err


def test_seed_twice_is_seeding_once(shell: Shell) -> None:
    first = shell("seed", "--scale", "0.01", "--seed", "7")
    assert first.code == 0
    files = SourceFile.objects.count()
    assert files > 10
    load_received()
    assert not SourceFile.objects.exclude(state="loaded").exists()
    assert shell("seed", "--scale", "0.01", "--seed", "7").code == 0
    assert SourceFile.objects.count() == files


def test_seed_into_a_folder_loads_nothing(shell: Shell) -> None:
    ended = shell("seed", "--scale", "0.01", "--output", shell.folder / "out")
    assert ended.code == 0
    assert any(shell.folder.joinpath("out").rglob("*.csv"))
    assert not SourceFile.objects.exists()


def test_a_dry_run_says_what_would_become_of_the_files(shell: Shell) -> None:
    shell("ingest", shell.file("jobs.csv", JOBS))
    load_received()
    ended = shell("ingest", "--dry-run", shell.file("new/jobs.csv", "id,job\n1,Clerk\n2,Chef\n3,\n"))
    assert (ended.code, ended.err) == (0, "")
    first, *others = ended.out.splitlines()
    assert first.endswith("jobs.csv -> jobs: would be 3 read = 1 updated + 1 unchanged + 1 quarantined")
    assert [line for line in others if line.startswith("  line")] == ["  line 4: job is missing"]
    assert "  2 would change: job" in others
    assert SourceFile.objects.count() == 1
    refused = shell("ingest", "--dry-run", shell.file("empty.csv", b""), shell.folder / "jobs.csv")
    assert refused.code == 1
    assert "the same bytes came before" in refused.out


def test_undo_shows_the_groups_and_asks(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("ingest", shell.file("jobs.csv", JOBS))
    load_received()
    file = SourceFile.objects.get()
    resolve(EditRecord)(RawRecord.objects.get(key="2").pk, {"job": "Chef"})
    monkeypatch.setattr("builtins.input", lambda _prompt: "n")
    kept = shell("undo", file.pk)
    assert (kept.code, kept.err.splitlines()[-1]) == (1, "CommandError: Nothing was undone.")
    assert "  1 removed (not there before the file)" in kept.out.splitlines()
    assert RawRecord.objects.filter(status="deleted").count() == 0
    monkeypatch.setattr("builtins.input", lambda _prompt: "y")
    assert shell("undo", file.pk).code == 0
    assert RawRecord.objects.get(status="deleted").key == "1"
    again = shell("undo", file.pk, "--yes")
    assert (again.code, "is undone: there is nothing to undo" in again.err) == (1, True)


def test_undo_without_asking(shell: Shell) -> None:
    shell("ingest", shell.file("jobs.csv", JOBS))
    load_received()
    ended = shell("undo", SourceFile.objects.get().pk, "--yes")
    assert ended.code == 0
    assert ended.out.splitlines()[1:] == [
        "  0 restored (as they were before the file)",
        "  2 removed (not there before the file)",
        "  0 left (changed since)",
    ]


def test_rejected_rows_are_printed_and_can_be_loaded_again(shell: Shell) -> None:
    shell("ingest", shell.file("jobs.csv", "id,job\n1,Clerk\n2,\n"))
    load_received()
    file = SourceFile.objects.get().pk
    printed = shell("rejected", file)
    assert printed.out.splitlines()[0] == "id,job,_record,_reason"
    shell("ingest", shell.file("jobs2.csv", printed.out.replace("2,,", "2,Chef,")))
    load_received()
    assert RawRecord.objects.get(key="2").status == "valid"
    nothing = shell("rejected", file)
    assert (nothing.code, nothing.out) == (1, "")
    assert f"No row of file {file} (jobs.csv) is in quarantine." in nothing.err


def test_ingest_with_what_the_sender_knows_better(shell: Shell) -> None:
    path = shell.file("jobs.csv", "id#job\n1#Łódź\n".encode("cp1250"))
    assert shell("ingest", path, "--delimiter", "#", "--encoding", "cp1250", "--header", "yes").code == 0
    load_received()
    assert RawRecord.objects.get().payload["job"] == "Łódź"
    assert "'klingon' is no encoding" in shell("ingest", path, "--encoding", "klingon").err


def test_ingest_with_a_header_below_titles_and_columns_of_other_names(shell: Shell) -> None:
    path = shell.file("list.csv", "All jobs\nof 2024\nNr,Beruf\n1,Clerk\n")
    said = ("--dataset", "jobs", "--header-line", "3", "--column", "Nr=id", "--column", "Beruf=job")
    assert shell("ingest", path, *said).code == 0
    load_received()
    assert RawRecord.objects.get().payload == {"id": "1", "job": "Clerk"}
    wrong = shell("ingest", path, "--dataset", "jobs", "--header-line", "3", "--column", "Beruf")
    assert (wrong.code, "write COLUMN=FIELD" in wrong.err) == (1, True)

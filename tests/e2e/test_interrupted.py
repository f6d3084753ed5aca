"""Killed with SIGKILL at every step and begun again, each stage ends as if it had never been disturbed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.interrupted import FOLDER
from tests.e2e.pipeline import Blank, Lakehouse, address, database, lakehouse

pytestmark = pytest.mark.slow

UNDISTURBED = 0

Content = dict[str, list[Any]]
"""Query -> its rows."""

COLUMNS = "user_id,full_name,email,city,postal_code,country,created_at,updated_at"
LINES = "order_id,line_number,user_id,ordered_at,status,currency,sku,quantity,unit_price"
FIRST = {
    "4-users.csv": f"{COLUMNS}\n1,Ada Long,ada@example.org,Bonn,53111,DE,2020-01-05T10:00:00Z,\n"
    "2,Bo Short,bo@example.org,Lyon,69001,FR,2020-02-05T10:00:00Z,\n",
    "5-order_lines.csv": f"{LINES}\nA,1,1,2021-03-01T10:00:00Z,paid,USD,S1,2,9.50\n"
    "A,2,1,2021-03-01T10:00:00Z,paid,USD,S2,1,3.00\nB,1,2,2021-04-01T10:00:00Z,paid,USD,S1,1,9.50\n",
    "1-jobs.csv": "id,job\n1,Clerk\n2,Cook\n3,Driver\n4,\n",
    "2-departments.csv": "id,department\n1,Sales\n2,Kitchen\n",
    "3-hired_employees.csv": "".join(
        f"{n},Person {n},2021-0{n % 9 + 1}-07T12:00:00Z,{n % 2 + 1},{n % 3 + 1}\n" for n in range(1, 13)
    ),
}
SECOND = {
    "1-jobs.csv": 'id,job\n1,Clerk\n2,Head cook\n4,Porter\n5,Waiter\n5,Waitress\n6,\n7,Broken "quote\nx,y,z\n',
    "2-note.txt": "A note about the kitchen.\n\nUser: 1\n\nThe cook is pleased with the new stove.\n",
    "3-users.csv": f"{COLUMNS}\n1,Ada Long,ada@example.org,Mainz,55116,DE,2020-01-05T10:00:00Z,2021-06-01T10:00:00Z\n"
    "3,Cy Tall,cy@example.org,Lyon,69001,FR,2021-02-05T10:00:00Z,\n",
}

RECORDS = (
    "SELECT dataset_id, key, payload, patch, status, errors, conflict, raw_text, line FROM bronze_rawrecord"
)
RECEIPTS = """
SELECT dataset_id, name, state, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_duplicate,
       rows_quarantined, error FROM bronze_sourcefile
"""
HISTORY = "SELECT dataset_id, key, payload, patch, status, revision FROM bronze_recordhistory"
PAGES = """
SELECT d.sha256, d.status, d.title, d.user_id, p.number, p.text FROM bronze_document d
JOIN bronze_documentpage p ON p.document_id = d.sha256
"""
BRONZE = (RECORDS, RECEIPTS, HISTORY, PAGES)

SILVER = (
    """SELECT f.hire_id, f.employee_name, f.hired_at, d.name, j.title FROM silver_facthire f
       JOIN silver_dimdepartment d ON d.key = f.department_id JOIN silver_dimjob j ON j.key = f.job_id""",
    "SELECT department_id, name FROM silver_dimdepartment",
    "SELECT job_id, title FROM silver_dimjob",
    "SELECT user_id, version, full_name, city, valid_from, valid_to, is_current FROM silver_dimuser",
    """SELECT f.order_id, f.line_number, f.status, f.amount, u.user_id, u.version FROM silver_factorderline f
       JOIN silver_dimuser u ON u.key = f.user_id""",
)
GOLD = (
    "SELECT year, department, job, q1, q2, q3, q4 FROM gold_hiresbyquarter",
    "SELECT year, department_id, department, hired, mean, is_above_mean FROM gold_departmenthires",
    "SELECT * FROM gold_monthly_revenue",
    "SELECT city, user_count FROM gold_citypayroll",
    "SELECT country, postal_code, user_count FROM gold_usersbypostalcode",
    "SELECT user_id, city, order_count, document_count FROM gold_customer360",
)
FOUND = ("SELECT entity, entity_id, passage, title, body, facets, numbers, dates FROM search_searchdocument",)


class Breaker:
    """Does pieces of work on a database, and breaks them off."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, work: str, name: str, step: int = UNDISTURBED) -> str:
        """`done`, or `killed` at that step."""
        self.begin(work, name, step)
        return self.end()

    def begin(self, work: str, name: str, step: int = UNDISTURBED) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{work} {name} {step}\n")
        self._process.stdin.flush()

    def end(self) -> str:
        """How the piece of work ended that `begin` has begun."""
        assert self._process.stdout is not None
        ended = self._process.stdout.readline().strip()
        assert ended in ("done", "killed"), ended or "no answer"
        return ended


@contextmanager
def breaker(home: Lakehouse) -> Iterator[Breaker]:
    command = [sys.executable, "-m", "tests.e2e.interrupted"]
    with subprocess.Popen(
        command, env=dict(home.environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Breaker(process)


def put(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)


def execute(name: str, statement: str) -> None:
    with psycopg.connect(address(name)) as connection:
        connection.execute(statement.encode())


def content(name: str, queries: tuple[str, ...]) -> Content:
    with psycopg.connect(address(name)) as connection:
        return {query: sorted(connection.execute(query.encode()).fetchall(), key=repr) for query in queries}


@pytest.fixture(scope="module")
def home(empty: Blank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    with lakehouse(tmp_path_factory.mktemp("interrupted"), empty, ()) as made:
        yield made


@pytest.fixture(scope="module")
def work(home: Lakehouse) -> Iterator[Breaker]:
    with breaker(home) as process:
        yield process


@pytest.fixture(scope="module")
def before(home: Lakehouse, work: Breaker, empty: Blank) -> Iterator[str]:
    """A database with the first files in every layer and an edit of staff; the second files lie ready to be sent."""
    with database(f"CREATE DATABASE {{name}} TEMPLATE {empty.name}") as name:
        put(home.home / FOLDER, FIRST)
        for piece in ("receive", "load", "edit", "refine_all", "refresh_all", "project_all"):
            work.run(piece, name)
        put(home.home / FOLDER, SECOND)
        yield name


FORGET_ATTEMPTS = "UPDATE bronze_sourcefile SET attempts = 0"
"""A file whose loading kills the worker again and again is given up; here that is not the fault of the file."""


def interrupted(
    work: Breaker, template: str, piece: str, queries: tuple[str, ...], *, stride: int
) -> list[Content]:
    """Kill `piece` at one of its first steps, then `stride` steps later, and so on, and anew whenever a run got on.

    What is done to the next file or row is much the same, and each time it is begun one step later: see `first_step`.
    Returns every state that was seen between, the last one being that of a run that nobody disturbed.
    """
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template}") as name:
        work.run(piece, name)
        undisturbed = content(name, queries)
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template}") as name:
        states, step = [content(name, queries)], 1
        while work.run(piece, name, step) == "killed":
            execute(name, FORGET_ATTEMPTS)
            found = content(name, queries)
            if found != states[-1]:
                states.append(found)
                step = first_step(len(states), stride)
            else:
                step += stride
        states.append(content(name, queries))
    assert states[-1] == undisturbed
    assert states[0] != undisturbed
    return states


def first_step(seen: int, stride: int) -> int:
    """1 for the first state, 2 for the second, up to `stride`, then 1 again."""
    return 1 + (seen - 1) % stride


def test_a_file_that_is_being_received_is_there_or_not(work: Breaker, before: str) -> None:
    states = interrupted(work, before, "receive", (RECEIPTS,), stride=2)
    assert sorted({len(state[RECEIPTS]) for state in states}) == [5, 6, 7, 8]


DROPPED = {
    "jobs.csv": SECOND["1-jobs.csv"],
    "departments/list.csv": "id,name\n1,Sales\n3,Garden\n",
    "strange.csv": "a,b\n1,2\n",
}


def drop(inbox: Path) -> None:
    """The files as somebody puts them into an empty inbox."""
    shutil.rmtree(inbox, ignore_errors=True)
    for name, text in DROPPED.items():
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_text(text)


def lying(inbox: Path) -> dict[str, str]:
    """What is in the inbox and where, the reasons aside."""
    files = [path for path in inbox.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(inbox)): path.read_text()
        for path in files
        if not path.name.endswith(".reason.txt")
    }


def test_what_lies_in_the_drop_folder_is_taken_once_and_nothing_is_lost(
    home: Lakehouse, work: Breaker, before: str
) -> None:
    inbox = home.home / "inbox"
    drop(inbox)
    with database(f"CREATE DATABASE {{name}} TEMPLATE {before}") as name:
        work.run("watch", name)
        undisturbed = content(name, BRONZE), lying(inbox)
    assert sorted(undisturbed[1]) == ["done/jobs.csv", "done/list.csv", "failed/strange.csv"]
    drop(inbox)
    with database(f"CREATE DATABASE {{name}} TEMPLATE {before}") as name:
        states, step = [(content(name, BRONZE), lying(inbox))], 1
        while work.run("watch", name, step) == "killed":
            execute(name, FORGET_ATTEMPTS)
            found = content(name, BRONZE), lying(inbox)
            assert sorted(found[1].values()) == sorted(DROPPED.values())
            step = step + 2 if found == states[-1] else 1
            if found != states[-1]:
                states.append(found)
        assert (content(name, BRONZE), lying(inbox)) == undisturbed
    assert len(states) > len(DROPPED)
    reasons = list((inbox / "failed").glob("*.reason.txt"))
    assert any("strange.csv" in path.name for path in reasons)


def test_a_file_is_loaded_as_a_whole_or_not_at_all(work: Breaker, received: str) -> None:
    states = interrupted(work, received, "load", BRONZE, stride=3)
    assert [loaded_files(state) for state in states] == [5, 6, 7, 8, 8]


def loaded_files(state: Content) -> int:
    return sum("loaded" in receipt for receipt in state[RECEIPTS])


def test_the_star_schema(work: Breaker, loaded: str) -> None:
    interrupted(work, loaded, "refine_all", SILVER, stride=5)


def test_the_marts(work: Breaker, refined: str) -> None:
    interrupted(work, refined, "refresh_all", GOLD, stride=5)


def test_the_search_documents(work: Breaker, refined: str) -> None:
    interrupted(work, refined, "project_all", FOUND, stride=5)


@pytest.mark.parametrize(("piece", "queries"), [("refine_all", SILVER), ("refresh_all", GOLD)])
def test_two_processes_at_once_do_what_one_does(
    home: Lakehouse, work: Breaker, request: pytest.FixtureRequest, piece: str, queries: tuple[str, ...]
) -> None:
    template = request.getfixturevalue("loaded" if piece == "refine_all" else "refined")
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template}") as name:
        work.run(piece, name)
        alone = content(name, queries)
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template}") as name, breaker(home) as other:
        for _ in range(3):
            work.begin(piece, name)
            other.begin(piece, name)
            assert (work.end(), other.end()) == ("done", "done")
        assert content(name, queries) == alone
        runs = content(name, ("SELECT kind, state FROM governance_run WHERE state <> 'succeeded'",))
        assert [rows for rows in runs.values() if rows] == []


@pytest.fixture(scope="module")
def received(work: Breaker, before: str) -> Iterator[str]:
    with after(work, before, "receive") as name:
        yield name


@pytest.fixture(scope="module")
def loaded(work: Breaker, received: str) -> Iterator[str]:
    with after(work, received, "load") as name:
        yield name


@pytest.fixture(scope="module")
def refined(work: Breaker, loaded: str) -> Iterator[str]:
    with after(work, loaded, "refine_all") as name:
        yield name


@contextmanager
def after(work: Breaker, template: str, piece: str) -> Iterator[str]:
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template}") as name:
        work.run(piece, name)
        yield name

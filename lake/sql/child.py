"""The child process that plans and runs SQL: `python -m lake.sql.child MEGABYTES`, driven by `lake.sql.children`.

DuckDB keeps to its limit of memory but for the values that expressions make, which may be as large as one writes them. Here
the kernel refuses what goes beyond, and no other process feels it. A request is a line of JSON, and so is the answer.
"""

import base64
import json
import os
import resource
import select
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import Any

import duckdb
import pyarrow as pa

from lake.sql.plans import Plans
from lake.sql.sandbox import first_line, locked_on

MB = 1 << 20
ROOM = 384 * MB
"""Addresses that the libraries take beside the values: stacks, arenas, a result on its way out."""
IDLE_SECONDS = 300.0
"""Nobody has to keep a child that has nothing to do."""
LONGEST_PLAN = 20_000_000

RESULT = '"result of the query"'
"""Asked for as Arrow right away, a query would be bound twice, and each file be looked at twice."""

Request = Mapping[str, Any]


class Failed(Exception):
    """Why there is no answer: `kind` for `lake.sql.children`, and what DuckDB says."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def main(arguments: list[str]) -> None:
    plans = Plans()
    size = _address_space() + int(arguments[0]) * MB + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    works: Mapping[str, Callable[[Request], dict[str, Any]]] = {
        "explain": lambda request: _explained(plans, request),
        "plan": _planned,
        "run": _run,
    }
    answers.write("ready\n")
    answers.flush()
    while select.select([0], [], [], IDLE_SECONDS)[0] and (line := sys.stdin.readline()):
        answers.write(json.dumps(_answer(works, json.loads(line))) + "\n")
        answers.flush()


def _answer(
    works: Mapping[str, Callable[[Request], dict[str, Any]]], request: dict[str, Any]
) -> dict[str, Any]:
    try:
        with _said_plainly():
            return works[request["work"]](request)
    except Failed as failure:
        return {"failed": failure.kind, "message": failure.message}


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        raise Failed("memory") from None
    except (duckdb.IOException, duckdb.PermissionException):  # the latter for a file that is gone
        raise Failed("gone") from None
    except duckdb.InterruptException:
        raise Failed("late") from None
    except duckdb.Error as error:
        raise Failed("invalid", first_line(error)) from None


def _explained(plans: Plans, request: Request) -> dict[str, Any]:
    schemas = {name: _schema(text) for name, text in request["schemas"].items()}
    text = plans.explain(request["sql"], schemas)
    if len(text) > LONGEST_PLAN:
        raise Failed("memory")
    return {"text": text}


def _schema(text: str) -> pa.Schema:
    return pa.ipc.read_schema(pa.BufferReader(base64.b64decode(text)))


def _planned(request: Request) -> dict[str, Any]:
    with _database(request) as connection:
        [(_, text)] = connection.execute(f"EXPLAIN {request['sql']}").fetchall()
        return {"text": str(text)}


def _run(request: Request) -> dict[str, Any]:
    """The result goes to a file, as far as it may be kept."""
    with _database(request) as connection:
        connection.execute(
            f"CREATE TEMP TABLE {RESULT} AS {request['sql']} LIMIT {request['rows']}"
        ).fetchall()
        profile = json.loads(connection.get_profiling_information())
        with connection.table(RESULT).to_arrow_reader() as reader:
            _write(reader, request["result"], request["largest"])
        return {"profile": profile}


def _write(reader: pa.RecordBatchReader, path: str, largest: int) -> None:
    size = 0
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, reader.schema) as out:
        for batch in reader:
            size += batch.nbytes
            if size > largest:
                raise Failed("large")
            out.write_batch(batch)


@contextmanager
def _database(request: Request) -> Iterator[duckdb.DuckDBPyConnection]:
    """Interrupted at the limit of time; what does not hear of it is killed from outside."""
    late = Event()
    with locked_on(request["paths"], request["config"]) as connection:

        def stop() -> None:
            late.set()
            connection.interrupt()

        timer = Timer(request["seconds"], stop)
        timer.start()
        try:
            yield connection
        except duckdb.Error as error:
            if late.is_set():
                raise Failed("late") from error
            raise
        finally:
            timer.cancel()


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1:])

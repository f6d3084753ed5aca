"""A batch of 1000 rows over HTTP: the median time until the answer is there.

    .venv/bin/python -m benchmarks.batch_post --batches 40

The server is granian with the settings of the product on a fresh database; the client is on the same machine, sending one
batch after another on one connection. What it waits for an answer is an upper bound of the time in the server. Rows that
are new, rows that replace others, and a GET of one record as the floor of the machine.
"""

import argparse
import os
import subprocess
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import httpx

from benchmarks.lab import laboratory
from benchmarks.people import write_people
from lakehouse_project.runtime.parts import web
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.state import StateFolder

ROWS = 1000
ADDRESS = "/api/v1/bronze/users/batch"


def token() -> str:
    from django.contrib.auth.models import User  # noqa: PLC0415  Django is set up by now
    from knox.models import AuthToken  # noqa: PLC0415

    found: str = AuthToken.objects.create(User.objects.create_superuser("benchmark"))[1]
    return found


def timed(request: Callable[[], httpx.Response]) -> float:
    start = time.perf_counter()
    answer = request()
    seconds = time.perf_counter() - start
    assert answer.status_code in {200, 201}, answer.text
    return seconds * 1000


def report(name: str, times: list[float]) -> None:
    print(f"  {name:22} median {median(times):7.1f} ms   95 % below {quantiles(times, n=20)[-1]:7.1f} ms")


def run(client: httpx.Client, batches: list[list[dict[str, Any]]]) -> None:
    created = [timed(lambda rows=rows: client.post(ADDRESS, json={"rows": rows})) for rows in batches]
    again = [[{**row, "city": "Turin"} for row in rows] for rows in batches]
    replaced = [timed(lambda rows=rows: client.put(ADDRESS, json={"rows": rows})) for rows in again]
    record = f"/api/v1/bronze/users/{batches[0][0]['user_id']}"
    print(f"\n{len(batches)} batches of {ROWS} rows of 10 fields, the first 3 of each not counted")
    report("new (target 150 ms)", created[3:])
    report("replaced", replaced[3:])
    report("GET of one record", [timed(lambda: client.get(record)) for _ in range(50)][3:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--batches", type=int, default=40)
    options = parser.parse_args()
    import polars as pl  # noqa: PLC0415  not before the server has started

    with laboratory() as lab:
        rows = pl.read_csv(
            write_people(lab.home / "rows.csv", options.batches * ROWS), infer_schema=False
        ).to_dicts()
        port = free_port()
        headers = {"Authorization": f"Token {token()}"}
        server = web(StateFolder(lab.home), dict(os.environ), LOOPBACK, port)
        (lab.home / "logs").mkdir(exist_ok=True)
        process = server.launch()
        try:
            while not server.ready():
                time.sleep(0.2)
            with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", headers=headers, timeout=60) as client:
                run(client, [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)])
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()

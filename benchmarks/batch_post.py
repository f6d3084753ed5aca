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
from contextlib import suppress
from functools import partial
from statistics import median, quantiles
from typing import Any

import httpx
import psutil

from benchmarks.lab import laboratory
from benchmarks.people import write_people
from lakehouse_project.runtime.parts import web
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.state import StateFolder

ROWS = 1000
WARM_UP = 3
ADDRESS = "/api/v1/bronze/users/batch"


def token() -> str:
    from django.contrib.auth.models import User  # noqa: PLC0415  Django is set up by now

    from lakehouse_project.access import tokens  # noqa: PLC0415

    return tokens.create(User.objects.create_superuser("benchmark"), "benchmark", lifetime=None)[1]


def timed(request: Callable[[], httpx.Response]) -> float:
    start = time.perf_counter()
    answer = request()
    seconds = time.perf_counter() - start
    assert answer.status_code in {200, 201}, answer.text
    return seconds * 1000


def report(name: str, requests: list[Callable[[], httpx.Response]], server: psutil.Process) -> None:
    """The processor time is that of web server, database and client together."""
    for request in requests[:WARM_UP]:
        timed(request)
    used = processor_ms(server)
    times = [timed(request) for request in requests[WARM_UP:]]
    each = (processor_ms(server) - used) / len(times)
    spread = f"median {median(times):7.1f} ms   95 % below {quantiles(times, n=20)[-1]:7.1f} ms"
    print(f"  {name:22} {spread}   processor {each:6.1f} ms")


def processor_ms(server: psutil.Process) -> float:
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total * 1000


def run(client: httpx.Client, batches: list[list[dict[str, Any]]], server: psutil.Process) -> None:
    again = [[{**row, "city": "Turin"} for row in rows] for rows in batches]
    record = f"/api/v1/bronze/users/{batches[0][0]['user_id']}"
    print(f"\n{len(batches)} batches of {ROWS} rows of 10 fields, the first {WARM_UP} of each not counted")
    new = [partial(client.post, ADDRESS, json={"rows": rows}) for rows in batches]
    report("new (target 150 ms)", new, server)
    report("replaced", [partial(client.put, ADDRESS, json={"rows": rows}) for rows in again], server)
    report("GET of one record", [partial(client.get, record)] * 50, server)


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
            batches = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
            with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", headers=headers, timeout=60) as client:
                run(client, batches, psutil.Process())
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()

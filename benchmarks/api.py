"""The REST API beside a FastAPI service with SQLAlchemy's ORM: one record, a list of 100, one new row, a batch of 1000.

    apt-get install wrk
    .venv/bin/python -m benchmarks.api --seconds 10 --rounds 3

Both are served by granian with one process, 8 threads for requests, and a PostgreSQL with the settings of the product,
each in a database of its own with the same 10,000 rows; wrk keeps 16 connections busy from the same machine. The two take
turns within each round, so that what else the machine does meets both. `benchmarks.twin` says what the other one does and
leaves out.

Printed for each: requests per second, median and 99 % latency, processor time of server and database for a request, and the
ratios ours / twin (medians over the rounds). Where other programs run, that of processor time is the steadier one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import psycopg

from benchmarks.batch_post import token
from benchmarks.lab import REPOSITORY, Lab, laboratory
from benchmarks.people import FIRST_ID, write_people
from lakehouse_project.runtime.parts import web
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.state import StateFolder

KINDS = ("get", "list", "post", "batch", "bulk")
"""`bulk` is a batch, too: the peer inserts it without making objects, which SQLAlchemy recommends for many rows."""
ROWS = 10_000
BATCH = 1000
CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass
class Peer:
    """One of the two services. `free`: the first key that nobody has used."""

    name: str
    address: str
    token: str
    process: subprocess.Popen[bytes]
    database: psutil.Process
    free: int = 50_000_000

    def processor_ms(self) -> float:
        main = psutil.Process(self.process.pid)
        backends = self.database.children()
        return 1000 * sum(_seconds(one) for one in (main, *main.children(recursive=True), *backends))


@dataclass(frozen=True)
class Measured:
    """What one run of wrk says. `each`: milliseconds of processor time for a request."""

    rps: float
    p50: float
    p99: float
    each: float


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def fill(peer: Peer, rows: list[dict[str, Any]]) -> None:
    with httpx.Client(headers={"Authorization": f"Token {peer.token}"}, timeout=120) as client:
        for start in range(0, len(rows), BATCH):
            body = {"rows": rows[start : start + BATCH]}
            answer = client.post(f"{peer.address}/batch", json=body)
            assert answer.status_code == httpx.codes.CREATED, answer.text


def measure(peer: Peer, kind: str, seconds: int, row: Path) -> Measured:
    wrk = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    wrk += ["--timeout", "60s", "--script", str(SCRIPT), peer.address]
    url = urlsplit(peer.address)
    batches = f"{url.path}/{'bulk' if kind == 'bulk' and peer.name == 'twin' else 'batch'}"
    arguments = ["--", kind, url.path, peer.token, str(peer.free), str(ROWS), str(row), batches]
    used = peer.processor_ms()
    done = subprocess.run([*wrk, *arguments], check=True, capture_output=True, text=True)
    used = peer.processor_ms() - used
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["failed"] == 0, done.stdout
    peer.free += 10_000_000
    requests = said["requests"]
    return Measured(requests / said["seconds"], said["p50"], said["p99"], used / requests)


def report(kind: str, found: dict[str, list[Measured]]) -> None:
    middle = {
        name: Measured(
            *(median(getattr(one, field) for one in runs) for field in ("rps", "p50", "p99", "each"))
        )
        for name, runs in found.items()
    }
    for name, one in middle.items():
        print(
            f"  {kind:6} {name:6} {one.rps:9.1f} per second   p50 {one.p50:8.1f} ms   p99 {one.p99:8.1f} ms"
            f" ({one.p99 / one.p50:4.1f} times p50)   processor {one.each:7.2f} ms"
        )
    ours, twin = middle["ours"], middle["twin"]
    print(
        f"  {kind:6} ratio  {ours.rps / twin.rps:9.2f}              processor {twin.each / ours.each:5.2f}\n"
    )


@contextmanager
def served(lab: Lab, command: list[str] | None, environment: dict[str, str], port: int) -> Iterator[Any]:
    """The web server of the product, or granian with another application."""
    if command is None:
        part = web(StateFolder(lab.home), environment, LOOPBACK, port)
        process, is_ready = part.launch(), part.ready
    else:
        process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
        is_ready = _answers(f"http://{LOOPBACK}:{port}/openapi.json")
    try:
        while not is_ready():
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(url).is_success
        return False

    return ready


@contextmanager
def peers(lab: Lab) -> Iterator[list[Peer]]:
    (lab.home / "logs").mkdir(exist_ok=True)
    clear, ports = token(), (free_port(), free_port())
    with psycopg.connect(lab.database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE twin")
    twin = dict(os.environ) | {"TWIN_DATABASE_URL": urlunsplit(urlsplit(lab.database)._replace(path="/twin"))}
    prepare = "import sys; from benchmarks.twin import prepare; prepare(sys.argv[1])"
    subprocess.run([sys.executable, "-c", prepare, clear], env=twin, cwd=REPOSITORY, check=True)
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", LOOPBACK, "--no-ws"]
    granian += ["--port", str(ports[1]), "--workers", "1"]
    granian += ["--workers-kill-timeout", "5", "benchmarks.twin:app"]
    with (
        served(lab, None, dict(os.environ), ports[0]) as ours,
        served(lab, granian, twin, ports[1]) as other,
    ):
        base = f"http://{LOOPBACK}"
        yield [
            Peer("ours", f"{base}:{ports[0]}/api/v1/bronze/users", clear, ours, lab.server),
            Peer("twin", f"{base}:{ports[1]}/users", clear, other, lab.server),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    import polars as pl  # noqa: PLC0415  not before Django is set up

    with laboratory() as lab:
        rows = pl.read_csv(write_people(lab.home / "rows.csv", ROWS), infer_schema=False).to_dicts()
        assert rows[0]["user_id"] == str(FIRST_ID)
        row = lab.home / "row.json"
        row.write_text(json.dumps(rows[0] | {"user_id": "KEY"}, separators=(",", ":")))
        with peers(lab) as both:
            for peer in both:
                fill(peer, rows)
            for kind in options.kinds:
                found: dict[str, list[Measured]] = {peer.name: [] for peer in both}
                for _round in range(options.rounds):
                    for peer in both:
                        found[peer.name].append(measure(peer, kind, options.seconds, row))
                report(kind, found)


if __name__ == "__main__":
    main()

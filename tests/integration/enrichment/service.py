"""An exchange rate service over HTTP that behaves well, or not."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lakehouse_project.runtime.ports import LOOPBACK

PER_EURO = {"USD": 1.25, "GBP": 0.8, "JPY": 150.0}


@dataclass
class Rates:
    """`answers`: statuses of the next requests, then well. `body`: instead of rates. `is_silent`: no answer at all.

    `slow`: how many of the next requests are answered only when `resume` is set.
    """

    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_silent: bool = False
    slow: int = 0
    resume: threading.Event = field(default_factory=threading.Event)
    per_euro: dict[str, float] = field(default_factory=lambda: dict(PER_EURO))
    last_day: date = date.max
    asked: list[str] = field(default_factory=list)
    not_modified: int = 0
    url: str = ""

    def text(self, period: str) -> bytes:
        if self.body is not None:
            return self.body
        first, last = (date.fromisoformat(day) for day in period.split(".."))
        days = (first + timedelta(n) for n in range((min(last, self.last_day) - first).days + 1))
        rates = {str(day): self.per_euro for day in days if day.weekday() < 5}
        return json.dumps({"amount": 1.0, "base": "EUR", "rates": rates}).encode()


@contextmanager
def serving() -> Iterator[Rates]:
    rates = Rates()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            period = self.path.rsplit("/", 1)[-1]
            rates.asked.append(period)
            if rates.slow:
                rates.slow -= 1
                rates.resume.wait(timeout=30)
            if rates.is_silent:
                self.connection.close()
                return
            status = rates.answers.pop(0) if rates.answers else 200
            body = rates.text(period) if status == 200 else b"{}"
            etag = f'"{hash(body)}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                rates.not_modified += 1
                status, body = 304, b""
            self.send_response(status)
            sent = {
                "ETag": etag,
                "Cache-Control": "no-cache",
                "Content-Length": str(len(body)),
                **rates.headers,
            }
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    rates.url = f"http://{LOOPBACK}:{server.server_port}/v1"
    try:
        yield rates
    finally:
        rates.resume.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)

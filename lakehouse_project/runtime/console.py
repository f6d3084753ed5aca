"""What `lakehouse up` prints: steps with their time, the first administrator, the addresses."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from lakehouse_project.runtime.errors import RuntimeProblem


class UpConsole:
    """Rich on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(highlight=False, soft_wrap=True, stderr=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that `title` is under way, then that it is done and how long it took."""
        begun = time.monotonic()
        with self._out.status(title):
            yield
        self._out.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begun:.1f} s[/]")

    def say(self, text: str) -> None:
        self._out.print(escape(text))

    def problem(self, problem: RuntimeProblem) -> None:
        """One sentence on standard error, below the log lines that explain it."""
        for line in problem.log_lines:
            self._err.print(f"  [dim]{escape(line)}[/]")
        self._err.print(f"[red]lakehouse:[/] {escape(str(problem))}")

    def administrator(self, account: dict[str, str]) -> None:
        """Shown once: neither password nor token is stored in clear."""
        lines = [f"{name:9} {account[name]}" for name in ("username", "password", "token") if name in account]
        title = "First administrator: write this down, it is not shown again"
        if self._out.is_terminal:
            self._out.print(Panel(escape("\n".join(lines)), title=title, expand=False))
        else:
            self._out.print(escape("\n".join([title, *lines])))

    def addresses(self, url: str, home: Path, logs: Path) -> None:
        rows = {
            "Web": url,
            "Admin": f"{url}/admin/",
            "API": f"{url}/api/v1/docs",
            "State": str(home),
            "Logs": str(logs),
        }
        for name, value in rows.items():
            self._out.print(f"  [bold]{name:6}[/] {escape(value)}")
        self._out.print("Press Ctrl-C to stop.")

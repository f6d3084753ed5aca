"""Progress bars on a terminal; elsewhere nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

OnProgress = Callable[[int, int], None]


@contextmanager
def progress_bar(what: str) -> Iterator[OnProgress]:
    """Tell what it gives how much is done, of how much."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        shown = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(shown, completed=done, total=total)

"""Quick starts: commands are many and short, and what a start costs is loading."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def much_is_loaded() -> Iterator[None]:
    """Keep the garbage collector away from what is being loaded: all of it stays, and looking through it again and again
    takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()

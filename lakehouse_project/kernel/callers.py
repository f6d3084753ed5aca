"""Who asks. What answers a request knows its caller without being told by every function on the way; tasks and commands have
none."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest

_REQUEST: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def current_request() -> HttpRequest | None:
    """The request that is being answered; None in tasks and commands."""
    return _REQUEST.get()


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """The block answers the request. Its user may become known later, by a token."""
    before = _REQUEST.set(request)
    try:
        yield
    finally:
        _REQUEST.reset(before)

"""Who asks. What answers a request knows its caller without being told by every function on the way; tasks and commands have
none, but for tasks that do what somebody asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

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


@contextmanager
def on_behalf_of(user: Any) -> Iterator[HttpRequest]:
    """The block does what the user asked for, outside of a request: it sees what an answer to them would see. It is given
    what stands for the request."""
    request = HttpRequest()
    request.user = user
    with answering(request):
        yield request

"""Preconditions of HTTP (RFC 9110): the ETag of a record is its revision."""

from collections.abc import Collection

from django.http import HttpRequest
from django.utils.http import parse_etags

from lakehouse_project.kernel.errors import PermanentError


class InvalidPrecondition(PermanentError):
    """A header with a precondition that is none."""

    code = "invalid_precondition"


class PreconditionFailed(PermanentError):
    """The record is not the one that the caller has seen."""

    code = "precondition_failed"


class PreconditionRequired(PermanentError):
    """A write without the revision that it is meant for."""

    code = "precondition_required"


SHOWN = 100
"""Characters of a header that a message repeats."""


def etag(revision: int) -> str:
    return f'"{revision}"'


def expected_tags(request: HttpRequest) -> Collection[str] | None:
    """The ETags that `If-Match` allows; None: every one, also without the header. Raises `InvalidPrecondition`."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    if not (tags := parse_etags(header)):
        raise InvalidPrecondition(
            f'If-Match has no ETag: {header[:SHOWN]!r}. Send the one that the record came with, in its quotes: "3"; or *.'
        )
    return tags


def require_condition(request: HttpRequest) -> None:
    """Raises `PreconditionRequired` without `If-Match`: two who write at once would not notice each other."""
    if "If-Match" not in request.headers:
        raise PreconditionRequired(
            "Say which revision is meant: If-Match with the ETag that the record came with, or * for whichever it is."
        )


def is_unchanged(request: HttpRequest, revision: int) -> bool:
    """Whether `If-None-Match` says that the caller has this revision already."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    return "*" in tags or etag(revision) in tags


def require_revision(revision: int, expected: Collection[str] | None) -> None:
    """Raises `PreconditionFailed`. A weak ETag (`W/"3"`) is never the one of a record."""
    if expected is not None and etag(revision) not in expected:
        raise PreconditionFailed(
            f"The record has been changed: it is at revision {revision}. Read it again before you write it.",
            revision=revision,
        )

"""Bodies of requests that hold JSON: what they are called, and what is wrong with one that cannot be read."""

import re

from django.http import HttpRequest

from lakehouse_project.kernel.errors import PermanentError

JSON = re.compile(r"application/(?:(?:[\w.+-]+\+)?json|x-www-form-urlencoded)", re.IGNORECASE)
"""No route takes a form of that kind, and `curl -d` calls everything one."""


class UnsupportedMediaType(PermanentError):
    """The body is said to be of a type that the route does not take."""

    code = "unsupported_media_type"


class MalformedBody(PermanentError):
    """The body is not what it is said to be."""

    code = "malformed_body"


def json_text(request: HttpRequest) -> str:
    """The text of a body of JSON. Raises `UnsupportedMediaType` or `MalformedBody`.

    A body without a type is taken for JSON.
    """
    kind = request.content_type
    if kind and not JSON.fullmatch(kind):
        raise UnsupportedMediaType(
            f"The body is said to be {kind[:100]}; this route takes JSON. Send it with `Content-Type: application/json`."
        )
    try:
        return request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not UTF-8 (byte {error.start}).") from error

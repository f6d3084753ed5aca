"""A result file as an answer, whole or in part (RFC 9110, section 14: one range of bytes)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from governance.errors import NoResult, RangeNotSatisfiable

BLOCK = 1 << 16
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def file_answer(request: HttpRequest, path: Path, about: Mapping[str, Any]) -> HttpResponseBase:
    """`about`: `name` and `type` of the file. Raises `NoResult` if it is gone, `RangeNotSatisfiable`."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise NoResult("The file is not here any more. Ask for it again.") from error
    headers = {"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes"}
    wanted = _wanted(request.headers.get("Range", ""), size)
    if wanted is None:
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=about["name"],
            content_type=about["type"],
            headers=headers,
        )
    headers |= {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=about["name"]),
        "Content-Range": f"bytes {wanted.start}-{wanted.stop - 1}/{size}",
        "Content-Length": str(len(wanted)),
    }
    part = _blocks(path, wanted)
    return StreamingHttpResponse(part, status=206, content_type=about["type"], headers=headers)


def _wanted(header: str, size: int) -> range | None:
    """The bytes that are asked for; None for all. What is no single range of bytes is ignored, as the standard allows."""
    found = RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if first:
        wanted = range(int(first), min(int(last) + 1 if last else size, size))
    else:
        wanted = range(max(size - int(last), 0), size)
    if not wanted:
        raise RangeNotSatisfiable(f"The file has {size} bytes: {header} is beyond its end.", size=size)
    return wanted


def _blocks(path: Path, wanted: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(wanted.start)
        left = len(wanted)
        while left and (block := file.read(min(BLOCK, left))):
            left -= len(block)
            yield block

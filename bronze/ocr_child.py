"""The child process of `bronze.ocr`: draws one page of a PDF and becomes the program that reads the picture.

The picture stays in memory, as a portable grey map (PGM) on the standard input of the program.
"""

import json
import os
import resource
import sys
from typing import Any

from pypdfium2 import PdfDocument

from bronze.ocr import PROGRAM, OcrLimits

DOTS_PER_INCH = 300
POINTS_PER_INCH = 72


def main(arguments: list[str]) -> None:
    job: dict[str, Any] = json.loads(arguments[0])
    limits = OcrLimits(**job["limits"])
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _become_reader(_draw(job["path"], job["number"], limits.pixels), job["languages"])


def _draw(path: str, number: int, pixels: int) -> bytes:
    """The page as grey PGM."""
    with PdfDocument(path) as document:
        page = document[number - 1]
        width, height = page.get_size()  # in points
        scale = min(DOTS_PER_INCH / POINTS_PER_INCH, (pixels / max(width * height, 1)) ** 0.5)
        picture = page.render(scale=scale, grayscale=True).to_numpy()
    rows, columns = picture.shape[:2]
    header = f"P5 {columns} {rows} 255\n"
    return header.encode() + bytes(picture.tobytes())


def _become_reader(picture: bytes, languages: str) -> None:
    with os.fdopen(os.memfd_create("page"), "w+b") as memory:
        memory.write(picture)
        memory.flush()
        memory.seek(0)
        os.dup2(memory.fileno(), sys.stdin.fileno())
    os.execlp(PROGRAM, PROGRAM, "stdin", "stdout", "-l", languages, "--dpi", str(DOTS_PER_INCH))  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])

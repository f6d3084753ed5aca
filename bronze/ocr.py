"""Text of scanned pages, by the program tesseract if it is installed.

A page is drawn and read in a child process (`bronze.ocr_child`) with limits on time and memory: neither the library that
draws nor the program that reads survives every file.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bronze.documents_text import MB, TITLE_LENGTH, Page, storable

PROGRAM = "tesseract"
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class OcrLimits:
    """Per page; memory is the address space of the child. A page with more pixels is drawn coarser."""

    seconds: float = 60.0
    memory_bytes: int = 2048 * MB
    pixels: int = 25_000_000


def lacking(languages: str) -> str:
    """What is missing to read these languages (`eng+deu`), as a sentence; empty if nothing is."""
    if shutil.which(PROGRAM) is None:
        return f"OCR needs the program {PROGRAM}, which is not installed."
    try:
        listed = subprocess.run(
            [PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"OCR needs the program {PROGRAM}, which does not work: {error}."
    missing = sorted(set(languages.split("+")) - set(listed.stdout.split()))
    return f"OCR lacks the language data of {', '.join(missing)} for {PROGRAM}." if missing else ""


def read_page(path: Path, number: int, languages: str, limits: OcrLimits | None = None) -> Page:
    """Text of one page of a PDF, which may be none. Never raises for a bad page: its `error` tells."""
    limits = limits or OcrLimits()
    job = {"path": str(path), "number": number, "languages": languages, "limits": asdict(limits)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bronze.ocr_child", json.dumps(job)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        return Page(number, "", f"OCR took longer than {limits.seconds:g} seconds.")
    if done.returncode:
        return Page(number, "", f"OCR failed: {_last_line(done.stderr)}")
    return Page(number, storable(done.stdout.decode("utf-8", "replace")).strip())


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": paths, "OMP_THREAD_LIMIT": "1"}


def _last_line(output: bytes) -> str:
    lines = storable(output.decode("utf-8", "replace")).strip().splitlines()
    return lines[-1][:TITLE_LENGTH] if lines else "the program was ended."

"""Sizes as people write them."""

import re

from lakehouse_project.kernel.errors import InvalidInput

GIGABYTES = {
    "KB": 1e-6,
    "MB": 1e-3,
    "GB": 1.0,
    "TB": 1e3,
    "PB": 1e6,
    "KIB": 1024 / 1e9,
    "MIB": 1024**2 / 1e9,
    "GIB": 1024**3 / 1e9,
    "TIB": 1024**4 / 1e9,
}
_SIZE = re.compile(r"^\s*([-+]?\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$")


def gigabytes(text: str, *, may_be_zero: bool = False) -> float:
    """`100GB`, `1.5 TiB` in GB. Raises `InvalidInput`."""
    found = _SIZE.match(text)
    unit = found[2].upper() if found else ""
    if found is None or unit not in GIGABYTES:
        raise InvalidInput(
            f"{text!r} is no size: write a number and KB, MB, GB, TB, PB, KiB, MiB, GiB or TiB, as in 100GB."
        )
    size = float(found[1]) * GIGABYTES[unit]
    if size < 0 or (size == 0 and not may_be_zero):
        raise InvalidInput(f"{text!r} is too small: a size is above 0.")
    return size


def gigabytes_a_day(text: str) -> float:
    """`2GB/day` in GB; 0 is allowed. Raises `InvalidInput`."""
    size, slash, per = text.partition("/")
    if not slash or per.strip().lower() not in ("day", "d"):
        raise InvalidInput(f"{text!r} is no growth: write a size a day, as in 2GB/day.")
    return gigabytes(size, may_be_zero=True)


def days(text: str) -> list[int]:
    """`30,90`. Raises `InvalidInput`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and 1 <= int(part) <= 3650 for part in parts):
        raise InvalidInput(
            f"{text!r} is no retention: write days from 1 to 3650, separated by commas, as in 30,90."
        )
    return sorted({int(part) for part in parts})

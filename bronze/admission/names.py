"""File names as people may see them. They are shown and stored, never used as paths."""

import re
import unicodedata

from bronze.readers.formats import storable

UNSEEN = frozenset({"Cc", "Zl", "Zp"})
"""Unicode categories of characters that break a line or have no shape."""
REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that make `csv.exe` read as `exe.csv`."""


def shown_name(name: str) -> str:
    """A name with control characters and those that turn the direction of writing spelled out, as in `<U+202E>`."""
    return "".join(map(_shown, storable(name)))


def _shown(char: str) -> str:
    is_hidden = char in REORDERING or unicodedata.category(char) in UNSEEN
    return f"<U+{ord(char):04X}>" if is_hidden else char


def member_name(archive: str, member: str) -> str:
    """`a.zip/folder/b.csv`; what would lead out of the archive, such as `../` or a leading `/`, is left out."""
    parts = [part for part in re.split(r"[/\\]", member) if part not in ("", ".", "..")]
    return shown_name("/".join([archive, *parts]))

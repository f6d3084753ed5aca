"""What the sender of a file knows better than admission: it is taken as said and not found out."""

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bronze.admission.dialect import DELIMITERS
from bronze.admission.errors import InvalidOverride
from bronze.contracts import plain_name

ENCODINGS: Mapping[str, str] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 little endian, without byte order mark",
    "utf-16-be": "UTF-16 big endian, without byte order mark",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252 (Western Europe)",
    "iso8859-15": "ISO 8859-15 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "cp850": "DOS 850 (Western Europe)",
    "cp437": "DOS 437",
    "cp932": "Windows-932 (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "Windows-949 (Korean)",
}
YES, NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True)
class Overrides:
    """None: find it out. `columns`: column of the file -> field of the contract; the columns of a file without a header
    are `column_1`, `column_2` and so on. `header_line`: the physical line, from 1, that is the header of a CSV file."""

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    header_line: int | None = None
    record_path: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_texts(
        cls,
        *,
        delimiter: str | None = None,
        encoding: str | None = None,
        header: str | None = None,
        header_line: str | None = None,
        record_path: str | None = None,
        columns: Iterable[str] = (),
    ) -> "Overrides":
        """From texts as forms, addresses and commands have them; an empty one counts as none. `columns`: each
        `column of the file=field`. Raises `InvalidOverride`."""
        has_header = _yes_or_no(header) if header else None
        if header_line and has_header is False:
            raise InvalidOverride("A file without a header has none on any line: leave out one of the two.")
        return cls(
            delimiter=_delimiter(delimiter) if delimiter else None,
            encoding=_encoding(encoding) if encoding else None,
            header=True if header_line else has_header,
            header_line=_line_number(header_line) if header_line else None,
            record_path=record_path or None,
            columns=dict(map(_column, filter(None, columns))),
        )

    @property
    def means_table(self) -> bool:
        """Only a CSV file has what was said."""
        return self.delimiter is not None or self.header is not None

    @property
    def aliases(self) -> dict[str, str]:
        return {plain_name(column): name for column, name in self.columns.items()}


def _line_number(text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text) or int(text) < 1:
        raise InvalidOverride(f"The line of the header is a whole number from 1, and not {text!r}.")
    return int(text)


def _column(text: str) -> tuple[str, str]:
    """A column may have the sign in its name; a field has not."""
    column, sign, name = text.rpartition("=")
    if not (sign and column.strip() and name.strip()):
        raise InvalidOverride(
            f"{text!r} does not say which column is which field: write COLUMN=FIELD, as in 'First name=full_name'."
        )
    return column.strip(), name.strip()


def _delimiter(text: str) -> str:
    """One character, or what it is called."""
    by_title = {title: delimiter for delimiter, title in DELIMITERS.items()} | {"\\t": "\t"}
    delimiter = by_title.get(text.strip().lower(), text)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'\r\n\x00":
        raise InvalidOverride(
            f"{text!r} is no delimiter: it is one character that is no letter, digit or quote, or one of "
            f"{', '.join(DELIMITERS.values())}."
        )
    return delimiter


def _encoding(text: str) -> str:
    try:
        found = codecs.lookup(text).name
    except (LookupError, ValueError):
        found = ""
    known = {codecs.lookup(name).name: name for name in ENCODINGS}
    if found in ("iso8859-1", "ascii"):
        return {"iso8859-1": "cp1252", "ascii": "utf-8"}[found]  # each contains the other
    if found not in known:
        raise InvalidOverride(f"{text!r} is no encoding that is read. Known are {', '.join(ENCODINGS)}.")
    return known[found]


def _yes_or_no(text: str) -> bool:
    plain = text.strip().lower()
    if plain not in (*YES, *NO):
        raise InvalidOverride(f"Whether there is a header is yes or no, and not {text!r}.")
    return plain in YES

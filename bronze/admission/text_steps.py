"""Encoding of a text file, and whether it is JSON, NDJSON, or something with lines."""

import codecs
import json
import re
from pathlib import PurePath
from typing import Literal

from charset_normalizer import from_bytes

from bronze.admission.bytes_steps import HEAD_BYTES, SUPPORTED, TAIL_BYTES, megabytes
from bronze.admission.candidate import Inspection, TextScan
from bronze.admission.errors import EmptyFile, IncompleteFile, UndecodableText, UnsupportedFileType
from bronze.admission.overrides import ENCODINGS
from bronze.readers.json_rows import LONGEST_TOKEN

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODING_TITLES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}
GUESSED_ENCODINGS = [
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
JSON_START = re.compile(r'\s*(?:\{\s*(?:"|\}|$)|\[\s*(?:[{\]\["]|-?\d|true|false|null|$))')
QUOTED = re.compile(r'"[^"]*"')
LONE_RETURN = re.compile(r"\r(?!\n)")
MOST_CONTROL_SHARE = 0.02
FEW_CONTROLS = 4
FEWEST_NUL_SHARE = 0.3
FEWEST_BYTES_TO_GUESS = 12
LINES_TO_JUDGE = 20
CUT_TOKEN = re.compile(r"u[0-9a-fA-F]{0,3}|\.|[eE][+-]?|")
"""The end of a text that ends within an escape or a number, from where Python finds fault with it."""
ANY_NUMBER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Python refuses to make a number of thousands of digits."""


def find_encoding(inspection: Inspection) -> Inspection:
    scan = inspection.scan
    if scan is None:
        return inspection
    _refuse_binary(inspection.candidate.name, scan)
    asked = inspection.candidate.overrides.encoding
    encoding, note = (
        (asked, f"{ENCODINGS[asked]} as asked") if asked else _encoding(inspection.candidate.name, scan)
    )
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(scan.head).removeprefix("\ufeff")
    _check_is_text(inspection.candidate.name, text)
    newline = _newline(text)
    return inspection.learn(
        sample=text.replace("\r\n", "\n").replace("\r", "\n") if newline == "\r" else text,
        is_sample_whole=len(scan.head) < TAIL_BYTES or scan.head.endswith(scan.tail),
    ).with_format(note, encoding=encoding, newline=newline)


def _newline(text: str) -> Literal["\n", "\r"]:
    """The carriage return if more lines end with it alone than with a line feed, quoted cells aside."""
    if "\r" not in text:
        return "\n"
    plain = QUOTED.sub("", text)
    return "\r" if len(LONE_RETURN.findall(plain)) > plain.count("\n") else "\n"


def _encoding(name: str, scan: TextScan) -> tuple[str, str]:
    """Name of the codec and the sentence about it."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if scan.head.startswith(mark):
            return encoding, f"{encoding.upper()} (byte order mark)"
    if wide := _utf16_without_mark(scan.head):
        return wide, "UTF-16 without byte order mark"
    if scan.is_utf8:
        return "utf-8", "UTF-8"
    valid = len(MULTIBYTE.findall(scan.bad_region))
    invalid = len(re.findall(rb"[\x80-\xff]", MULTIBYTE.sub(b"", scan.bad_region)))
    if valid >= invalid:
        return (
            "utf-8",
            f"UTF-8, with bytes that are not from line {scan.bad_line} on: those rows are set aside",
        )
    return _legacy_encoding(name, scan)


def _refuse_binary(name: str, scan: TextScan) -> None:
    """Bytes that are neither UTF-8 nor marked as UTF-16 and hold many control characters are no text."""
    is_marked = scan.head.startswith(tuple(mark for mark, _ in BYTE_ORDER_MARKS))
    if scan.is_utf8 or is_marked or _utf16_without_mark(scan.head):
        return
    _check_is_text(name, scan.head.decode("latin-1"))


def _utf16_without_mark(head: bytes) -> str | None:
    pairs = max(len(head) // 2, 1)
    even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if max(even, odd) < FEWEST_NUL_SHARE or min(even, odd) > MOST_CONTROL_SHARE:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _legacy_encoding(name: str, scan: TextScan) -> tuple[str, str]:
    """Windows-1252, unless the bytes cannot be that or are mostly beyond ASCII, as in Cyrillic or Japanese text."""
    region = scan.bad_region
    high, letters = len(re.findall(rb"[\x80-\xff]", region)), len(re.findall(rb"[A-Za-z]", region))
    is_western = high <= letters and _decodes(region, "cp1252")
    if not is_western and high >= FEWEST_BYTES_TO_GUESS:
        best = from_bytes(region, cp_isolation=GUESSED_ENCODINGS, enable_fallback=False).best()
        if best is not None:
            return best.encoding, f"encoding {best.encoding} (guessed)"
    if _decodes(region, "cp1252"):
        return "cp1252", "Windows-1252"
    raise UndecodableText(
        f"{name} is text in no known encoding: byte {scan.bad_offset} (line {scan.bad_line}) is not UTF-8 "
        "and Windows-1252 has no such character. Save it as UTF-8.",
        offset=scan.bad_offset,
        line=scan.bad_line,
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _check_is_text(name: str, text: str) -> None:
    if not text.strip(" \t\r\n\f\x00"):
        much = f" in its first {megabytes(len(text))}" if len(text) >= HEAD_BYTES // 4 else ""
        raise EmptyFile(f"{name} has nothing but white space{much}.")
    if len(CONTROL.findall(text)) > MOST_CONTROL_SHARE * len(text) + FEW_CONTROLS:
        raise UnsupportedFileType(f"{name} is a binary file of an unknown type. Supported are {SUPPORTED}.")


def find_json(inspection: Inspection) -> Inspection:
    """JSON or NDJSON by how the text starts; a JSON file that lacks its end is refused here."""
    sample = inspection.sample
    if inspection.scan is None:
        return inspection
    is_lines = _is_ndjson(sample) or _is_called_ndjson(inspection)
    if is_lines and not _is_one_value(sample, is_whole=inspection.is_sample_whole):
        return inspection.with_format("NDJSON", kind="ndjson")
    if not JSON_START.match(sample) or _is_broken_start(sample):
        return inspection
    _check_json_end(inspection)
    return inspection.with_format("JSON", kind="json")


def _is_broken_start(sample: str) -> bool:
    """True for CSV or prose that happens to start with a bracket, as in `[1] see below`."""
    text = sample.lstrip()
    if not text.startswith("["):
        return False
    try:
        value, end = ANY_NUMBER.raw_decode(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    following = text[end:].lstrip()
    has_records = isinstance(value, list) and any(isinstance(element, dict) for element in value)
    return bool(following) and not (has_records and following.startswith(("[", "{", ",")))


def _is_ndjson(sample: str) -> bool:
    """Objects line by line: nearly all lines begin one, or the first or half of them are whole ones. An object over several
    lines of which the end is missing is none of these, though its first line begins one."""
    lines = [line.strip() for line in sample.split("\n", LINES_TO_JUDGE) if line.strip()][:LINES_TO_JUDGE]
    if len(lines) < 2:
        return False
    if all(line.startswith('{"') for line in lines[:-1]) or _is_object(lines[0]):
        return True
    return 2 * sum(map(_is_object, lines)) >= len(lines)


def _is_one_value(sample: str, *, is_whole: bool) -> bool:
    """Whether lines that look like records are those of one JSON value, as far as the sample goes."""
    text = sample.strip()
    first = text.partition("\n")[0]
    if first == text or _is_object(first):
        return False
    try:
        _, end = ANY_NUMBER.raw_decode(text)
    except json.JSONDecodeError as error:
        return _ends_inside(error, text) if is_whole else _may_go_on(error, text)
    except RecursionError:
        return False
    return end == len(text)


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Whether what is wrong with the text may be only that there is more of it."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - LONGEST_TOKEN


def _ends_inside(error: json.JSONDecodeError, text: str) -> bool:
    """Whether nothing is wrong with the text but that its end is missing."""
    rest = text[error.pos :]
    is_cut_word = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
    return is_cut_word or error.msg.startswith("Unterminated string") or CUT_TOKEN.fullmatch(rest) is not None


def _is_called_ndjson(inspection: Inspection) -> bool:
    """A single record, or a first one that is longer than the sample, looks like JSON."""
    suffixes = {suffix.lower() for suffix in PurePath(inspection.candidate.name).suffixes}
    return bool(suffixes & {".ndjson", ".jsonl"}) and inspection.sample.lstrip().startswith('{"')


def _is_object(text: str) -> bool:
    if not text.startswith("{"):
        return False
    try:
        _, end = ANY_NUMBER.raw_decode(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return end == len(text)


def _check_json_end(inspection: Inspection) -> None:
    if inspection.scan is None or inspection.format.encoding != "utf-8":
        return
    end = inspection.scan.tail.rstrip()[-1:]
    wanted = b"]" if inspection.sample.lstrip().startswith("[") else b"}"
    if end != wanted:
        raise IncompleteFile(
            f"{inspection.candidate.name} is half-written JSON: it ends with {end.decode('utf-8', 'replace')!r} where "
            f"{wanted.decode()!r} is expected. Nothing of it was taken."
        )

"""The first steps: is there a file, is it small enough, which bytes are in it."""

import codecs
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bronze.admission.candidate import MB, AdmissionLimits, Inspection, TextScan
from bronze.admission.errors import (
    ArchiveBomb,
    EmptyFile,
    FileNotReadable,
    FileTooLarge,
    IncompleteFile,
    UnsupportedFileType,
)

SUPPORTED = (
    "CSV, JSON, NDJSON, Parquet, PDF, plain text and Markdown, also packed by gzip or in a zip archive"
)
HEAD_BYTES = MB
TAIL_BYTES = 4096
PIECE_BYTES = MB
TAR_MARK = 257
RATIO_FROM_BYTES = 16 * MB

BINARY_TYPES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a packed zip archive or Office file", "unpack it first, or save the sheet as CSV"),
    (b"PK\x05\x06", "an empty zip archive", "send the file itself"),
    (b"\xd0\xcf\x11\xe0", "an old Office file", "save it as CSV or PDF"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (b"BZh91AY&SY", "a bzip2 file", "unpack it first"),
    (b"\xfd7zXZ", "an xz file", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database", "export its tables as CSV"),
    (b"PARE", "an encrypted Parquet file", "save it without encryption"),
    (b"ORC", "an ORC file", "save it as Parquet"),
    (b"\x89HDF", "an HDF5 file", "save it as Parquet"),
    (b"\x04\x22\x4d\x18", "an LZ4 file", "unpack it first"),
    (b"\x1f\x9d", "a compress (.Z) file", "unpack it first"),
    (b"ARROW1\x00", "an Arrow file", "save it as Parquet"),
    (b"Obj\x01", "an Avro file", "save it as Parquet"),
    (b"\x89PNG", "a PNG image", "send text or PDF"),
    (b"\xff\xd8\xff", "a JPEG image", "send text or PDF"),
    (b"GIF8", "a GIF image", "send text or PDF"),
    (b"\x7fELF", "a program", "send data"),
    (b"{\\rtf", "a rich text file", "save it as PDF or plain text"),
)


def check_readable(inspection: Inspection) -> Inspection:
    path = inspection.candidate.path
    if not path.exists():
        raise FileNotReadable(f"There is no file {inspection.candidate.name}.")
    if not path.is_file():
        raise FileNotReadable(f"{inspection.candidate.name} is not a file.")
    if not os.access(path, os.R_OK):
        raise FileNotReadable(f"{inspection.candidate.name} may not be read: no permission.")
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(f"{inspection.candidate.name}: the file is empty.")
    return inspection.learn(size=size)


def check_size(inspection: Inspection) -> Inspection:
    require_size(inspection.candidate.name, inspection.size, inspection.candidate.limits.max_bytes)
    return inspection


def require_size(name: str, size: int, limit: int) -> None:
    """Raises `FileTooLarge` for more than `limit` bytes."""
    if size > limit:
        # Of what comes as a stream no more is kept than shows that it is too much.
        found = megabytes(size) if size > limit + PIECE_BYTES else f"more than {megabytes(limit)}"
        raise FileTooLarge(
            f"{name} has {found}; the limit is {megabytes(limit)} (setting MAX_UPLOAD_MB).",
            size=size,
            limit=limit,
        )


def take_fingerprint(inspection: Inspection) -> Inspection:
    return inspection.learn(sha256=fingerprint(inspection.candidate.path))


def fingerprint(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def find_binary_kind(inspection: Inspection) -> Inspection:
    """Kinds that the first bytes tell: gzip, PDF, Parquet; refuses known binary kinds that are not supported."""
    with inspection.candidate.path.open("rb") as stored:
        head = stored.read(1024)
    if head.startswith(b"\x1f\x8b"):
        return inspection.with_format("gzip", compression="gzip")
    return _find_by_magic(inspection, head)


def _find_by_magic(inspection: Inspection, head: bytes) -> Inspection:
    name = inspection.candidate.name
    for magic, what, advice in BINARY_TYPES:
        if head.startswith(magic):
            raise UnsupportedFileType(f"{name} is {what}: {advice}. Supported are {SUPPORTED}.")
    if head[TAR_MARK:].startswith(b"ustar"):
        raise UnsupportedFileType(f"{name} is a tar archive: send its files, or a zip archive of them.")
    if b"%PDF-" in head[:1024] and (head.lstrip()[:1] == b"%" or name.lower().endswith(".pdf")):
        return inspection.with_format("PDF", kind="pdf")
    if head.startswith(b"PAR1"):
        _check_parquet_end(inspection)
        return inspection.with_format("Parquet", kind="parquet")
    return inspection


def _check_parquet_end(inspection: Inspection) -> None:
    with inspection.candidate.path.open("rb") as stored:
        stored.seek(-4, os.SEEK_END)
        if stored.read() != b"PAR1":
            raise IncompleteFile(
                f"{inspection.candidate.name} is a Parquet file that is cut off: its end is missing."
            )


def scan_text(inspection: Inspection) -> Inspection:
    """One pass over the unpacked bytes of a file that may be text; the guard against gzip bombs sits here."""
    if inspection.format.kind in ("pdf", "parquet"):
        return inspection
    scanner = _Scanner()
    for piece in _pieces(inspection):
        scanner.add(piece)
    scan = scanner.result()
    if inspection.format.compression == "gzip":
        _refuse_packed_binary(inspection, scan)
    return inspection.learn(scan=scan)


def _refuse_packed_binary(inspection: Inspection, scan: TextScan) -> None:
    if scan.head.startswith((b"PAR1", b"%PDF-", b"\x1f\x8b")):
        raise UnsupportedFileType(f"{inspection.candidate.name} is packed more than once: unpack it first.")
    _find_by_magic(inspection, scan.head[:1024])


def _pieces(inspection: Inspection) -> Iterator[bytes]:
    if inspection.format.compression == "gzip":
        yield from unpacked_pieces(inspection)
        return
    with inspection.candidate.path.open("rb") as stored:
        while piece := stored.read(PIECE_BYTES):
            yield piece


def unpacked_pieces(inspection: Inspection) -> Iterator[bytes]:
    """The bytes in a gzip file. Raises when it is damaged, and as soon as more come out of it than the limits allow."""
    path, name = inspection.candidate.path, inspection.candidate.name
    expanded = 0
    try:
        with gzip.open(path) as unpacked:
            while piece := unpacked.read(PIECE_BYTES):
                expanded += len(piece)
                check_expansion(name, inspection.size, expanded, inspection.candidate.limits)
                yield piece
    except EOFError as error:
        raise IncompleteFile(f"{name} is a gzip file that is cut off.") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise IncompleteFile(f"{name} is a damaged gzip file: {error}.") from error


def check_expansion(name: str, packed: int, expanded: int, limits: AdmissionLimits) -> None:
    """Raises when `packed` bytes become more than may be."""
    if expanded > limits.max_expanded_bytes:
        raise FileTooLarge(
            f"{name} unpacks to more than {megabytes(limits.max_expanded_bytes)}, which is the limit "
            "(setting MAX_UNPACKED_MB)."
        )
    if expanded > RATIO_FROM_BYTES and expanded > packed * limits.max_ratio:
        raise ArchiveBomb(
            f"{name} unpacks to more than {limits.max_ratio} times its size (setting MAX_UNPACK_RATIO) and is not "
            "taken. Unpack it yourself and send what is in it if it is sound."
        )


@dataclass
class _Scanner:
    """Checks bytes for UTF-8 as they pass and keeps their head, their tail and the region of the first error."""

    head: bytes = b""
    tail: bytes = b""
    offset: int = 0
    line: int = 1
    bad_offset: int = -1
    bad_line: int = 0
    bad_region: bytes = b""
    has_lf: bool = False
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, piece: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += piece[: HEAD_BYTES - len(self.head)]
        self.tail = (self.tail + piece)[-TAIL_BYTES:]
        if self.bad_offset < 0:
            self._check(piece, is_final=False)
            self.line += piece.count(b"\n")
        self.has_lf = self.has_lf or b"\n" in piece
        self.offset += len(piece)

    def _check(self, piece: bytes, *, is_final: bool) -> None:
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(piece, final=is_final)
        except UnicodeDecodeError as error:
            at = error.start - pending
            self.bad_offset = self.offset + at
            self.bad_line = self.line + piece.count(b"\n", 0, max(at, 0))
            self.bad_region = piece[max(0, at - HEAD_BYTES // 2) : at + HEAD_BYTES // 2]

    def result(self) -> TextScan:
        if self.bad_offset < 0:
            self._check(b"", is_final=True)
        return TextScan(
            self.head,
            self.tail,
            self.bad_offset < 0,
            self.bad_offset,
            self.bad_line,
            self.bad_region,
            self.has_lf,
        )


def megabytes(size: int) -> str:
    return f"{size / MB:,.1f} MB"

"""Archives at the door: each file of a zip archive is received as a file of its own.

Files are unpacked under numbers, never under the names that the archive gives them, and never more than the limits
allow, whatever the archive says about itself.
"""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from bronze.admission.bytes_steps import check_expansion, check_readable, check_size, unpacked_pieces
from bronze.admission.candidate import MB, AdmissionLimits, Candidate, Inspection
from bronze.admission.errors import (
    ArchiveBomb,
    EmptyFile,
    FileTooLarge,
    IncompleteFile,
    UnsupportedFileType,
)
from bronze.admission.names import member_name
from lakehouse_project.kernel.errors import PermanentError

ZIP, EMPTY_ZIP, SPLIT_ZIP, GZIP = b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b"
PIECE_BYTES = 256 * 1024
DIRECTORY_BYTES_PER_FILE = 1024
LOCAL_HEADER_BYTES = 30
IS_ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others can unpack a few bytes into gigabytes at once."""
LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""Files that file managers leave behind."""
OFFICE = {
    "xl/": ("an Excel workbook", "save each sheet as CSV"),
    "word/": ("a Word document", "save it as PDF"),
    "ppt/": ("a PowerPoint presentation", "save it as PDF"),
    "application/vnd.oasis.opendocument.spreadsheet": (
        "an OpenDocument spreadsheet",
        "save each sheet as CSV",
    ),
    "application/vnd.oasis.opendocument": ("an OpenDocument file", "save it as PDF"),
    "application/epub+zip": ("an e-book", "save it as PDF or plain text"),
}
"""What a zip archive holds, or its member `mimetype` says, that is a document for a program."""


class _OutsideError(OSError):
    """A position that an archive names is not in it. `zipfile` itself expects an `OSError`."""


DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    ValueError,
    _OutsideError,
)
"""What `zipfile` raises for archives that are cut off or lie."""


@dataclass(frozen=True)
class Refused:
    """A file that cannot be taken, and why."""

    name: str
    error: PermanentError

    @property
    def reason(self) -> str:
        """A sentence that names the file."""
        return self.error.message if self.name in self.error.message else f"{self.name}: {self.error.message}"


def unpack(candidate: Candidate, folder: Path) -> Sequence[Candidate | Refused]:
    """The files of an archive, unpacked below `folder`, which is made if need be; a file that is none as it is.

    Raises a `PermanentError` for an archive that cannot be opened, or holds too much, and `OSError` for a full disk.
    """
    inspection = check_size(check_readable(Inspection(candidate, {})))
    with candidate.path.open("rb") as stored:
        head = stored.read(len(ZIP))
        if head in (ZIP, EMPTY_ZIP):
            return _unzipped(candidate, stored, folder)
    if head == SPLIT_ZIP:
        raise UnsupportedFileType(
            f"{candidate.name} is one part of a split zip archive: send one whole archive."
        )
    return [_gunzipped(inspection, folder) if head.startswith(GZIP) else candidate]


# --- zip ----------------------------------------------------------------------------------------------------------


class _Directory:
    """A zip file for `zipfile`, which reads the directory of an archive at once: no more of it than `limit` bytes."""

    def __init__(self, stored: BinaryIO, limit: int) -> None:
        self._limit = limit
        self._stored = stored
        self.tell, self.seekable = stored.tell, stored.seekable

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._stored.seek(offset, whence)
        except OSError as error:
            raise _OutsideError("a position in it is wrong") from error

    def read(self, size: int = -1) -> bytes:
        data = self._stored.read(self._limit + 1 if size < 0 else min(size, self._limit + 1))
        if len(data) > self._limit:
            raise _TooManyFilesError
        return data


class _TooManyFilesError(Exception):
    """The directory of the archive is longer than that of any archive that is let in."""


def _unzipped(candidate: Candidate, stored: BinaryIO, folder: Path) -> list[Candidate | Refused]:
    name, limits = candidate.name, candidate.limits
    directory = _Directory(stored, max(MB, limits.max_files * DIRECTORY_BYTES_PER_FILE))
    try:
        with zipfile.ZipFile(cast("BinaryIO", directory)) as archive:
            _refuse_office(archive, name)
            files = _files(archive, candidate)
            folder.mkdir()
            return [_member(archive, file, candidate, folder / str(n)) for n, file in enumerate(files)]
    except _TooManyFilesError:
        raise _too_many_files(name, limits) from None
    except DAMAGED as error:
        raise IncompleteFile(
            f"{name} is a zip archive that is damaged or cut off: {error}. Make it anew."
        ) from error


def _refuse_office(archive: zipfile.ZipFile, name: str) -> None:
    names = archive.namelist()
    kind = ""
    if "[Content_Types].xml" in names:
        kind = next((kind for kind in OFFICE if any(member.startswith(kind) for member in names)), "xl/")
    elif names[:1] == ["mimetype"]:
        with archive.open("mimetype") as stored:
            kind = stored.read(100).decode("ascii", "replace").strip()
    for start, (what, advice) in OFFICE.items():
        if kind.startswith(start):
            raise UnsupportedFileType(f"{name} is {what}: {advice}, and send that.")


def _files(archive: zipfile.ZipFile, candidate: Candidate) -> list[zipfile.ZipInfo]:
    """The entries that are files. Raises if there are none, too many, or too much in them."""
    name, limits, entries = candidate.name, candidate.limits, archive.infolist()
    if len(entries) > limits.max_files:
        raise _too_many_files(name, limits)
    check_expansion(name, candidate.path.stat().st_size, sum(entry.file_size for entry in entries), limits)
    _check_overlap(name, entries)
    files = [entry for entry in entries if not entry.is_dir() and not _is_litter(entry.filename)]
    if not files:
        raise EmptyFile(f"{name} is a zip archive without a file in it.")
    return files


def _check_overlap(name: str, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Entries that share bytes are how a small archive unpacks to petabytes."""
    in_file = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in pairwise(in_file):
        if entry.header_offset + LOCAL_HEADER_BYTES + entry.compress_size > following.header_offset:
            raise ArchiveBomb(f"{name} is a zip archive whose files overlap and is not taken.")


def _is_litter(member: str) -> bool:
    path = PurePosixPath(member)
    return "__MACOSX" in path.parts or path.name.lower() in LITTER


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, candidate: Candidate, target: Path
) -> Candidate | Refused:
    name = member_name(candidate.name, entry.filename)
    try:
        _extract(archive, entry, name, target)
    except PermanentError as error:
        return Refused(name, error)
    limits = replace(candidate.limits, max_bytes=candidate.limits.max_expanded_bytes)
    return replace(candidate, path=target, name=name, limits=limits)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, target: Path) -> None:
    if entry.flag_bits & IS_ENCRYPTED:
        raise UnsupportedFileType(f"{name} needs a password: make the archive anew without one.")
    if entry.compress_type not in METHODS:
        raise UnsupportedFileType(
            f"{name} is compressed by a method other than deflate: make the archive anew as an ordinary zip."
        )
    try:
        with archive.open(entry) as packed, target.open("wb") as unpacked:
            while piece := packed.read(PIECE_BYTES):
                unpacked.write(piece)
    except DAMAGED as error:
        raise IncompleteFile(f"{name} is damaged in the archive: {error}. Make the archive anew.") from error
    if target.stat().st_size != entry.file_size:
        raise IncompleteFile(f"{name} is damaged in the archive: it is shorter than the archive says.")
    _refuse_nested(name, target)


def _refuse_nested(name: str, target: Path) -> None:
    with target.open("rb") as unpacked:
        head = unpacked.read(len(ZIP))
    if head in (ZIP, EMPTY_ZIP, SPLIT_ZIP) or head.startswith(GZIP):
        raise UnsupportedFileType(
            f"{name} is an archive or Office file inside of an archive: unpack the outer one and send what is in it."
        )


def _too_many_files(name: str, limits: AdmissionLimits) -> FileTooLarge:
    return FileTooLarge(
        f"{name} holds more than {limits.max_files:,} files, which is the limit (setting MAX_ARCHIVE_FILES). "
        "Send them in several archives."
    )


# --- gzip ---------------------------------------------------------------------------------------------------------


def _gunzipped(inspection: Inspection, folder: Path) -> Candidate:
    """A PDF or Parquet file without its gzip, as it is read from many places; rows and text are read as they are."""
    candidate = inspection.candidate
    if not _starts_binary(candidate.path):
        return candidate
    folder.mkdir()
    target = folder / "0"
    with target.open("wb") as unpacked:
        for piece in unpacked_pieces(inspection):
            unpacked.write(piece)
    limits = replace(candidate.limits, max_bytes=candidate.limits.max_expanded_bytes)
    name = candidate.name.removesuffix(".gz")
    return replace(candidate, path=target, name=name, limits=limits)


def _starts_binary(path: Path) -> bool:
    try:
        with gzip.open(path) as unpacked:
            return unpacked.read(8).startswith((b"%PDF-", b"PAR1"))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False  # admission says what is wrong with it

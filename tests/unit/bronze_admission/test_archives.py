"""Archives at the door: every file in them is one of its own, and no archive does harm."""

import gzip
import io
import itertools
import struct
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from bronze.admission import AdmissionLimits, Candidate
from bronze.admission.archives import Refused, unpack
from lakehouse_project.kernel.errors import PermanentError

JOBS = b"id,job\n1,Clerk\n"
Found = Sequence[Candidate | Refused]


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def changed(archive: bytes, offset: int, layout: str, value: int, *, entry: int = 0) -> bytes:
    """The archive with another number in its directory, at `offset` in the entry."""
    start = -1
    for _ in range(entry + 1):
        start = archive.index(b"PK\x01\x02", start + 1)
    data = bytearray(archive)
    struct.pack_into(layout, data, start + offset, value)
    return bytes(data)


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., Found]:
    def send(data: bytes, name: str = "a.zip", **limits: int) -> Found:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return unpack(Candidate(path, name, None, AdmissionLimits(**limits)), tmp_path / "unpacked")

    return send


def contents(found: Found) -> list[tuple[str, bytes]]:
    return [(one.name, one.path.read_bytes()) for one in found if isinstance(one, Candidate)]


def errors(found: Found) -> list[tuple[str, str]]:
    return [(one.error.code, one.error.message) for one in found if isinstance(one, Refused)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_each_file_in_its_order_and_no_litter(send):
    archive = zipped(
        ("b/", b""),
        ("b/users.csv", b"1"),
        ("jobs.csv", b"2"),
        ("__MACOSX/._jobs.csv", b"x"),
        ("b/.DS_Store", b"x"),
        ("jobs.csv", b"3"),
    )
    assert contents(send(archive)) == [
        ("a.zip/b/users.csv", b"1"),
        ("a.zip/jobs.csv", b"2"),
        ("a.zip/jobs.csv", b"3"),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "a.zip/etc/passwd"),
        ("/etc/passwd", "a.zip/etc/passwd"),
        ("..\\..\\x.csv", "a.zip/x.csv"),
        ("./jobs.csv", "a.zip/jobs.csv"),
        ("a\u202egpj.csv", "a.zip/a<U+202E>gpj.csv"),
        ("a\nb.csv", "a.zip/a<U+000A>b.csv"),
        ("ü/漢.csv", "a.zip/ü/漢.csv"),
        ("x" * 5000, "a.zip/" + "x" * 5000),
    ],
)
def test_names_are_only_shown(send, tmp_path, name, shown):
    assert contents(send(zipped((name, JOBS)))) == [(shown, JOBS)]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0", "unpacked", "upload"]


@pytest.mark.parametrize(
    ("archive", "code", "message"),
    [
        (zipped(), "empty_file", "a.zip is a zip archive without a file in it"),
        (zipped(("a/", b""), ("__MACOSX/x", b"x")), "empty_file", "without a file"),
        (zipped(("jobs.csv", JOBS))[:-10], "incomplete_file", "cut off"),
        (zipped(("jobs.csv", JOBS))[:50], "incomplete_file", "cut off"),
        (b"PK\x03\x04" + b"\x00" * 1000, "incomplete_file", "cut off"),
        (b"PK\x07\x08" + zipped(("jobs.csv", JOBS)), "unsupported_file_type", "one part of a split zip"),
        (
            zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")),
            "unsupported_file_type",
            "an Excel workbook: save each sheet as CSV",
        ),
        (
            zipped(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")),
            "unsupported_file_type",
            "a Word document: save it as PDF",
        ),
        (
            zipped(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<x/>")),
            "unsupported_file_type",
            "an OpenDocument spreadsheet: save each sheet as CSV",
        ),
        (
            zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")),
            "unsupported_file_type",
            "an OpenDocument file: save it as PDF",
        ),
    ],
    ids=itertools.count(),  # the archives carry the time at which they were made
)
def test_archives_that_are_refused(send, archive, code, message):
    with pytest.raises(PermanentError) as refused:
        send(archive)
    assert refused.value.code == code
    assert message in refused.value.message


NESTED = "an archive or Office file inside of an archive"


@pytest.mark.parametrize(
    ("archive", "code", "message"),
    [
        (zipped(("in.zip", zipped(("jobs.csv", JOBS)))), "unsupported_file_type", NESTED),
        (zipped(("jobs.csv.gz", gzip.compress(JOBS))), "unsupported_file_type", NESTED),
        (changed(zipped(("x.csv", JOBS)), 8, "<H", 1), "unsupported_file_type", "needs a password"),
        (zipped(("x.csv", JOBS), method=zipfile.ZIP_LZMA), "unsupported_file_type", "other than deflate"),
        (zipped(("x.csv", JOBS), method=zipfile.ZIP_BZIP2), "unsupported_file_type", "other than deflate"),
        (changed(zipped(("x.csv", JOBS)), 16, "<I", 1), "incomplete_file", "Bad CRC-32"),
        (changed(zipped(("x.csv", JOBS * 99)), 24, "<I", 10), "incomplete_file", "is damaged in the archive"),
        (changed(zipped(("x.csv", JOBS)), 24, "<I", 10_000), "incomplete_file", "is damaged in the archive"),
        (changed(zipped(("x.csv", JOBS)), 42, "<I", 20), "incomplete_file", "is damaged in the archive"),
    ],
    ids=itertools.count(),  # the archives carry the time at which they were made
)
def test_a_bad_file_in_an_archive_is_named_and_costs_no_other_its_error(send, archive, code, message):
    ((found, sentence),) = errors(send(archive))
    assert found == code
    assert message in sentence
    assert sentence.startswith("a.zip/")


def test_every_bad_file_has_its_error(send):
    archive = zipped(("in.zip", zipped()), ("jobs.csv", JOBS), ("x.gz", gzip.compress(b"x")))
    found = send(archive)
    assert [code for code, _ in errors(found)] == ["unsupported_file_type"] * 2
    assert contents(found) == [("a.zip/jobs.csv", JOBS)]


def test_an_archive_with_one_bad_byte_anywhere(tmp_path):
    archive = zipped(("a/jobs.csv", JOBS), ("users.csv", JOBS * 20))
    path = tmp_path / "upload"
    for offset in range(len(archive)):
        for change in (0xFF, 0x01, 0x80):
            data = bytearray(archive)
            data[offset] ^= change
            path.write_bytes(data)
            with suppress(PermanentError):
                unpack(Candidate(path, "a.zip"), tmp_path / f"unpacked-{offset}-{change}")


def test_bombs(send):
    zeros = zipped(("x.csv", b"0" * 20_000_000))
    for limits, code, part in (
        ({}, "archive_bomb", "more than 200 times its size (setting MAX_UNPACK_RATIO)"),
        ({"max_expanded_bytes": 10_000_000}, "file_too_large", "(setting MAX_UNPACKED_MB)"),
        ({"max_bytes": 100}, "file_too_large", "(setting MAX_UPLOAD_MB)"),
    ):
        with pytest.raises(PermanentError) as refused:
            send(zeros, **limits)
        assert refused.value.code == code
        assert part in refused.value.message


def test_a_bomb_that_lies_about_its_size_unpacks_to_no_more_than_it_says(send):
    found = send(changed(zipped(("x.csv", b"0" * 20_000_000)), 24, "<I", 1000))
    assert errors(found)[0][0] == "incomplete_file"


def test_files_that_share_bytes(send):
    """As in David Fifield's "A better zip bomb": many entries of the directory point to one file."""
    archive = zipped(("a", b"0" * 1000), ("b", b"1" * 1000))
    with pytest.raises(PermanentError, match="overlap"):
        send(changed(archive, 42, "<I", 0, entry=1))


@pytest.mark.parametrize("count", [11, 20_000], ids=["over the limit", "more than are ever looked at"])
def test_too_many_files(send, count):
    archive = zipped(*((f"{number:0>40}", b"") for number in range(count)), method=zipfile.ZIP_STORED)
    with pytest.raises(PermanentError, match=r"more than 10 files.*MAX_ARCHIVE_FILES"):
        send(archive, max_files=10)


def test_gzip_of_what_is_read_from_many_places_is_unpacked(send, tmp_path):
    pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "p")
    table = (tmp_path / "p").read_bytes()
    assert contents(send(gzip.compress(table), "jobs.parquet.gz")) == [("jobs.parquet", table)]


def test_gzip_of_text_stays_as_it_is(send):
    packed = gzip.compress(JOBS)
    for data in (packed, packed[:-5], packed[:5], JOBS):
        assert contents(send(data, "jobs.csv.gz")) == [("jobs.csv.gz", data)]


def test_a_gzip_bomb_of_a_pdf(send):
    with pytest.raises(PermanentError, match="more than 200 times"):
        send(gzip.compress(b"%PDF-1.4" + b"0" * 20_000_000), "a.pdf.gz")

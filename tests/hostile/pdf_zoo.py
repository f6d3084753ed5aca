"""PDF files that damage, age, mistakes and malice make, each with the states in which reading it may end."""

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> %s >> >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
TEXT = b"BT /F 12 Tf 20 100 Td (Good text) Tj ET"


@dataclass(frozen=True)
class Pdf:
    """`states`: of these the document has one. `text`: part of what was read, on whichever page."""

    title: str
    content: bytes
    states: Sequence[str] = ("ok",)
    text: str = ""


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def packed(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + entries)


def written(*objects: bytes, shift: int = 0, trailer: bytes = b"") -> bytes:
    """A file of objects numbered from 1; the first is the catalog. `shift`: how wrong the offsets are."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(out.tell() + shift)
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    size = len(objects) + 1
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start))
    return out.getvalue()


def one_page(content: bytes = TEXT, resources: bytes = b"", *more: bytes) -> bytes:
    return written(CATALOG, PAGES, PAGE % resources, stream(content), FONT, *more)


def encrypted(user: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(one_page())))
    writer.encrypt(user, "owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(5, count + 5))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R /Resources << /Font << /F 4 0 R >> >> >>"
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return written(CATALOG, pages, stream(TEXT), FONT, *[page] * count)


def deep_tree(depth: int) -> bytes:
    """Each node has one child, the last of them a page."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1) for number in range(2, depth + 2)]
    page = b"<< /Type /Page /MediaBox [0 0 9 9] /Parent %d 0 R >>" % (depth + 1)
    return written(CATALOG, *nodes, page)


def cases() -> Iterator[Pdf]:
    yield Pdf("one page", one_page(), text="Good text")
    yield from _trees()
    yield from _damage()
    yield from _passwords()
    yield from _bombs()
    yield from _oddities()


def _trees() -> Iterator[Pdf]:
    failed = ("corrupt", "partial", "timeout", "limit", "no_text")
    itself = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    yield Pdf("a page tree that is its own child", written(CATALOG, itself), failed)
    round_about = b"<< /Type /Pages /Kids [3 0 R] /Count 2 >>", b"<< /Type /Pages /Kids [2 0 R] /Count 2 >>"
    yield Pdf("a page tree that goes round", written(CATALOG, *round_about), failed)
    both = b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>"
    loop_behind = written(CATALOG, both, PAGE % b"", stream(TEXT), FONT)
    yield Pdf("a page, and then the tree again", loop_behind, ("ok", *failed))
    yield Pdf("a tree that is 3,000 deep", deep_tree(3000), failed)
    lies = b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>"
    yield Pdf("a count that lies", written(CATALOG, lies, PAGE % b"", stream(TEXT), FONT), ("ok", *failed))
    yield Pdf("10,000 pages", many_pages(10_000), ("limit",), text="Good text")
    yield Pdf("no page", written(CATALOG, b"<< /Type /Pages /Kids [] /Count 0 >>"), ("no_text", "corrupt"))


def _damage() -> Iterator[Pdf]:
    whole = one_page()
    damaged = ("corrupt", "partial", "no_text", "ok")
    yield Pdf(
        "offsets that are wrong",
        written(CATALOG, PAGES, PAGE % b"", stream(TEXT), FONT, shift=7),
        text="Good",
    )
    for share in (10, 50, 90, 99):
        yield Pdf(f"cut off behind {share} %", whole[: len(whole) * share // 100], damaged)
    yield Pdf("without its end", whole[: whole.index(b"startxref")], damaged)
    yield Pdf("junk before and behind", b"junk\n" * 9 + whole + b"\x00" * 999, damaged)
    before = written(CATALOG, PAGES, PAGE % b"", stream(TEXT), FONT, trailer=b"/Prev 99999999")
    yield Pdf("an earlier table that is not there", before, damaged)
    start = whole.index(b"xref\n")
    itself = whole.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % start)
    yield Pdf("a table that follows itself", itself, (*damaged, "timeout"))
    yield Pdf("a stream of garbage", one_page(b"\xff\x00(((" * 999), damaged)
    flate = written(CATALOG, PAGES, PAGE % b"", stream(b"not packed", b"/Filter /FlateDecode"), FONT)
    yield Pdf("a stream that is not packed", flate, damaged)


def _passwords() -> Iterator[Pdf]:
    yield Pdf("a password", encrypted("secret"), ("encrypted",))
    yield Pdf("a password for changes alone", encrypted(""), text="Good text")


def _bombs() -> Iterator[Pdf]:
    size = 60_000
    row = zlib.compress(bytes(64_000_000), 9)
    image = stream(
        row,
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
        b" /Filter /FlateDecode" % (size, size),
    )
    drawn = TEXT + b" q 200 0 0 200 0 0 cm /I Do Q"
    yield Pdf("a huge image", one_page(drawn, b"/XObject << /I 6 0 R >>", image), text="Good text")
    ends = ("limit", "timeout", "partial", "no_text", "corrupt", "ok")
    twice = zlib.compress(zlib.compress(b" " * 300_000_000, 9), 9)
    bomb = stream(twice, b"/Filter [/FlateDecode /FlateDecode]")
    yield Pdf("a page that unpacks to 300 MB", written(CATALOG, PAGES, PAGE % b"", bomb, FONT), ends)
    form = stream(
        b"/X Do /X Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>",
    )
    yield Pdf("a form that draws itself", one_page(b"/X Do", b"/XObject << /X 6 0 R >>", form), ends)
    yield Pdf("arrays 20,000 deep", one_page(b"[" * 20_000 + b"]" * 20_000 + b" TJ"), ends)


def _oddities() -> Iterator[Pdf]:
    document = FPDF()
    document.set_title("../../etc/\u202efdp.txt\x00")
    document.set_font("Helvetica", size=12)
    document.add_page()
    document.multi_cell(0, 10, "Good text")
    yield Pdf("a title that is a path and reads backwards", bytes(document.output()), text="Good text")
    nul = b"BT /F 12 Tf 20 100 Td (Good\\000 text) Tj ET"
    yield Pdf("a NUL in its text", one_page(nul), text="Good")

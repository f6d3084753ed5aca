"""The bytes of a file as UTF-8 text with `\\n` line ends, whatever its encoding and compression."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import FileFormat

UTF8_NAMES = ("utf-8", "utf-8-sig", "ascii")
BOM = "\ufeff".encode()


class ByteSource:
    """Reads a file in pieces. `taken()` tells how far the stored file was consumed since the last call."""

    def __init__(self, stored: BinaryIO, fmt: FileFormat) -> None:
        self._stored = stored
        self._plain = cast("BinaryIO", gzip.GzipFile(fileobj=stored)) if fmt.compression == "gzip" else stored
        self._decoder = None if fmt.encoding in UTF8_NAMES else codecs.getincrementaldecoder(fmt.encoding)()
        self._encoding = fmt.encoding
        self._is_cr = fmt.newline == "\r"
        self._at_start = True
        self._reported = 0

    def read(self, size: int) -> bytes:
        """About `size` bytes of UTF-8 text without a byte order mark; b"" only at the end of the file."""
        while True:
            piece = self._read_plain(max(size, len(BOM)))
            text = self._to_utf8(piece)
            if text or not piece:
                return text

    def taken(self) -> int:
        position = self._stored.tell()
        delta, self._reported = position - self._reported, position
        return delta

    def _read_plain(self, size: int) -> bytes:
        try:
            return self._plain.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableFile(f"The gzip file is damaged: {error}.") from error

    def _to_utf8(self, piece: bytes) -> bytes:
        text = piece if self._decoder is None else self._decode(piece, self._decoder)
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix(BOM)
        return text.replace(b"\r", b"\n") if self._is_cr else text

    def _decode(self, piece: bytes, decoder: codecs.IncrementalDecoder) -> bytes:
        try:
            return decoder.decode(piece, final=not piece).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"The file is not valid {self._encoding}: {error.reason} before byte {self._stored.tell()}."
            ) from error


@contextmanager
def open_source(path: Path, fmt: FileFormat) -> Iterator[ByteSource]:
    with path.open("rb") as stored:
        yield ByteSource(stored, fmt)

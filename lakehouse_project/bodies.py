"""Bodies of requests as they come over the network."""

from typing import Protocol


class ByteStream(Protocol):
    """What a web server gives as `wsgi.input`."""

    def read(self, size: int = -1, /) -> bytes: ...

    def readline(self, size: int = -1, /) -> bytes: ...


class WholeBody:
    """A body of `length` bytes that ends early is an error.

    For the web server it is just the end when a sender goes away, and half a file would be taken for a whole one.
    """

    def __init__(self, stream: ByteStream, length: int) -> None:
        self._stream = stream
        self._missing = length

    def read(self, size: int = -1, /) -> bytes:
        return self._counted(self._stream.read(size), size)

    def readline(self, size: int = -1, /) -> bytes:
        return self._counted(self._stream.readline(size), size)

    def _counted(self, piece: bytes, size: int) -> bytes:
        self._missing -= len(piece)
        if not piece and size and self._missing > 0:
            raise ConnectionError(f"The body ended {self._missing:,} bytes early.")
        return piece

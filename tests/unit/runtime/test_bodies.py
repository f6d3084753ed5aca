"""A body that ends early is an error."""

import io

import pytest

from lakehouse_project.bodies import WholeBody


def test_a_whole_body() -> None:
    body = WholeBody(io.BytesIO(b"one\ntwo"), 7)
    assert [body.readline(), body.read(0), body.read(2), body.read(), body.read()] == [
        b"one\n",
        b"",
        b"tw",
        b"o",
        b"",
    ]


def test_a_body_that_ends_early() -> None:
    body = WholeBody(io.BytesIO(b"one"), 7)
    assert body.read(5) == b"one"
    for read in (body.read, body.readline):
        with pytest.raises(ConnectionError, match="4 bytes early"):
            read(5)


def test_no_body() -> None:
    assert WholeBody(io.BytesIO(b""), 0).read(10) == b""

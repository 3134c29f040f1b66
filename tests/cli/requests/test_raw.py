"""A request in a file: every byte of its body counts."""

import pytest

from inspector.cli.requests.raw import body_request, parse_request
from inspector.errors import ConfigError


def test_a_request_as_it_was_on_the_wire() -> None:
    request, note = parse_request(
        "f",
        b"POST /in/a?b=%zz HTTP/1.1\r\nHost: x\r\nx-DUP: 1\r\nX-Dup:  2 \r\nX-Raw: \xff\r\n\r\n\x00\r\n\r\nbody",
    )

    assert (request.method, request.target) == ("POST", b"/in/a?b=%zz")
    assert request.headers.pairs == (
        (b"Host", b"x"),
        (b"x-DUP", b"1"),
        (b"X-Dup", b"2"),
        (b"X-Raw", b"\xff"),
    )
    assert request.body == b"\x00\r\n\r\nbody"
    assert note is None


@pytest.mark.parametrize(
    "content", [b"GET / HTTP/1.0", b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_no_headers_and_no_body(content: bytes) -> None:
    request, _ = parse_request("f", content)

    assert (request.method, len(request.headers), request.body) == ("GET", 0, b"")


def test_an_editors_line_ends() -> None:
    """The head may be parted by LF; a body's own line ends stay."""
    request, _ = parse_request("f", b"POST / HTTP/1.1\nA: 1\n\n{\r\n}\n")

    assert request.headers.pairs == ((b"A", b"1"),)
    assert request.body == b"{\r\n}\n"


def test_what_comes_after_the_content_length() -> None:
    """Most often a line feed that an editor added: left out, and said so."""
    request, note = parse_request("f", b"POST / HTTP/1.1\nContent-Length: 2\n\n{}\n")

    assert request.body == b"{}"
    assert note == "f: 1 bytes after Content-Length are left out"


def test_a_body_that_is_too_short_is_taken_as_it_is() -> None:
    request, note = parse_request("f", b"POST / HTTP/1.1\nContent-Length: 9\n\n{}")

    assert request.body == b"{}"
    assert note == "f: the body has 2 bytes, its Content-Length says 9"


@pytest.mark.parametrize("length", [b"x", b"-1", b"", "²".encode()])
def test_a_content_length_that_is_none_changes_nothing(length: bytes) -> None:
    request, note = parse_request("f", b"POST / HTTP/1.1\nContent-Length: " + length + b"\n\n{}")

    assert (request.body, note) == (b"{}", None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with no request line"),
        (b'{"a": 1}', "begins with no request line"),
        (b"\x00\xff\x1b", "begins with no request line"),
        (b"HTTP/1.1 200 OK\n\n", "begins with no request line"),
        (b"POST / HTTP/2\n\n", "begins with no request line"),
        (b"POST / HTTP/1.1\nno colon\n\n", "'no colon' is not a header"),
        (b"POST / HTTP/1.1\n: x\n\n", "is not a header"),
        (b"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\n{}\r\n0\r\n\r\n", "in chunks"),
    ],
)
def test_what_cannot_be_read(content: bytes, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_request("f", content)


def test_a_body_alone() -> None:
    request = body_request(b"POST / HTTP/1.1\n\n", ["X-A: b: c", "X-Empty:"])

    assert request.body == b"POST / HTTP/1.1\n\n"
    assert request.headers.pairs == ((b"X-A", b"b: c"), (b"X-Empty", b""))

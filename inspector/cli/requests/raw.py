"""One HTTP/1 request as it lies in a file: what `verify` reads."""

import re
from collections.abc import Sequence

from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Request
from inspector.core.text import decode, encode
from inspector.errors import ConfigError

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.[01]")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def parse_request(name: str, content: bytes) -> tuple[Request, str | None]:
    """Read request line, headers and body; also return a sentence if the body is not as long as the head says.

    Lines may end in LF alone, as an editor leaves them. Raises ConfigError, with the file's `name`.
    """
    end = _HEAD_END.search(content)
    head, body = (content[: end.start()], content[end.end() :]) if end else (content, b"")
    first, *lines = re.split(rb"\r?\n", head.rstrip(b"\r\n"))
    start = _REQUEST_LINE.fullmatch(first)
    if start is None:
        raise ConfigError(
            f"{name}: begins with no request line such as 'POST /in/demo HTTP/1.1'; "
            "if it is a body alone, give its headers with --header"
        )
    headers = Headers(tuple(parse_header(decode(line)) for line in lines))
    if b"Transfer-Encoding" in headers:
        raise ConfigError(
            f"{name}: a body in chunks is not read here: save it joined, without Transfer-Encoding"
        )
    body, note = _cut(name, body, headers.get(b"Content-Length"))
    return Request(decode(start[1]), start[2], headers, body), note


def body_request(body: bytes, headers: Sequence[str]) -> Request:
    """Return a POST of `body` with headers given as `Name: value`."""
    return Request("POST", b"/", Headers(tuple(map(parse_header, headers))), body)


def parse_header(line: str) -> HeaderPair:
    """Read `Name: value`. Raises ConfigError."""
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f"'{line}' is not a header such as 'X-Signature: abc'")
    return encode(name.strip()), encode(value.strip(" \t\r\n"))


def _cut(name: str, body: bytes, length: bytes | None) -> tuple[bytes, str | None]:
    if length is None or not length.isdigit() or int(length) == len(body):
        return body, None
    declared = int(length)
    if declared < len(body):  # most often the line feed that an editor put at the end
        left = len(body) - declared
        return body[:declared], f"{name}: {left} bytes after Content-Length are left out"
    return body, f"{name}: the body has {len(body)} bytes, its Content-Length says {declared}"

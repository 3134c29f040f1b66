"""What a body may be a part of, or be around: JSON within JSON, JSON that is cut off, JSON that something follows."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

BLANKS = " \t\r\n"
"""White space, as JSON knows it (RFC 8259, 2)."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_EMBEDDED_KEYS = ("body", "payload", "rawBody", "raw_body", "data", "Message", "content")
_CLOSERS = {"{": "}", "[": "]"}
_OPEN_MAX = 32


def read(body: bytes) -> tuple[str, Any]:
    """Return the JSON text in `body` and its value; an empty text if it is none."""
    text = _decoded(body)
    try:
        return text, json.loads(text)
    except (ValueError, RecursionError):
        return "", None


def embedded(document: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the texts that a JSON value holds as strings, where relays put what they relay."""
    if isinstance(document, str):
        yield "a single string", document.encode("utf-8", "surrogatepass")
    if isinstance(document, dict):
        for key in _EMBEDDED_KEYS:
            if isinstance(text := document.get(key), str):
                yield f"under '{key}'", text.encode("utf-8", "surrogatepass")


def end_of_document(body: bytes) -> int | None:
    """Return how many bytes the JSON at the start of `body` takes, if something else follows it."""
    text = _decoded(body)
    if not text.startswith(tuple(_CLOSERS)):
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return len(body) - len(body.lstrip()) + len(text[:end].encode())


def closed(body: bytes) -> Iterator[bytes]:
    """Yield a JSON text that stops in the middle with all that is open in it closed."""
    text = _decoded(body)
    if not text.startswith(tuple(_CLOSERS)):
        return
    skeleton = _STRING.sub("", text)
    skeleton, quote, _ = skeleton.partition('"')
    missing: list[str] = []
    for mark in skeleton:
        if mark in _CLOSERS:
            missing.append(_CLOSERS[mark])
        elif missing and mark == missing[-1]:
            missing.pop()
    if missing and len(missing) <= _OPEN_MAX:
        end = quote + "".join(reversed(missing))
        yield body + end.encode()
        yield body + end.encode() + b"\n"


def _decoded(body: bytes) -> str:
    try:
        return body.removeprefix(BOM_UTF8).decode().strip(BLANKS)
    except UnicodeError:
        return ""

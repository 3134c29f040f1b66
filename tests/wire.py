"""Requests put on the wire byte by byte, as no client would send them, and what may be shown of what comes back."""

import asyncio
import json
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inspector.core.headers import HeaderPair
from inspector.store.values import decode_headers
from scripts.screen import STEERING

PARSERS = {"C": {}, "Python": {"AIOHTTP_NO_EXTENSIONS": "1"}}
"""aiohttp's two, each by the environment in which an inspector runs on it."""
_CORPUS = Path(__file__).parent / "vectors" / "bad_http.json"

ANSWER_S = 30
"""Only so that a test that has gone wrong ends."""
HOSTILE = b"\x1b[2J\x1b]52;c;eA==\x07\0\x7f\xc2\x9b2J\x9b2J\xe2\x80\xae[/][@click=app.quit]\r\n"
"""Clears a screen, writes a clipboard, turns text round, and speaks the markup of terminals' libraries."""
HOSTILE_JSON = b"\\u001b]52;c;eA==\\u0007\\u001b[2J\\u0000\\u009b2J\\u202e[/][@click=app.quit]"
"""The same inside a JSON string, where only a parser makes it what it is."""
HIDING = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""As a class of a regular expression, like STEERING: what nobody sees, and what is no character."""

STACK = "[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{9,}"
"""Marks on one letter that are drawn over the lines above it."""


@dataclass(frozen=True)
class Wire:
    """One request, well framed, whatever else is wrong with it."""

    method: bytes = b"POST"
    target: bytes = b"/in/demo"
    headers: tuple[HeaderPair, ...] = ()
    body: bytes = b""

    @property
    def pairs(self) -> list[HeaderPair]:
        """Every header field in its order."""
        return [
            (b"Host", b"h"),
            *self.headers,
            (b"Content-Length", b"%d" % len(self.body)),
            (b"Connection", b"close"),
        ]

    @property
    def raw(self) -> bytes:
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target)]
        lines += [b"%b: %b" % pair for pair in self.pairs]
        return b"\r\n".join([*lines, b"", self.body])


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def talk(url: str, raw: bytes) -> bytes:
    """Send `raw`; return everything that comes back until the other side closes."""
    reader, writer = await connect(url)
    try:
        writer.write(raw)
        async with asyncio.timeout(ANSWER_S):
            return await reader.read()
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def stored_as(answer: bytes) -> int:
    """Return the number of the delivery that this answer acknowledges."""
    found = re.search(rb"\AHTTP/1\.1 200 OK\r\n.*\r\n\r\nstored as #([0-9]+)\n", answer, re.DOTALL)
    assert found, answer
    return int(found[1])


def assert_harmless(printed: str) -> None:
    """Whoever prints this moves no cursor but by its line feeds, and hides, turns round and paints over no text."""
    assert re.findall(f"[{STEERING}{HIDING}]|{STACK}", printed) == []


@dataclass(frozen=True)
class Kept:
    """What there is to keep of one request."""

    method: bytes
    target: bytes
    pairs: tuple[HeaderPair, ...]
    body: bytes


_TOKEN = rb"[0-9A-Za-z!#$%&'*+.^_`|~-]+"
_LINE = re.compile(rb"(%b) +([^\0-\x20\x7f]+) HTTP/1\.([01])" % _TOKEN)
_FIELD = re.compile(rb"(%b):[ \t]*((?:[^\0-\x08\n-\x1f\x7f]*[^\0-\x20\x7f])?)[ \t]*" % _TOKEN)
_CHUNK = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\n]*)?\r\n")
_TRAILERS = re.compile(rb"(?:[^\r\n][^\n]*\r\n)*\r\n")


def requests_in(raw: bytes) -> list[Kept]:
    """Read what a connection was sent, request after request, up to the first that is not whole or not HTTP/1.

    By the grammar of RFC 9112 alone, and without a line of the receiver's. What is read two ways is not read at all.
    """
    found = []
    position = 0
    while (one := _request_at(raw, position)) is not None:
        request, position = one
        found.append(request)
    return found


def _request_at(raw: bytes, start: int) -> tuple[Kept, int] | None:
    while raw[start : start + 1] in {
        b"\r",
        b"\n",
    }:  # 2.2: an empty line before a request is none of it
        start += 1
    end = raw.find(b"\r\n\r\n", start)
    if end < 0:
        return None
    first, *lines = raw[start:end].split(b"\r\n")
    line = _LINE.fullmatch(first)
    fields = [_FIELD.fullmatch(each) for each in lines]
    if line is None or None in fields:
        return None
    pairs = tuple((each[1], each[2]) for each in fields if each)
    body = _body_at(raw, end + 4, pairs, chunks=line[3] == b"1")
    return (Kept(line[1], line[2], pairs, body[0]), body[1]) if body else None


def _body_at(
    raw: bytes, start: int, pairs: tuple[HeaderPair, ...], *, chunks: bool
) -> tuple[bytes, int] | None:
    codings = [value.lower() for name, value in pairs if name.lower() == b"transfer-encoding"]
    lengths = [value for name, value in pairs if name.lower() == b"content-length"]
    if codings:
        return (
            _chunks_at(raw, start) if chunks and codings == [b"chunked"] and not lengths else None
        )
    if not lengths:
        return b"", start
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,4000}", lengths[0]):
        return None
    end = start + int(lengths[0])
    return (raw[start:end], end) if end <= len(raw) else None


def _chunks_at(raw: bytes, start: int) -> tuple[bytes, int] | None:
    pieces: list[bytes] = []
    while head := _CHUNK.match(raw, start):
        size = int(head[1], 16)
        if not size:
            trailers = _TRAILERS.match(raw, head.end())
            return (b"".join(pieces), trailers.end()) if trailers else None
        start = head.end() + size + 2
        if raw[start - 2 : start] != b"\r\n":
            return None
        pieces.append(raw[head.end() : start - 2])
    return None


def statuses(answers: bytes) -> list[int]:
    """Return the status of every final answer on a connection; the last may be cut short."""
    found = []
    while head := re.match(rb"HTTP/1\.[01] ([0-9]{3})[^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n", answers):
        length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)\r", head[0])
        answers = answers[head.end() + (int(length[1]) if length else 0) :]
        if not head[1].startswith(b"1"):
            found.append(int(head[1]))
    assert not answers.startswith(b"HTTP/") or b"\r\n\r\n" not in answers, answers
    return found


def bad_http() -> dict[str, dict[str, Any]]:
    """Return the cases of the corpus of bad HTTP by name."""
    cases = json.loads(_CORPUS.read_text("utf-8"))["cases"]
    return {case["name"]: case for case in cases}


class Records:
    """Reads what an inspector keeps, past everything of the inspector's but the columns."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)

    def close(self) -> None:
        self._connection.close()

    def last(self) -> int:
        (number,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM delivery").fetchone()
        return int(number)

    def after(self, number: int, *, but: str) -> list[Kept]:
        """Return the deliveries since `number` but those of the endpoint `but`, in order."""
        rows = self._connection.execute(
            "SELECT method, target, headers, body FROM delivery WHERE id > ? AND endpoint != ? ORDER BY id",
            (number, but),
        )
        return [_kept(row) for row in rows]

    def since(self, number: int, peer: str) -> list[Kept]:
        """Return the deliveries since `number` that `peer` sent, `host:port`, in order."""
        rows = self._connection.execute(
            "SELECT method, target, headers, body FROM delivery WHERE id > ? AND peer = ? ORDER BY id",
            (number, peer),
        )
        return [_kept(row) for row in rows]


def _kept(row: tuple[str, bytes, bytes, bytes]) -> Kept:
    method, target, headers, body = row
    return Kept(method.encode(), target, decode_headers(headers).pairs, body)

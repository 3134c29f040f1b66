"""Requests put on the wire byte by byte, as no client would send them, and what may be shown of what comes back."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from inspector.core.headers import HeaderPair

ANSWER_S = 30
"""Only so that a test that has gone wrong ends."""
HOSTILE = b"\x1b[2J\x1b]52;c;eA==\x07\0\x7f\xc2\x9b2J\x9b2J\xe2\x80\xae[/][@click=app.quit]\r\n"
"""Clears a screen, writes a clipboard, turns text round, and speaks the markup of terminals' libraries."""
HOSTILE_JSON = b"\\u001b]52;c;eA==\\u0007\\u001b[2J\\u0000\\u009b2J\\u202e[/][@click=app.quit]"
"""The same inside a JSON string, where only a parser makes it what it is."""

STEERING = "\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""As a class of a regular expression: what moves a cursor or turns text round. C0 but LF, DEL, C1, directions."""


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
    """Whoever prints this moves no cursor but by its line feeds, and hides and turns round no text."""
    assert re.findall(f"[{STEERING}]", printed) == []

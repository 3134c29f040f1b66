"""Requests written byte by byte, to say what no client library would say."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 30
"""Only so that a test that has gone wrong ends."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The sentence of an error; there must be nothing but it."""
        data: Any = json.loads(self.body)
        assert list(data) == ["error"]
        return str(data["error"])


async def ask(
    port: int,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str | bytes]] = (),
    body: bytes = b"",
    *,
    version: str = "HTTP/1.1",
) -> Answer:
    """Send one request with these headers and no others but the framing; read the answer's head and body."""
    lines = [f"{method} {path} {version}".encode()]
    for name, value in headers:
        lines.append(
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        )
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"\r\n".join([*lines, b"", b""]) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            return await _answer(head, reader, bodiless=method == "HEAD")
        finally:
            writer.close()


async def _answer(head: bytes, reader: asyncio.StreamReader, *, bodiless: bool) -> Answer:
    status_line, *fields = head.decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    length = 0 if bodiless else int(headers.get("content-length", "0"))
    body = await reader.readexactly(length)
    return Answer(int(status_line.split()[1]), headers, body)

"""A reply as bytes on the wire. aiohttp's own responses would re-encode the target's headers, and add to them."""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from inspector.core.model import Reply

_BODILESS = frozenset({204, 304})
"""Besides 1xx: statuses whose answer ends with its head (RFC 9112, 6.3)."""


class Answer(web.StreamResponse):
    """Writes a `Reply` as it is, with the framing and the Date that an answer needs."""

    def __init__(self, reply: Reply, *, close: bool = False) -> None:
        super().__init__(status=reply.status)
        self._reply = reply
        self._stays_open = not close
        self._request: web.BaseRequest | None = None

    @property
    def keep_alive(self) -> bool:
        """Whether the connection takes another request: that may have changed since the answer said so."""
        return self._stays_open and (self._request is None or self._request.keep_alive)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write head and body in one piece."""
        self._request = request
        self._stays_open = self.keep_alive
        data = _head(self._reply, closes=not self._stays_open)
        if request.method != "HEAD" and self._reply.status not in _BODILESS:
            data += self._reply.body
        await request.writer.write(data)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: `prepare` wrote it all."""


def _head(reply: Reply, *, closes: bool) -> bytes:
    lines = [_status_line(reply.status)]
    lines += [b"%b: %b" % pair for pair in reply.headers.pairs]
    if b"Date" not in reply.headers:
        lines.append(_date(int(time.time())))
    if reply.status not in _BODILESS:
        lines.append(b"Content-Length: %d" % len(reply.body))
    if closes:
        lines.append(b"Connection: close")
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:  # a target's own; the phrase may be empty (RFC 9112, 4)
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}".encode()


@lru_cache(maxsize=1)
def _date(now_s: int) -> bytes:
    return b"Date: " + formatdate(now_s, usegmt=True).encode()

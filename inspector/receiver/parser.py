"""What both of aiohttp's request parsers have in common here: the C one (llhttp) and the one in Python.

Each lets something through that the other refuses, or that cannot be kept as it was sent. `StrictParser` stands in
front of either; what only the Python parser can see is `PythonParser`'s.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from aiohttp import hdrs
from aiohttp.http import HttpVersion10, RawRequestMessage
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    BadStatusLine,
    HttpProcessingError,
    InvalidURLError,
)
from aiohttp.http_parser import HttpRequestParserPy
from aiohttp.streams import StreamReader
from aiohttp.web import RequestPayloadError
from multidict import CIMultiDictProxy

_LENGTH_MAX_DIGITS = 19
"""More than any body has bytes. Python's int() gives up at 4,300."""
_LINE_MAX_BYTES = 16_384
"""A request line is at most half as long: aiohttp sees to that."""

Parsed = Sequence[tuple[RawRequestMessage, StreamReader]]


class Parser(Protocol):
    """What aiohttp's server asks of a parser."""

    def feed_data(self, data: bytes, /) -> tuple[Parsed, bool, bytes]:
        """Return the requests whose heads are complete, whether the protocol changes, and what is left."""

    def message_consumed(self) -> None:
        """Note that a request has been taken off the queue."""

    def pause_reading(self) -> None:
        """Stop at the next piece of the body."""

    def set_upgraded(self, val: bool, /) -> None:  # noqa: FBT001 - aiohttp's signature
        """Note whether another protocol is spoken now."""


class PythonParser(HttpRequestParserPy):
    """aiohttp's parser in Python, without what it changes (methods) and stumbles over (lengths)."""

    def parse_message(self, lines: list[bytes]) -> RawRequestMessage:
        """Return one request's head; raise HttpProcessingError."""
        message = super().parse_message(lines)
        if not lines[0].startswith(message.method.encode() + b" "):
            # It says `POST` for `post`, which is another method (RFC 9110, 9.1). llhttp knows none in small letters.
            raise BadHttpMethod(error="Invalid method in small letters")
        _check_length(message.headers)
        return message


class StrictParser:
    """Refuses what its parser should have, and tells the reader of a broken body at once."""

    def __init__(self, parser: Parser, refused: Callable[[HttpProcessingError], None]) -> None:
        self._parser = parser
        self._refused = refused
        self._failed = False
        self._content: StreamReader | None = None
        self._start: bytes | None = b""
        """What the connection began with, until its first head is complete."""
        self.message_consumed = parser.message_consumed
        self.pause_reading = parser.pause_reading
        self.set_upgraded = parser.set_upgraded

    @property
    def is_inside_body(self) -> bool:
        """Whether the last request's body is still to come, or a part of it."""
        return self._content is not None and not self._content.is_eof()

    def feed_data(self, data: bytes) -> tuple[Parsed, bool, bytes]:
        """Return what the parser does of `data`; raise HttpProcessingError. After an error nothing is read."""
        if self._failed:
            return (), False, b""
        if self._start is not None:
            self._start = (self._start + data).lstrip(b"\r\n")[:_LINE_MAX_BYTES]
        try:
            messages, upgraded, tail = self._parser.feed_data(data)
            checked = [(self._checked(message), content) for message, content in messages]
        except HttpProcessingError as error:
            self._failed = True
            broken = RequestPayloadError(str(error))
            broken.__cause__ = error
            self.abandon_body(broken)  # llhttp's reader would go on waiting for the rest
            self._refused(error)
            raise
        if checked:
            self._content = checked[-1][1]
        return checked, upgraded, tail

    def _checked(self, message: RawRequestMessage) -> RawRequestMessage:
        """Return the head, as that of the connection's last request if the next would be read wrong.

        After a request to upgrade or to connect, llhttp throws away what it has read besides, be it half a request.
        After a chunked one, aiohttp gives its last trailer to the next as a header. Raises HttpProcessingError.
        """
        _check_length(message.headers)
        if not message.path.startswith("/"):
            _check_host(message)
        old = message.version == HttpVersion10
        if old:
            self._check_protocol()
        self._start = None
        closes = old or message.upgrade or message.chunked or message.method == hdrs.METH_CONNECT
        return message._replace(should_close=True) if closes else message

    def _check_protocol(self) -> None:
        """Refuse RTSP/1.0 and ICE/1.0, which llhttp takes for HTTP/1.0, by the one request line that is at hand.

        So HTTP/1.0 is spoken by the first request of a connection, which is its last.
        """
        line = (self._start or b"").partition(b"\r\n")[0]
        if not line.endswith(b" HTTP/1.0"):
            raise BadStatusLine(error="Invalid protocol: HTTP/1.0 or HTTP/1.1 is spoken here")

    def abandon_body(self, error: Exception) -> None:
        """Raise `error` in whoever reads a body of which a part is still to come."""
        if self._content is not None and self.is_inside_body:
            self._content.set_exception(error)


def _check_length(headers: CIMultiDictProxy[str]) -> None:
    if len(headers.get(hdrs.CONTENT_LENGTH, "")) > _LENGTH_MAX_DIGITS:
        raise BadHttpMessage("Invalid Content-Length: too many digits")


def _check_host(message: RawRequestMessage) -> None:
    """Refuse an absolute target whose host yarl cannot decode: aiohttp's task would end in it, without an answer."""
    try:
        _ = message.url.host
    except ValueError as error:
        raise InvalidURLError(message.path) from error

"""aiohttp's server and its connections, with our parser in front and our words for a request that is not HTTP."""

import asyncio
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpParser, HttpRequestParserPy
from aiohttp.streams import StreamReader

from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Reply
from inspector.receiver.answer import Answer
from inspector.receiver.draining import Draining
from inspector.receiver.limits import Peers
from inspector.receiver.malformed import Malformed, reason_of
from inspector.receiver.parser import Parser, PythonParser, StrictParser
from inspector.teller import Teller

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")


class Server(Draining):
    """Makes the connections of one receiver."""

    def __call__(self) -> "Connection":
        """Return one for a socket just accepted."""
        return Connection(self, loop=self._loop, **self._kwargs)

    def _make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        return Wire(message, payload, protocol, writer, task, self._loop)


class Wire(web.BaseRequest):
    """A request as it came."""

    @property
    def keep_alive(self) -> bool:
        """Whether its connection takes another one."""
        return super().keep_alive and not cast("Connection", self._protocol).is_finished


class Connection(web.RequestHandler):
    """One connection of a sender's."""

    __slots__ = ("_counted_as", "_failures", "_finishing", "_malformed", "_peers", "_strict")

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        malformed: Malformed,
        failures: Teller,
        peers: Peers,
        **settings: Any,
    ) -> None:
        super().__init__(manager, loop=loop, **settings)
        self._peers = peers
        self._counted_as = ""
        self._finishing = False
        self._malformed = malformed
        self._failures = failures
        self._strict = StrictParser(self._inner_parser(loop), self._refused)
        self._parser = cast("HttpParser[Any]", self._strict)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is read after the request in hand: the inspector stops, and no other was waiting."""
        return self._finishing and not self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless whoever this is has enough connections."""
        host = host_of(transport)
        name = self._peers.enter(host)
        if name is None:
            self._peers.turn_away(cast("asyncio.Transport", transport), host)
        else:
            self._counted_as = name
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._peers.leave(self._counted_as)
        super().connection_lost(exc)

    def finish(self) -> int:
        """Take no request after those whose heads have come; return how many those are, and close if there are none."""
        self._finishing = True
        is_at_work = self._waiter is None and self._request_count > 0 and self._task_handler
        in_hand = len(self._messages) + bool(is_at_work)
        if not in_hand:
            self.force_close()
        return in_hand

    def give_up(self) -> None:
        """Wait no longer for the rest of a body."""
        self._strict.abandon_body(TimeoutError())

    def eof_received(self) -> bool | None:  # type: ignore[override] # asyncio's, which aiohttp narrows to None
        """Keep the way back open for the answer to a request that came whole before its sender had no more to say."""
        if self._strict.is_inside_body or not (self._messages or self._current_request):
            return None
        if self._messages:
            message, content = self._messages[-1]
            if isinstance(message, RawRequestMessage):
                self._messages[-1] = message._replace(should_close=True), content
        else:
            self.close()  # once the request in hand is answered
        return True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that the parser refused without a word of what was in it: `_refused` has told."""
        if isinstance(exc, HttpProcessingError):
            return refusal(400, "this is not HTTP as it is spoken here")
        return super().handle_error(request, status, exc, message)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what went wrong with us. aiohttp reads the rest of a broken body on its own, and stumbles."""
        error = kw.get("exc_info")
        if not isinstance(error, web.RequestPayloadError):
            self._failures.tell(args[0] % args[1:], error)

    def _refused(self, error: HttpProcessingError) -> None:
        self._malformed.tell(peer_of(self.transport), reason_of(error))

    def _inner_parser(self, loop: asyncio.AbstractEventLoop) -> Parser:
        if not isinstance(self._parser, HttpRequestParserPy):
            return cast("Parser", self._parser)
        return PythonParser(
            self,
            loop,
            self._read_bufsize,
            max_line_size=self.max_line_size,
            max_headers=self.max_headers,
            max_field_size=self.max_field_size,
            payload_exception=web.RequestPayloadError,
            auto_decompress=False,
            max_msg_queue_size=self._max_msg_queue_size,
        )


def refusal(status: int, sentence: str, *headers: HeaderPair) -> Answer:
    """Return an error's answer. It closes: the two sides may disagree where the next request starts."""
    return Answer(Reply(status, Headers((TEXT, *headers)), f"{sentence}\n".encode()), close=True)


def peer_of(transport: asyncio.BaseTransport | None) -> str:
    """Return the address of the connecting socket as `host:port`, or nothing if it is gone."""
    name = transport.get_extra_info("peername") if transport else None
    if not name:
        return ""
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_of(transport: asyncio.BaseTransport) -> str:
    """Return the address of the connecting socket alone, or nothing if it is gone."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if name else ""

"""The public HTTP door: wire -> Request, Reply -> wire. It serves `/in/<endpoint>` and nothing else.

aiohttp's low-level server parses the head; the header pairs and the body are taken raw, and no route, middleware or
body decoder of aiohttp's sees them.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion10, HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError

from inspector.core.forwarding import split_ingress
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.core.text import encode, safe
from inspector.errors import StorageError
from inspector.receiver.answer import Answer

log = logging.getLogger(__name__)

HEAD_TIMEOUT_S = 15
BODY_TIMEOUT_S = 60
BODY_IDLE_S = 10
REST_S = 1.0
"""Between two lines in the log about requests that are not HTTP."""
RETRY_AFTER = (b"Retry-After", b"5")
TEXT = (b"Content-Type", b"text/plain; charset=utf-8")

Accept = Callable[[Endpoint, Request], Awaitable[Reply]]
Resolve = Callable[[str], Awaitable[Endpoint | None]]


class Refused(Exception):
    """A request that is answered with an error and not stored."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Receiver:
    """Turns what arrives into a `Request`, hands it to `accept`, and writes the reply."""

    def __init__(self, *, resolve: Resolve, accept: Accept, body_cap_bytes: int) -> None:
        self._resolve = resolve
        self._accept = accept
        self._body_cap_bytes = body_cap_bytes

    def runner(self) -> web.ServerRunner:
        """Return the server, to be set up and given a site."""
        server = web.Server(
            self._handle,
            logger=_parser_log(),
            access_log=None,
            auto_decompress=False,  # the signature is over the bytes on the wire
            keepalive_timeout=HEAD_TIMEOUT_S,  # in aiohttp this is also the deadline of a first head
            lingering_time=2,
        )
        return web.ServerRunner(server, shutdown_timeout=10)

    async def _handle(self, wire: web.BaseRequest) -> web.StreamResponse:
        try:
            _guard(wire)
            target = encode(wire.raw_path)
            endpoint = await self._endpoint_of(target)
            content = wire.content
            if content.is_eof():  # head and body came in one piece, as most do
                body = content.read_nowait()
                if len(body) > self._body_cap_bytes:
                    raise self._too_long()
            else:
                body = await self._read_body(wire)
            request = Request(wire.method, target, Headers(wire.raw_headers), body, _peer(wire))
            reply = await self._accept(endpoint, request)
        except Refused as refusal:
            return _refusal(refusal.status, refusal.sentence)
        except StorageError as error:
            log.error("a delivery was refused: %s", error)
            return _refusal(503, "not stored; please send it again", RETRY_AFTER)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        return Answer(reply)

    async def _endpoint_of(self, target: bytes) -> Endpoint:
        place = split_ingress(target)
        endpoint = await self._resolve(place[0]) if place else None
        if endpoint is None:
            raise Refused(404, "nothing is received here: deliveries go to /in/<endpoint>")
        return endpoint

    async def _read_body(self, wire: web.BaseRequest) -> bytes:
        """Return the body as sent, de-chunked; raise Refused when it is too long or never comes."""
        declared = wire.headers.get(hdrs.CONTENT_LENGTH)
        if declared is not None and int(declared) > self._body_cap_bytes:
            raise self._too_long()
        if hdrs.EXPECT in wire.headers and wire.version == HttpVersion11 and wire.transport:
            wire.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await self._read_pieces(wire.content.readany)
        except TimeoutError:
            raise Refused(408, "the body did not arrive in time") from None
        except (HttpProcessingError, web.RequestPayloadError):
            raise Refused(400, "the body is not framed as its headers say") from None
        except ConnectionError:  # nobody is left to read this
            raise Refused(400, "the body did not arrive whole") from None

    async def _read_pieces(self, read: Callable[[], Awaitable[bytes]]) -> bytes:
        pieces: list[bytes] = []
        length = 0
        while True:
            async with asyncio.timeout(BODY_IDLE_S):
                piece = await read()
            if not piece:
                return b"".join(pieces)
            length += len(piece)
            if length > self._body_cap_bytes:
                raise self._too_long()
            pieces.append(piece)

    def _too_long(self) -> Refused:
        return Refused(413, f"a body may be at most {self._body_cap_bytes} bytes long here")


def _guard(wire: web.BaseRequest) -> None:
    """Refuse what a parser lets through and the next hop might read differently (RFC 9112, 6.1 and 6.3)."""
    version, headers = wire.version, wire.headers
    if version not in (HttpVersion11, HttpVersion10):
        raise Refused(505, "HTTP/1.0 and HTTP/1.1 are spoken here")
    if hdrs.TRANSFER_ENCODING in headers and (
        version != HttpVersion11
        or hdrs.CONTENT_LENGTH in headers
        or [each.lower() for each in headers.getall(hdrs.TRANSFER_ENCODING)] != ["chunked"]
    ):
        raise Refused(400, "Transfer-Encoding may only be one 'chunked', without Content-Length")
    if hdrs.EXPECT in headers and headers[hdrs.EXPECT].lower() != "100-continue":
        raise Refused(417, "only 100-continue can be expected here")


def _peer(wire: web.BaseRequest) -> str:
    name = wire.transport.get_extra_info("peername") if wire.transport else None
    if not name:
        return ""
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refusal(status: int, sentence: str, *headers: HeaderPair) -> Answer:
    # Closed after an error: the two sides may disagree where the next request starts.
    return Answer(Reply(status, Headers((TEXT, *headers)), f"{sentence}\n".encode()), close=True)


def _parser_log() -> logging.Logger:
    logger = logging.getLogger("inspector.receiver.parser")
    logger.filters = [_OneLine()]  # not one more for each server that a process runs
    return logger


class _OneLine(logging.Filter):
    """Makes one line a second of what aiohttp logs with a traceback for each request that is not HTTP.

    Whoever sends rubbish does not own the log.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown_at_s = -REST_S
        self._unshown = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; drop it if the last one was a moment ago."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        now_s = time.monotonic()
        if now_s - self._shown_at_s < REST_S:
            self._unshown += 1
            return False
        reason = safe(error.message.partition("\n")[0])
        others = f" (and {self._unshown} more)" if self._unshown else ""
        record.msg, record.args = "%s: not HTTP: %s%s", (record.getMessage(), reason, others)
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        self._shown_at_s, self._unshown = now_s, 0
        return True

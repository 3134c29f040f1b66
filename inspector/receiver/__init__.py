"""The public HTTP door: wire -> Request, Reply -> wire. It serves `/in/<endpoint>` and nothing else.

aiohttp's low-level server parses the head; the header pairs and the body are taken raw, and no route, middleware or
body decoder of aiohttp's sees them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion10, HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from inspector.core.forwarding import split_ingress
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.core.text import encode
from inspector.errors import StorageError
from inspector.receiver.answer import Answer
from inspector.receiver.connection import Server, peer_of, refusal
from inspector.receiver.malformed import Malformed

log = logging.getLogger(__name__)

HEAD_TIMEOUT_S = 15
BODY_TIMEOUT_S = 60
BODY_IDLE_S = 10
RETRY_AFTER = (b"Retry-After", b"5")

Accept = Callable[[Endpoint, Request], Awaitable[Reply]]
Resolve = Callable[[str], Awaitable[Endpoint | None]]


class Refused(Exception):
    """A request that is answered with an error and not stored."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class NotHttp(Refused):
    """One that the parser let through, and that another might read differently (RFC 9112, 6.1 and 6.3)."""


class Receiver:
    """Turns what arrives into a `Request`, hands it to `accept`, and writes the reply."""

    def __init__(self, *, resolve: Resolve, accept: Accept, body_cap_bytes: int) -> None:
        self._resolve = resolve
        self._accept = accept
        self._body_cap_bytes = body_cap_bytes
        self._malformed = Malformed()

    def runner(self) -> web.ServerRunner:
        """Return the server, to be set up and given a site."""
        server = Server(
            self._handle,
            malformed=self._malformed,
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
            body = await self._body_of(wire)
            request = Request(
                wire.method, target, Headers(wire.raw_headers), body, peer_of(wire.transport)
            )
            reply = await self._accept(endpoint, request)
        except Refused as refused:
            if isinstance(refused, NotHttp):
                self._malformed.tell(peer_of(wire.transport), refused.sentence)
            return refusal(refused.status, refused.sentence)
        except StorageError as error:
            log.error("a delivery was refused: %s", error)
            return refusal(503, "not stored; please send it again", RETRY_AFTER)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        return Answer(reply)

    async def _endpoint_of(self, target: bytes) -> Endpoint:
        place = split_ingress(target)
        endpoint = await self._resolve(place[0]) if place else None
        if endpoint is None:
            raise Refused(404, "nothing is received here: deliveries go to /in/<endpoint>")
        return endpoint

    async def _body_of(self, wire: web.BaseRequest) -> bytes:
        if wire.method == hdrs.METH_CONNECT:
            return _nothing(wire)
        if wire.content.is_eof():  # head and body came in one piece, as most do
            return self._read_at_once(wire.content)
        return await self._read_body(wire)

    def _read_at_once(self, content: StreamReader) -> bytes:
        try:
            body = content.read_nowait()
        except ConnectionError:  # reset before its turn came
            raise _gone() from None
        if len(body) > self._body_cap_bytes:
            raise self._too_long()
        return body

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
        except ConnectionError:
            raise _gone() from None

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


def _nothing(wire: web.BaseRequest) -> bytes:
    """Return the body of a CONNECT. For both parsers a tunnel begins where it would: it is refused, or cut off."""
    if (
        wire.headers.get(hdrs.CONTENT_LENGTH, "").strip("0")
        or hdrs.TRANSFER_ENCODING in wire.headers
    ):
        raise NotHttp(400, "a CONNECT has no body")
    return b""


def _gone() -> Refused:
    return Refused(400, "the sender left")  # so nobody reads this


def _guard(wire: web.BaseRequest) -> None:
    """Refuse what a parser lets through and the next hop might read differently."""
    version, headers = wire.version, wire.headers
    if version not in (HttpVersion11, HttpVersion10):
        raise NotHttp(505, "HTTP/1.0 and HTTP/1.1 are spoken here")
    if hdrs.TRANSFER_ENCODING in headers and (
        version != HttpVersion11
        or hdrs.CONTENT_LENGTH in headers
        # As bytes: the K of Kelvin is a k to str.lower().
        or [each.lower() for each in Headers(wire.raw_headers).get_all(b"Transfer-Encoding")]
        != [b"chunked"]
    ):
        raise NotHttp(400, "Transfer-Encoding may only be one 'chunked', without Content-Length")
    if hdrs.EXPECT in headers and any(
        each.lower() != "100-continue" for each in headers.getall(hdrs.EXPECT)
    ):
        raise Refused(417, "only 100-continue can be expected here")

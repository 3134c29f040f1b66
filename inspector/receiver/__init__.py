"""The public HTTP door: wire -> Request, Reply -> wire. It serves `/in/<endpoint>` and nothing else.

aiohttp's low-level server parses the head; the header pairs and the body are taken raw, and no route, middleware or
body decoder of aiohttp's sees them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion10, HttpVersion11

from inspector.config import ENDPOINT_NAME
from inspector.core.forwarding import split_ingress
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.core.text import encode
from inspector.errors import StorageError
from inspector.receiver.answer import Answer
from inspector.receiver.bodies import Bodies
from inspector.receiver.budget import Budget
from inspector.receiver.connection import Server, peer_of, refusal
from inspector.receiver.draining import DRAIN_S
from inspector.receiver.limits import Peers
from inspector.receiver.malformed import Malformed
from inspector.receiver.rates import Rates
from inspector.receiver.refused import NotHttp, Refused
from inspector.teller import Teller

log = logging.getLogger(__name__)

HEAD_TIMEOUT_S = 15
RETRY_AFTER = (b"Retry-After", b"5")

Accept = Callable[[Endpoint, Request], Awaitable[Reply]]
Resolve = Callable[[str], Awaitable[Endpoint | None]]


class Receiver:
    """Turns what arrives into a `Request`, hands it to `accept`, and writes the reply."""

    def __init__(
        self,
        *,
        resolve: Resolve,
        accept: Accept,
        body_cap_bytes: int,
        budget: Budget | None = None,
    ) -> None:
        self._resolve = resolve
        self._accept = accept
        self._budget = budget or Budget()
        self._bodies = Bodies(body_cap_bytes, self._budget)
        self._rates = Rates()
        self._malformed = Malformed()
        self._not_stored = Teller(log)

    def runner(
        self, *, peers: Peers | None = None, draining: Callable[[int], None] | None = None
    ) -> web.ServerRunner:
        """Return the server, to be set up and given connections.

        `peers` knows who has enough of them, else nobody has. `draining` is told, when the server is cleaned up, how
        many requests are in hand, if any are.
        """
        server = Server(
            self._handle,
            draining=draining,
            peers=peers or Peers(),
            malformed=self._malformed,
            failures=Teller(log),
            access_log=None,
            auto_decompress=False,  # the signature is over the bytes on the wire
            keepalive_timeout=HEAD_TIMEOUT_S,  # in aiohttp this is also the deadline of a first head
            lingering_time=2,
        )
        return web.ServerRunner(server, shutdown_timeout=DRAIN_S)

    async def _handle(self, wire: web.BaseRequest) -> web.StreamResponse:
        try:
            reply = await self._receive(wire)
        except Refused as refused:
            if isinstance(refused, NotHttp):
                self._malformed.tell(peer_of(wire.transport), refused.sentence)
            return refusal(refused.status, refused.sentence, *refused.headers)
        except StorageError as error:
            self._not_stored.tell(f"a delivery was refused: {error}")
            return refusal(503, "not stored; please send it again", RETRY_AFTER)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        return Answer(reply)

    async def _receive(self, wire: web.BaseRequest) -> Reply:
        _guard(wire)
        target = encode(wire.raw_path)
        endpoint = await self._endpoint_of(target)
        self._rates.admit(endpoint)
        body = await self._bodies.read(wire)
        try:
            request = Request(
                wire.method, target, Headers(wire.raw_headers), body, peer_of(wire.transport)
            )
            return await self._accept(endpoint, request)
        finally:
            self._budget.give_back(len(body))

    async def _endpoint_of(self, target: bytes) -> Endpoint:
        place = split_ingress(target)
        endpoint = await self._resolve(place[0]) if place else None
        if place and not ENDPOINT_NAME.fullmatch(place[0]):
            raise Refused(404, "not an endpoint's name: up to 64 lower case letters, digits, . _ -")
        if endpoint is None:
            raise Refused(404, "nothing is received here: deliveries go to /in/<endpoint>")
        return endpoint


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

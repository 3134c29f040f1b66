"""The feed over WebSocket: one line of JSON per record, as fast as the client reads and no faster."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

from aiohttp import WSCloseCode, web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.api.goodbye import cut, say_goodbye
from inspector.core import wire
from inspector.core.model import Record
from inspector.errors import StorageError
from inspector.feed import Feed

log = logging.getLogger(__name__)

STALL_S = 10.0
"""How long a client may leave a full connection unread before it is cut."""
HEARTBEAT_S = 20.0
RECEIVE_MAX_BYTES = 65536
BREATH_RECORDS = 16
"""After so many records in a row the event loop gets a turn: a long catch-up must not delay an acknowledgement."""


class FeedSockets:
    """Every client that follows the feed."""

    def __init__(self, feed: Feed, *, stall_s: float = STALL_S) -> None:
        self._feed = feed
        self._stall_s = stall_s
        self._open: dict[web.WebSocketResponse, web.Request] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Stream the records after `?after=`, or those from now on, until either side closes."""
        fields = parameters.query_of(request, "after")
        after = parameters.number_in(fields, "after")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, compress=False, max_msg_size=RECEIVE_MAX_BYTES
        )
        if not socket.can_prepare(request):
            raise bad_request("the feed is a WebSocket: connect to it as one")
        # Subscribed before the client hears 101: what it does next is never missed.
        async with contextlib.aclosing(self._feed.subscribe(after)) as records:
            await socket.prepare(request)
            self._open[socket] = request
            try:
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(self._send(socket, records, request))
                    async for _ in socket:
                        pass  # reading answers pings and notices the end; nothing is expected
                    sending.cancel()
            finally:
                del self._open[socket]
        return socket

    async def close_all(self, _: web.Application) -> None:
        """Tell every client that the inspector goes away, so that stopping need not wait for them."""
        async with asyncio.TaskGroup() as group:
            for socket, request in self._open.items():
                group.create_task(say_goodbye(socket, request, b"the inspector stops"))

    async def _send(
        self,
        socket: web.WebSocketResponse,
        records: AsyncGenerator[Record, None],
        request: web.Request,
    ) -> None:
        sent = 0
        try:
            async for record in records:
                async with asyncio.timeout(self._stall_s):
                    await socket.send_str(wire.dumps(wire.record_to_json(record)))
                sent += 1
                if sent % BREATH_RECORDS == 0:
                    await asyncio.sleep(0)
        except TimeoutError:
            log.warning("a feed client has stopped reading; it is disconnected")
            cut(request)
        except ConnectionError:
            pass  # it has gone, and the reading side knows
        except StorageError as error:
            log.error("the feed cannot be read from the store: %s", error)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"the store failed")

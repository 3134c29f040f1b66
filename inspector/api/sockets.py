"""The feed over WebSocket: one line of JSON per record, as fast as the client reads and no faster.

A client that would rather keep up than have everything says how many records a second it wants whole. It gets several
lines in a frame: where much comes, a frame costs more than what is in it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator

from aiohttp import WSCloseCode, web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.api.goodbye import cut, say_goodbye
from inspector.api.shortening import Shortening
from inspector.core import wire
from inspector.core.briefs import brief, briefs_to_json
from inspector.errors import StorageError
from inspector.feed import Batch, Feed

log = logging.getLogger(__name__)

STALL_S = 10.0
"""How long a client may leave a full connection unread before it is cut."""
HEARTBEAT_S = 20.0
RECEIVE_MAX_BYTES = 65536
BREATH_RECORDS = 16
"""After so many records in a row the event loop gets a turn: a long catch-up must not delay an acknowledgement."""
FRAME_CHARACTERS = 16384
"""As long as a frame of several lines becomes, before its last one."""


class FeedSockets:
    """Every client that follows the feed."""

    def __init__(self, feed: Feed, *, stall_s: float = STALL_S) -> None:
        self._feed = feed
        self._stall_s = stall_s
        self._open: dict[web.WebSocketResponse, web.Request] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Stream the records after `?after=`, or those from now on, until either side closes.

        With `?whole=` at most so many a second are told whole, and the others in short.
        """
        fields = parameters.query_of(request, "after", "whole")
        after = parameters.number_in(fields, "after")
        shortening = Shortening(parameters.number_in(fields, "whole"))
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, compress=False, max_msg_size=RECEIVE_MAX_BYTES
        )
        if not socket.can_prepare(request):
            raise bad_request("the feed is a WebSocket: connect to it as one")
        # Subscribed before the client hears 101: what it does next is never missed.
        async with contextlib.aclosing(self._feed.batches(after)) as batches:
            await socket.prepare(request)
            self._open[socket] = request
            try:
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(self._send(socket, batches, shortening, request))
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
        batches: AsyncGenerator[Batch, None],
        shortening: Shortening,
        request: web.Request,
    ) -> None:
        sent = 0
        try:
            async for batch in batches:
                lines = _lines(shortening, batch)
                for frame in _joined(lines) if shortening.is_wanted else lines:
                    async with asyncio.timeout(self._stall_s):
                        await socket.send_str(frame)
                    sent += 1
                    if shortening.is_wanted or sent % BREATH_RECORDS == 0:
                        await asyncio.sleep(0)
                await shortening.rest(batch)
        except TimeoutError:
            log.warning("a feed client has stopped reading; it is disconnected")
            cut(request)
        except ConnectionError:
            pass  # it has gone, and the reading side knows
        except StorageError as error:
            log.error("the feed cannot be read from the store: %s", error)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"the store failed")


def _lines(shortening: Shortening, batch: Batch) -> Iterator[str]:
    short, whole = shortening.split(batch)
    if short:
        yield wire.dumps(briefs_to_json(map(brief, short)))
    for record in whole:
        yield wire.dumps(wire.record_to_json(record))


def _joined(lines: Iterable[str]) -> Iterator[str]:
    frame: list[str] = []
    characters = 0
    for line in lines:
        frame.append(line)
        characters += len(line)
        if characters >= FRAME_CHARACTERS:
            yield "\n".join(frame)
            frame, characters = [], 0
    if frame:
        yield "\n".join(frame)

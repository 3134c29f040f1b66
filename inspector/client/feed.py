"""The feed as a client sees it: one stream that outlives every connection and every inspector under it."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Any, Final, TypeVar

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from inspector.client.transport import Place, Transport, read, refusal
from inspector.core.briefs import Brief, News, briefs_from_json
from inspector.core.model import Record
from inspector.core.wire import record_from_json
from inspector.errors import UnreachableError

RECORD_MAX_BYTES: Final = 32 * 1024 * 1024
"""Above the longest head that the doors let in, were every byte of it written as an escape of six."""
DELAY_MIN_S: Final = 0.1
DELAY_MAX_S: Final = 2.0
STABLE_S: Final = 5.0
"""A feed that lasted so long, or brought a record, is reopened after the shortest delay when it breaks."""


T = TypeVar("T", bound=Record | Brief)


class Connection(StrEnum):
    """What the feed says of itself between records."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


async def whole(
    transport: Transport, after: int | None
) -> AsyncGenerator[Record | Connection, None]:
    """Yield what `Client.feed` promises."""
    async with aclosing(
        _follow(transport, after, "", lambda line: (record_from_json(line),))
    ) as told:
        async for item in told:
            if isinstance(item, Connection):
                yield item
            else:
                for record in item:
                    yield record


def shortened(
    transport: Transport, after: int, whole_per_s: int
) -> AsyncGenerator[Sequence[News] | Connection, None]:
    """Yield what `Client.glance` promises."""
    return _follow(transport, after, f"&whole={whole_per_s}", _told)


def _told(line: Mapping[str, Any]) -> Sequence[News]:
    return briefs_from_json(line) if line["type"] == "briefs" else (record_from_json(line),)


async def _follow(
    transport: Transport,
    after: int | None,
    asked: str,
    parse: Callable[[Mapping[str, Any]], Sequence[T]],
) -> AsyncGenerator[Sequence[T] | Connection, None]:
    connected: bool | None = None
    delay_s = DELAY_MIN_S
    while True:
        started_s = time.monotonic()
        try:
            # "Now" must be a number: what is committed during a break counts as new.
            if after is None:
                after = await _newest(transport)
            async with _socket(transport.place, f"after={after}{asked}") as socket:
                connected = True
                yield Connection.CONNECTED
                async for text in socket:
                    delay_s = DELAY_MIN_S
                    if records := _records(parse, text):
                        after = records[-1].id
                        yield records
        except InvalidStatus as error:
            status, answer = error.response.status_code, error.response.body
            if status < 500 and not transport.has_moved():
                raise refusal(status, answer or b"") from error
        except (OSError, WebSocketException, UnreachableError):
            pass  # nobody there, or no longer
        if connected is not False:
            connected = False
            yield Connection.RECONNECTING
        # A server that accepts only to close again must not be asked in a hot loop.
        if time.monotonic() - started_s >= STABLE_S:
            delay_s = DELAY_MIN_S
        await _pause(delay_s)
        delay_s = min(2 * delay_s, DELAY_MAX_S)
        transport.has_moved()


def _records(parse: Callable[[Mapping[str, Any]], Sequence[T]], frame: str | bytes) -> Sequence[T]:
    lines = frame.split("\n") if isinstance(frame, str) else [frame]
    return [record for line in lines for record in read(parse, line)]


async def _newest(transport: Transport) -> int:
    health = await transport.call("GET", "/api/health")
    return read(lambda data: int(data["newest"]), health)


def _socket(place: Place, query: str) -> connect:
    return connect(
        f"ws{place.url.removeprefix('http')}/api/feed?{query}",
        additional_headers=place.headers(),
        compression=None,
        max_size=RECORD_MAX_BYTES,
        close_timeout=1,
        proxy=None,  # the default takes even loopback to HTTP_PROXY
    )


async def _pause(delay_s: float) -> None:
    """Wait `delay_s` less up to half of it, so that many clients do not come back at once."""
    await asyncio.sleep(delay_s * random.uniform(0.5, 1))  # noqa: S311 - nothing hangs on it

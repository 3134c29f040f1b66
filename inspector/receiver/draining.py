"""Stopping a server under load: every request whose head has come is read to its end, stored and answered."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from aiohttp import web

DRAIN_S = 8.0
"""For all of them together. With what follows a stop takes 10 s at most, if neither the disk nor a target hangs."""
LAST_WORDS_S = 0.5
"""For telling those whose body has not come that it is too late."""
CUT_S = 0.1
"""For each of the two steps in which aiohttp cancels who is left; 0 would have it wait for ever."""


class Patience:
    """How long a stop still waits for the answers of targets: it has begun to when the doors were closed."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._began_at_s: float | None = None

    def begin(self) -> None:
        """Note that the stop begins."""
        self._began_at_s = time.monotonic()

    def left_s(self) -> float:
        """Return what is left."""
        if self._began_at_s is None:
            return self._total_s
        return max(self._total_s - (time.monotonic() - self._began_at_s), 0.0)


class Drained(Protocol):
    """What is asked of a connection."""

    def finish(self) -> int:
        """Take no further request; return how many are in hand, and close if there is none."""

    def give_up(self) -> None:
        """Wait no longer for the rest of a body."""


class Draining(web.Server):
    """A server that ends as `web.Server` does not: there, what comes after the signal is thrown away unread."""

    def __init__(
        self, *arguments: Any, draining: Callable[[int], None] | None = None, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self._tell = draining
        self._open = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._stopping = False

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count one more."""
        super().connection_made(handler, transport)
        self._open += 1
        self._empty.clear()
        if self._stopping:  # it was accepted just before
            cast("Drained", handler).finish()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Count one less."""
        super().connection_lost(handler, exc)
        self._open -= 1
        if not self._open:
            self._empty.set()

    def pre_shutdown(self) -> None:
        """Do nothing: aiohttp's would close the ears of every connection."""

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's name
        """Answer what is in hand, within `timeout` seconds; then cut off who is left.

        Nobody can connect any more when this is called. Who is between two requests is let go at once.
        """
        # What the kernel has is heard first: asyncio needs two turns of the loop for that, and aiohttp has waited one.
        await asyncio.sleep(0)
        self._stopping = True
        in_hand = sum(each.finish() for each in self._drained())
        if in_hand and self._tell:
            self._tell(in_hand)
        await self._wait_until_empty(timeout)
        for each in self._drained():
            each.give_up()
        await self._wait_until_empty(LAST_WORDS_S)
        await super().shutdown(CUT_S)

    def _drained(self) -> list[Drained]:
        return cast("list[Drained]", self.connections)

    async def _wait_until_empty(self, timeout_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()

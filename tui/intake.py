"""Where records come in: first the newest of the history, page by page, then the feed, without a gap between."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import NoReturn

from textual.message import Message

from inspector.client import Client, Connection
from inspector.core.model import Attempt, Delivery, Record
from inspector.errors import HooktapError
from tui.messages import ConnectionChanged, HealthLoaded, PageLoaded

PAGE = 250
QUEUE_MAX = 4096
"""Records between two looks at them. While it is full the feed waits, and the inspector keeps the rest."""
RETRY_S = 1.0

Page = Sequence[tuple[Delivery, Sequence[Attempt]]]


class Intake:
    """Reads from the client as fast as records come; the screen takes them when it next draws."""

    def __init__(self, client: Client, *, capacity: int) -> None:
        self._client = client
        self._capacity = capacity
        self._records: asyncio.Queue[Record] = asyncio.Queue(QUEUE_MAX)

    def take(self) -> list[Record]:
        """Return the records that came since the last call."""
        return [self._records.get_nowait() for _ in range(self._records.qsize())]

    async def run(self, tell: Callable[[Message], object]) -> NoReturn:
        """Read for ever. Pages, the inspector's health and the state of the connection go to `tell`."""
        after: int | None = None
        while True:
            try:
                if after is None:
                    after = await self._read_history(tell)
                async with aclosing(self._client.feed(after)) as feed:
                    async for item in feed:
                        if not isinstance(item, Connection):
                            await self._records.put(item)
                            after = item.id
                        elif item is Connection.CONNECTED:
                            tell(ConnectionChanged(item))
                            await self._read_health(tell)
                        else:
                            tell(ConnectionChanged(item))
            except HooktapError as error:
                tell(ConnectionChanged(Connection.RECONNECTING, str(error)))
            await asyncio.sleep(RETRY_S)

    async def _read_history(self, tell: Callable[[Message], object]) -> int:
        """Give out up to `capacity` deliveries, newest first; return from where the feed has what may be missing."""
        newest = await self._read_health(tell)
        page: Page = await self._client.deliveries(limit=PAGE)
        count = len(page)
        while len(page) == PAGE and count < self._capacity:
            tell(PageLoaded(page, has_older=True))
            page = await self._client.deliveries(before=page[-1][0].id, limit=PAGE)
            count += len(page)
        tell(PageLoaded(page, has_older=len(page) == PAGE))
        return newest

    async def _read_health(self, tell: Callable[[Message], object]) -> int:
        """Give out how the inspector is; return the highest number it had stored before this returned."""
        health = await self._client.health()
        tell(HealthLoaded(health, await self._client.endpoints()))
        return int(health["newest"])

"""Where records come in: the numbers of the history, newest first, and the feed meanwhile, without a gap between."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import NoReturn

from textual.message import Message

from inspector.client import Client, Connection
from inspector.core.briefs import News
from inspector.errors import HooktapError
from tui.messages import ConnectionChanged, HealthLoaded, HistoryLoaded

FIRST = 1000
"""Numbers that are asked for first: enough for any screen, and there at once."""
SLICE = 10_000
"""Numbers that are asked for next, and again. With more at once, deliveries that arrive meanwhile would wait for it."""
WHOLE_PER_S = 600
"""Records of which more is told than lists and counts need: several screens full a second, fewer in a rush."""
WAITING_MAX = 4096
"""Records between two looks at them. With so many the feed waits, and the inspector keeps the rest."""
RETRY_S = 1.0

Tell = Callable[[Message], object]


class Intake:
    """Reads from the client as fast as records come; the screen takes them when it next draws."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._records: list[News] = []
        self._taken = asyncio.Event()

    def take(self) -> list[News]:
        """Return the records that came since the last call."""
        records, self._records = self._records, []
        self._taken.set()
        return records

    async def run(self, tell: Tell) -> NoReturn:
        """Read for ever. Numbers, the inspector's health and the state of the connection go to `tell`."""
        newest, before = await self._begin(tell)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_history(before, tell), name="history")
            await self._follow(newest, tell)
        raise AssertionError  # the feed has no end

    async def _begin(self, tell: Tell) -> tuple[int, int | None]:
        """Give out the newest numbers; return from where the feed has all the rest, and where history goes on."""
        while True:
            try:
                newest = await self._read_health(tell)
                found = await self._client.numbers(limit=FIRST)
            except HooktapError as error:
                tell(ConnectionChanged(Connection.RECONNECTING, str(error)))
                await asyncio.sleep(RETRY_S)
            else:
                tell(HistoryLoaded(found.numbers, found.repeats))
                return newest, found.before

    async def _read_history(self, before: int | None, tell: Tell) -> None:
        """Give out the numbers of all that is older, a slice at a time."""
        while before is not None:
            try:
                found = await self._client.numbers(before=before, limit=SLICE)
            except HooktapError:  # the feed says why
                await asyncio.sleep(RETRY_S)
                continue
            tell(HistoryLoaded(found.numbers, found.repeats))
            before = found.before

    async def _follow(self, after: int, tell: Tell) -> NoReturn:
        while True:
            try:
                async with aclosing(self._client.glance(after, WHOLE_PER_S)) as feed:
                    async for item in feed:
                        if not isinstance(item, Connection):
                            await self._put(item)
                            after = item[-1].id
                        elif item is Connection.CONNECTED:
                            tell(ConnectionChanged(item))
                            await self._read_health(tell)
                        else:
                            tell(ConnectionChanged(item))
            except HooktapError as error:
                tell(ConnectionChanged(Connection.RECONNECTING, str(error)))
            await asyncio.sleep(RETRY_S)

    async def _put(self, records: Sequence[News]) -> None:
        while len(self._records) >= WAITING_MAX:
            self._taken.clear()
            await self._taken.wait()
        self._records.extend(records)

    async def _read_health(self, tell: Tell) -> int:
        """Give out how the inspector is; return the highest number it had stored before this returned."""
        health = await self._client.health()
        tell(HealthLoaded(health, await self._client.endpoints()))
        return int(health["newest"])

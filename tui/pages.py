"""Rows read from the inspector when they come into sight."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

from textual.message import Message

from inspector.client import Client
from inspector.errors import HooktapError
from tui.messages import RowsLoaded
from tui.window import Window

RETRY_S = 1.0

Tell = Callable[[Message], object]


class Pages:
    """Reads one page at a time. What was wanted while it reads, and has scrolled by since, is not read at all."""

    def __init__(self, client: Client, window: Window) -> None:
        self._client = client
        self._window = window
        self._wanted: Sequence[int] = ()
        self._reading: Sequence[int] = ()
        self._is_wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def want(self, numbers: Sequence[int]) -> None:
        """Read these next, in place of whatever was to be read next, unless they are being read."""
        self._wanted = numbers
        if numbers == self._reading:
            self._is_wanted.clear()
        else:
            self._is_wanted.set()

    async def fetch(self, numbers: Sequence[int], tell: Tell) -> None:
        """Read at once which of these are not at hand: they are to be shown with their rows. Raises HooktapError."""
        if missing := [each for each in numbers if each not in self._window]:
            tell(await self._read(missing))

    async def run(self, tell: Tell) -> NoReturn:
        """Read for ever; pages go to `tell`."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            self._reading = self._wanted
            try:
                tell(await self._read(self._reading))
            except HooktapError:  # the feed says why
                await asyncio.sleep(RETRY_S)
                self._is_wanted.set()
            finally:
                self._reading = ()

    async def _read(self, wanted: Sequence[int]) -> RowsLoaded:
        async with self._one_at_a_time:
            self._window.expect(wanted)
            page = await self._client.numbered(wanted)
        gone = frozenset(wanted) - {delivery.id for delivery, _ in page}
        # Retention takes the oldest: where one is gone, so may be a hundred thousand.
        oldest = (await self._client.numbers(limit=1)).oldest if gone else None
        return RowsLoaded(page, gone, oldest)

"""Endpoints whose forwarding a person has paused, and what has come meanwhile: put by in the store, and sent later.

Which endpoints they are is in the store as well, so a restart changes nothing. What was put by is sent one after the
other, in the order of its arrival, and what comes in the meantime goes behind it: an app that was away gets its history
as it happened.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

from inspector.errors import StorageError
from inspector.store import NEVER_US, Due, Store
from inspector.teller import Teller

log = logging.getLogger(__name__)

BATCH = 64
"""How many are read in one go."""
REST_S = 1.0
"""Before the store is read again that could not be."""

Forward = Callable[[Due], Awaitable[bool]]
"""Sends one that was put by, and returns when that is over; False: what came of it could not be written down."""


class Backlog:
    """Says what is put by, and sees to it that it is sent when that ends."""

    def __init__(self, store: Store, paused: Mapping[str, int], owing: Collection[str]) -> None:
        """Begin with the endpoints that are `paused` since a time, and those `owing` what was put by."""
        self._store = store
        self._paused = dict(paused)
        self._releasing = set(owing) - self._paused.keys()
        self._wake = asyncio.Event()
        self._unreadable = Teller(log)

    @classmethod
    async def load(cls, store: Store) -> "Backlog":
        """Return what earlier runs left."""
        return cls(store, await store.paused(), await store.parked_counts())

    def paused_at_us(self, endpoint: str) -> int | None:
        """Return since when an endpoint is paused; None if it is not."""
        return self._paused.get(endpoint)

    def puts_by(self, endpoint: str) -> bool:
        """Whether a new delivery has to wait: its endpoint is paused, or earlier ones are still to be sent."""
        return endpoint in self._paused or endpoint in self._releasing

    def due_at_us(self, endpoint: str, at_us: int) -> int:
        """Return when a new delivery is due that would be due at `at_us`."""
        return NEVER_US if self.puts_by(endpoint) else at_us

    def retry_at_us(self, endpoint: str, at_us: int | None) -> int | None:
        """Return when one is due again that would be due at `at_us`."""
        return NEVER_US if at_us is not None and endpoint in self._paused else at_us

    async def counts(self) -> dict[str, int]:
        """Return by endpoint how many are put by, where there are any."""
        return await self._store.parked_counts() if self._paused or self._releasing else {}

    async def pause(self, endpoint: str) -> None:
        """Put by whatever is to be forwarded from now on. What is on its way stays so."""
        if endpoint in self._paused:
            return
        now_us = time.time_ns() // 1000
        # From here on, so that what comes while this is written down does not slip through.
        self._paused[endpoint] = now_us
        try:
            await self._store.pause(endpoint, now_us)
        except StorageError:
            self._paused.pop(endpoint, None)
            # What came meanwhile was put by, and a release that was running may have ended.
            self._releasing.add(endpoint)
            self._wake.set()
            raise

    async def resume(self, endpoint: str) -> None:
        """Begin to send what was put by."""
        if endpoint not in self._paused:
            return
        await self._store.resume(endpoint)
        self._paused.pop(endpoint, None)
        self._releasing.add(endpoint)
        self._wake.set()

    async def follow(self, forward: Forward) -> None:
        """Send for ever what is no longer paused."""
        running: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for endpoint in self._releasing:
                    if endpoint not in running or running[endpoint].done():
                        running[endpoint] = group.create_task(self._release(endpoint, forward))
                await self._wake.wait()

    async def _release(self, endpoint: str, forward: Forward) -> None:
        passed: set[int] = set()
        """Sent, but that is not written down: not sent again before a restart."""
        while endpoint not in self._paused:
            try:
                rows = await self._store.parked(endpoint, BATCH, skip=passed)
                if not rows and endpoint not in self._releasing:
                    return
                if not rows:
                    self._releasing.discard(endpoint)
                    # What was put by up to this moment may be on its way to the disk: one more look finds it there.
                    await self._store.settled()
            except StorageError as error:
                self._unreadable.tell(f"cannot read what was put by: {error}")
                await asyncio.sleep(REST_S)
                continue
            for row in rows:
                if endpoint in self._paused:
                    break
                if not await forward(row):
                    passed.add(row.delivery_id)
        self._releasing.discard(endpoint)

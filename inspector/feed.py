"""Fan-out of committed records: every subscriber gets each one once, in order, however slowly it reads.

The store is the memory. A queue only spares the usual subscriber a read of it; one that falls behind loses its queue
and reads on in the store from its own last number, so nothing is skipped and nothing piles up.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import NamedTuple
from weakref import WeakSet

from inspector.core.model import Attempt, Delivery, Record, Response

QUEUE_RECORDS = 4000
"""What a subscriber may leave unread before it loses its queue."""
SMALL_BYTES = 4096
"""A body up to this long stays with its record in a queue: to make a record without it costs more than to keep it."""
PAGE_RECORDS = 200
"""What a subscriber that catches up reads at a time."""

RecordsAfter = Callable[[int, int], Awaitable[Sequence[Record]]]
"""`(after, limit)` -> the first committed records numbered above `after`, ascending, without bodies."""


class Batch(NamedTuple):
    """The records that wait for a subscriber, ascending."""

    records: Sequence[Record]
    """With their bodies or without: nobody is told those."""
    is_last: bool
    """Whether those are all; else the store has more, which come next."""


class Feed:
    """The live stream of what the store commits."""

    def __init__(
        self,
        records_after: RecordsAfter,
        *,
        queue_records: int = QUEUE_RECORDS,
        page_records: int = PAGE_RECORDS,
    ) -> None:
        self._records_after = records_after
        self._queue_records = queue_records
        self._page_records = page_records
        # Weak: a subscription that is dropped before its first step never runs its `finally`.
        self._subscribers: WeakSet[_Subscriber] = WeakSet()

    def publish(self, records: Sequence[Record]) -> None:
        """Hand on records just committed, in ascending order; never waits. Called on the event loop."""
        live = [subscriber for subscriber in self._subscribers if not subscriber.behind]
        if not records or not live:
            return
        light = [_without_body(record) if _is_heavy(record) else record for record in records]
        for subscriber in live:
            subscriber.offer(light)

    def subscribe(self, after: int | None = None) -> AsyncGenerator[Record, None]:
        """Yield every record numbered above `after`, ascending, then each new one as it is committed.

        With None it starts at this call: what is published from now on, also before the first step. Records carry
        no bodies. Closing the generator unsubscribes. Raises StorageError when the store cannot be read.
        """
        return _single(self.batches(after))

    def batches(self, after: int | None = None) -> AsyncGenerator[Batch, None]:
        """Yield what `subscribe` does, all at once that waits."""
        subscriber = _Subscriber(after, self._queue_records)
        self._subscribers.add(subscriber)
        return self._follow(subscriber)

    async def _follow(self, subscriber: "_Subscriber") -> AsyncGenerator[Batch, None]:
        try:
            while True:
                await subscriber.wait()
                records = (
                    await self._catch_up(subscriber) if subscriber.behind else subscriber.take()
                )
                if new := subscriber.advance(records):
                    yield Batch(new, not subscriber.behind)
        finally:
            self._subscribers.discard(subscriber)

    async def _catch_up(self, subscriber: "_Subscriber") -> Sequence[Record]:
        # Queue again before the store is read, not after: what is committed meanwhile may miss the page.
        subscriber.behind = False
        page = await self._records_after(subscriber.last, self._page_records)
        if len(page) >= self._page_records:
            subscriber.fall_behind()  # more may be stored, and the queue does not join on to this page
        return page


class _Subscriber:
    """One reader's place in the stream."""

    def __init__(self, after: int | None, limit: int) -> None:
        self.behind = after is not None
        """Whether the next record has to come from the store."""
        self._last = after
        self._limit = limit
        self._queue: list[Record] = []
        self._offered = asyncio.Event()

    @property
    def last(self) -> int:
        """The number it has read up to."""
        assert (
            self._last is not None
        )  # who starts at "now" falls behind only by an offer, which sets it
        return self._last

    def offer(self, records: Sequence[Record]) -> None:
        """Queue `records`; if they do not fit, drop the queue, because the store has them all.

        Not for one that is behind: it will find them in the store.
        """
        if self._last is None:
            self._last = records[0].id - 1
        if len(self._queue) + len(records) > self._limit:
            self.fall_behind()
        else:
            self._queue.extend(records)
        self._offered.set()

    def fall_behind(self) -> None:
        """Go on from the store instead of the queue."""
        self._queue.clear()
        self.behind = True

    async def wait(self) -> None:
        """Return when there is something to read, in the queue or in the store."""
        while not (self.behind or self._queue):
            self._offered.clear()
            await self._offered.wait()

    def take(self) -> Sequence[Record]:
        """Take everything from the queue."""
        records, self._queue = self._queue, []
        return records

    def advance(self, records: Sequence[Record]) -> Sequence[Record]:
        """Move on behind `records`; return those that have not been read already, from a page of the store."""
        last = self._last
        new = [record for record in records if last is None or record.id > last]
        if new:
            self._last = new[-1].id
        return new


async def _single(batches: AsyncGenerator[Batch, None]) -> AsyncGenerator[Record, None]:
    async with aclosing(batches):
        async for batch in batches:
            for record in batch.records:
                yield _without_body(record)


def _is_heavy(record: Record) -> bool:
    match record:
        case Delivery(body_bytes=length) | Attempt(result=Response(body_bytes=length)):
            return length > SMALL_BYTES
        case _:
            return False


def _without_body(record: Record) -> Record:
    match record:
        case Delivery(request=request) if request.body:
            return replace(record, request=replace(request, body=b""))
        case Attempt(result=Response(body=body) as response) if body:
            return replace(record, result=replace(response, body=b""))
        case _:
            return record

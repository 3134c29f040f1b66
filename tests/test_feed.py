import asyncio
import gc
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from random import Random

import pytest

from inspector.core.model import Attempt, Delivery, Record, Response
from inspector.errors import StorageError
from inspector.feed import Feed
from tests import factories


class Committed:
    """What a store has committed, and the feed that its commits publish to."""

    def __init__(self, *, queue_records: int = 1000, page_records: int = 200) -> None:
        self.records: list[Record] = []
        self.reads = 0
        self.feed = Feed(self.after, queue_records=queue_records, page_records=page_records)

    async def after(self, number: int, limit: int) -> Sequence[Record]:
        page = [record for record in self.records if record.id > number][:limit]
        self.reads += 1
        for _ in range(3):  # what is committed now is not in the page
            await asyncio.sleep(0)
        return page

    def commit(self, count: int = 1, *, publish: bool = True) -> None:
        newest = self.records[-1].id if self.records else 0
        batch = [factories.delivery(id=newest + 1 + i) for i in range(count)]
        self.records.extend(batch)
        if publish:
            self.feed.publish(batch)


async def take(feed: AsyncGenerator[Record, None], count: int) -> list[int]:
    return [(await anext(feed)).id for _ in range(count)]


async def test_past_then_present() -> None:
    """`after` reads the store from there on, then goes live."""
    committed = Committed()
    committed.commit(5)

    async with aclosing(committed.feed.subscribe(after=2)) as feed:
        assert await take(feed, 3) == [3, 4, 5]
        committed.commit(2)
        assert await take(feed, 2) == [6, 7]


async def test_none_starts_at_the_call() -> None:
    """A subscription without `after` has no past, and misses nothing from the call to its first step."""
    committed = Committed()
    committed.commit(5)

    async with aclosing(committed.feed.subscribe()) as feed:
        committed.commit(2)
        assert await take(feed, 2) == [6, 7]
    assert committed.reads == 0


async def test_after_beyond_the_newest() -> None:
    """Numbers up to `after` are skipped, also those that are yet to come."""
    committed = Committed()
    committed.commit(3)

    async with (
        aclosing(committed.feed.subscribe(after=5)) as feed,
        asyncio.TaskGroup() as group,
    ):
        numbers = group.create_task(take(feed, 2))
        while committed.reads == 0:
            await asyncio.sleep(0)
        committed.commit(4)
    assert numbers.result() == [6, 7]


async def test_commit_while_the_store_is_read() -> None:
    """What is committed during the read that catches up is neither lost nor given twice."""
    committed = Committed()
    committed.commit(2)

    async with aclosing(committed.feed.subscribe(after=0)) as feed, asyncio.TaskGroup() as group:
        numbers = group.create_task(take(feed, 4))
        while committed.reads == 0:
            await asyncio.sleep(0)
        committed.commit(2)
    assert numbers.result() == [1, 2, 3, 4]


async def test_one_who_falls_behind_reads_on_in_the_store() -> None:
    """An overflowing queue is dropped; the records come from the store instead, all of them."""
    committed = Committed(queue_records=10, page_records=7)

    async with aclosing(committed.feed.subscribe()) as feed:
        committed.commit(4)
        assert await take(feed, 1) == [1]
        for _ in range(50):
            committed.commit(3)
        assert await take(feed, 153) == list(range(2, 155))
        committed.commit()
        assert await take(feed, 1) == [155]


async def test_one_commit_larger_than_the_queue() -> None:
    """A commit that no queue could hold is read from the store, also as the very first."""
    committed = Committed(queue_records=2)
    committed.commit(3, publish=False)

    async with aclosing(committed.feed.subscribe()) as feed:
        committed.commit(5)
        assert await take(feed, 5) == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("seed", range(40))
async def test_every_record_once_in_order(seed: int) -> None:
    """However commits and slow reading interleave, and however small the queue, a reader sees 1..N."""
    roll = Random(seed)
    committed = Committed(queue_records=roll.randint(1, 5), page_records=roll.randint(1, 4))
    committed.commit(roll.randint(0, 9))
    total = len(committed.records) + 60

    async def commit() -> None:
        while len(committed.records) < total:
            committed.commit(min(roll.randint(1, 6), total - len(committed.records)))
            for _ in range(roll.randint(0, 4)):
                await asyncio.sleep(0)

    async def read() -> list[int]:
        seen = []
        async with aclosing(committed.feed.subscribe(after=0)) as feed:
            async for record in feed:
                seen.append(record.id)
                for _ in range(roll.choice([0, 0, 1, 5])):
                    await asyncio.sleep(0)
                if record.id == total:
                    break
        return seen

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read()) for _ in range(3)]
        group.create_task(commit())
    for reader in readers:
        assert reader.result() == list(range(1, total + 1))


async def test_records_carry_no_bodies() -> None:
    """Bodies stay in the store; how long they were is still told."""
    committed = Committed()
    answer = factories.response(body=b"x" * 10, body_bytes=10)
    async with aclosing(committed.feed.subscribe()) as feed:
        committed.feed.publish(
            [
                factories.delivery(id=1, body=b"\x00\x1b"),
                factories.attempt(id=2, result=answer),
                factories.delivery(id=3, body=b""),
                factories.verdict(id=4),
            ]
        )
        delivery, attempt, empty, verdict = [await anext(feed) for _ in range(4)]

    assert isinstance(delivery, Delivery)
    assert (delivery.request.body, delivery.body_bytes) == (b"", 2)
    assert isinstance(attempt, Attempt)
    assert isinstance(attempt.result, Response)
    assert (attempt.result.body, attempt.result.body_bytes) == (b"", 10)
    assert empty == factories.delivery(id=3, body=b"")
    assert verdict == factories.verdict(id=4)


async def test_closing_unsubscribes() -> None:
    """A closed, an abandoned and a never started subscription take nothing any more."""
    committed = Committed()
    started, unstarted, dropped = (committed.feed.subscribe() for _ in range(3))
    committed.commit()
    assert await take(started, 1) == [1]
    assert len(committed.feed._subscribers) == 3

    await started.aclose()
    await unstarted.aclose()
    del unstarted, dropped
    gc.collect()

    assert len(committed.feed._subscribers) == 0
    committed.commit()


async def test_a_cancelled_reader_unsubscribes() -> None:
    """Cancelling the task that waits for a record ends its subscription."""
    committed = Committed()
    feed = committed.feed.subscribe()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(take(feed, 1))
        await asyncio.sleep(0)
        waiting.cancel()

    assert len(committed.feed._subscribers) == 0


async def test_publishing_to_nobody() -> None:
    """Without a subscriber, and without a record, publishing does nothing."""
    committed = Committed()
    committed.feed.publish([])
    committed.commit(3)
    async with aclosing(committed.feed.subscribe()) as feed:
        committed.feed.publish([])
        committed.commit()
        assert await take(feed, 1) == [4]


async def test_a_store_that_cannot_be_read() -> None:
    """The reader is told, and its subscription ends."""

    async def fail(after: int, limit: int) -> Sequence[Record]:
        raise StorageError("disk I/O error")

    feed = Feed(fail)
    with pytest.raises(StorageError):
        await anext(feed.subscribe(after=0))
    assert len(feed._subscribers) == 0


async def test_all_that_waits_comes_at_once() -> None:
    """A queue whole, the store page by page; the last of the pages says so."""
    committed = Committed(page_records=4)
    committed.commit(6)

    async with aclosing(committed.feed.batches(after=0)) as batches:
        first, second = await anext(batches), await anext(batches)
        assert ([each.id for each in first.records], first.is_last) == ([1, 2, 3, 4], False)
        assert ([each.id for each in second.records], second.is_last) == ([5, 6], True)
        committed.commit(2)
        committed.commit(3)
        third = await anext(batches)
        assert ([each.id for each in third.records], third.is_last) == ([7, 8, 9, 10, 11], True)

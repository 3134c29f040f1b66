"""Pausing an endpoint, with the real store, forwarder and dispatcher, and a real target."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from inspector import server
from inspector.config import Config
from inspector.core.model import Attempt, Delivery, Endpoint, Reply, ReplyMode, RetryPolicy, Trigger
from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.server import Inspector
from inspector.store import NEVER_US, Store, database, writer
from tests import factories, fakes


@asynccontextmanager
async def running(
    folder: Path, *endpoints: Endpoint, drain_s: float = 5
) -> AsyncIterator[Inspector]:
    config = Config(
        data_dir=DataDir(folder),
        port=0,
        api_port=0,
        endpoints={endpoint.name: endpoint for endpoint in endpoints},
        drain_s=drain_s,
    )
    async with server.running(config) as inspector:
        yield inspector


async def arrive(inspector: Inspector, endpoint: Endpoint, number: int) -> Reply:
    """Let a delivery arrive whose body is its number."""
    request = factories.request(
        target=f"/in/{endpoint.name}".encode(), body=b"%d" % number, headers=factories.headers()
    )
    return await inspector.pipeline.accept(endpoint, request)


async def arrive_together(inspector: Inspector, endpoint: Endpoint, numbers: range) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in numbers:
            tasks.create_task(arrive(inspector, endpoint, number))


async def attempts(inspector: Inspector, count: int) -> list[Attempt]:
    """Wait until there are `count` attempts; return them in the order in which they were stored."""
    found: list[Attempt] = []
    async with asyncio.timeout(20), aclosing(inspector.feed.subscribe(0)) as records:
        async for record in records:
            if isinstance(record, Attempt):
                found.append(record)
                if len(found) == count:
                    break
    return found


async def pause_in_vain(inspector: Inspector) -> None:
    with pytest.raises(StorageError):
        await inspector.backlog.pause("shop")


async def order_of_arrival(store: Store) -> list[bytes]:
    numbers = sorted(each.id for each in await store.page(limit=500))
    return [(await store.body(number)) or b"" for number in numbers]


def bodies(target: fakes.Target) -> list[bytes]:
    return [taken.body for taken in target.requests]


async def test_a_paused_endpoint_answers_stores_and_forwards_nothing(tmp_path: Path) -> None:
    """What is paused is one endpoint: the other one's deliveries go on, to the same target."""
    async with fakes.serve(fakes.answering()) as target:
        shop, crm = Endpoint("shop", target=target.url), Endpoint("crm", target=target.url)
        async with running(tmp_path, shop, crm) as inspector:
            await inspector.backlog.pause("shop")
            replies = [await arrive(inspector, shop, number) for number in range(3)]
            await arrive(inspector, crm, 3)
            await attempts(inspector, 1)

            assert [(each.status, each.body) for each in replies] == [
                (200, b"stored as #%d\n" % number) for number in (1, 2, 3)
            ]
            assert bodies(target) == [b"3"]
            assert await inspector.backlog.counts() == {"shop": 3}
            assert await inspector.store.due(2**61, 10) == []
            assert await inspector.store.next_due_us() is None


async def test_the_backlog_is_sent_in_the_order_of_arrival_one_after_the_other(
    tmp_path: Path,
) -> None:
    """Also what comes while it is being sent goes behind it, and when it is through all is as ever."""
    answers = asyncio.Semaphore(0)
    at_once = 0

    async def slow(peer: fakes.Peer) -> None:
        nonlocal at_once
        while await peer.take():
            at_once += 1
            assert at_once == 1
            await answers.acquire()
            at_once -= 1
            await peer.say(fakes.OK)

    async with fakes.serve(slow) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:
            await inspector.backlog.pause("shop")
            await arrive_together(inspector, shop, range(100))
            await inspector.backlog.resume("shop")
            answers.release()
            await attempts(inspector, 1)
            await arrive_together(inspector, shop, range(100, 130))
            assert await inspector.backlog.counts() == {"shop": 129}
            for _ in range(129):
                answers.release()
            await attempts(inspector, 130)

            assert bodies(target) == await order_of_arrival(inspector.store)
            while inspector.backlog.puts_by("shop"):
                await asyncio.sleep(0)
            assert await inspector.backlog.counts() == {}
            answers.release()
            await arrive(inspector, shop, 130)
            await attempts(inspector, 131)
            assert bodies(target)[-1] == b"130"


async def test_nothing_is_sent_twice_or_lost_around_the_end_of_a_backlog(tmp_path: Path) -> None:
    """Deliveries that arrive all the time, while it is paused and resumed again and again."""
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:

            async def send(sender: int) -> None:
                for number in range(40):
                    await arrive(inspector, shop, 1000 * sender + number)

            async def switch() -> None:
                for _ in range(12):
                    await inspector.backlog.pause("shop")
                    await inspector.store.settled()
                    await inspector.backlog.resume("shop")
                    await inspector.store.settled()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(switch())
                for sender in range(8):
                    tasks.create_task(send(sender))
            await attempts(inspector, 320)

            assert sorted(bodies(target)) == sorted(await order_of_arrival(inspector.store))
            while inspector.backlog.puts_by("shop"):
                await asyncio.sleep(0)
            assert await inspector.store.parked_counts() == {}


async def test_a_pause_lasts_over_a_restart(tmp_path: Path) -> None:
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:
            await inspector.backlog.pause("shop")
            since_us = inspector.backlog.paused_at_us("shop")
            await arrive(inspector, shop, 0)
        async with running(tmp_path, shop) as inspector:
            assert inspector.backlog.paused_at_us("shop") == since_us
            await arrive(inspector, shop, 1)
            assert await inspector.backlog.counts() == {"shop": 2}
            assert bodies(target) == []
            await inspector.backlog.resume("shop")
            await attempts(inspector, 2)

    assert bodies(target) == [b"0", b"1"]


async def test_a_restart_takes_up_a_backlog_that_was_being_sent(tmp_path: Path) -> None:
    """What was on its way is said to be given up, and comes first again."""
    async with fakes.serve(fakes.silent) as hanging:
        shop = Endpoint("shop", target=hanging.url)
        async with running(tmp_path, shop, drain_s=0) as inspector:
            await inspector.backlog.pause("shop")
            await arrive_together(inspector, shop, range(3))
            await inspector.backlog.resume("shop")
            while not hanging.requests:
                await asyncio.sleep(0)
    async with (
        fakes.serve(fakes.answering()) as target,
        running(tmp_path, replace(shop, target=target.url)) as inspector,
    ):
        made = await attempts(inspector, 4)

        assert [each.trigger for each in made] == [
            Trigger.FORWARD,
            Trigger.RETRY,
            Trigger.FORWARD,
            Trigger.FORWARD,
        ]
        assert bodies(target) == await order_of_arrival(inspector.store)


async def test_a_pause_in_the_middle_of_a_backlog_stops_it(tmp_path: Path) -> None:
    answers = asyncio.Semaphore(0)

    async def slow(peer: fakes.Peer) -> None:
        while await peer.take():
            await answers.acquire()
            await peer.say(fakes.OK)

    async with fakes.serve(slow) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:
            await inspector.backlog.pause("shop")
            await arrive_together(inspector, shop, range(5))
            await inspector.backlog.resume("shop")
            while not target.requests:
                await asyncio.sleep(0)
            await inspector.backlog.pause("shop")
            answers.release()
            await attempts(inspector, 1)
            assert await inspector.backlog.counts() == {"shop": 4}
            assert len(target.requests) == 1
            await inspector.backlog.resume("shop")
            for _ in range(4):
                answers.release()
            await attempts(inspector, 5)

            assert bodies(target) == await order_of_arrival(inspector.store)


async def test_what_waits_for_its_next_attempt_waits_for_the_resume(tmp_path: Path) -> None:
    """A retry that is due while it is paused is not made, and one that comes of a pause is put by."""
    policy = RetryPolicy(attempts=2, first_s=600, jitter=0)  # not before it is paused
    with fakes.refusing() as nobody:
        shop = Endpoint("shop", target=nobody.url, retry=policy)
        async with running(tmp_path, shop) as inspector:
            await arrive(inspector, shop, 0)
            await attempts(inspector, 1)
            await inspector.backlog.pause("shop")
            owed = await inspector.store.parked("shop", 10)
            assert [(each.delivery_id, each.due_at_us) for each in owed] == [(1, NEVER_US)]
            await inspector.backlog.resume("shop")
            made = await attempts(inspector, 2)
            assert [each.trigger for each in made] == [Trigger.FORWARD, Trigger.RETRY]


async def test_a_sender_that_waits_for_the_target_is_told_to_come_again(tmp_path: Path) -> None:
    """Its delivery is stored, and not owed: it would else reach the target twice."""
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url, reply=ReplyMode.TARGET)
        async with running(tmp_path, shop) as inspector:
            await inspector.backlog.pause("shop")
            reply = await arrive(inspector, shop, 0)
            assert reply.status == 503
            assert reply.headers.get(b"Retry-After") == b"30"
            assert reply.body == b"stored as #1, but forwarding is paused: try again later\n"
            assert await inspector.store.parked_counts() == {}

            await inspector.backlog.resume("shop")
            assert (await arrive(inspector, shop, 1)).status == 200

    assert bodies(target) == [b"1"]


async def test_a_replay_is_sent_while_it_is_paused(tmp_path: Path) -> None:
    """A person asked for it; it is still owed afterwards."""
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:
            await inspector.backlog.pause("shop")
            await arrive(inspector, shop, 0)
            attempt = await inspector.pipeline.replay(1)

            assert attempt.succeeded
            assert await inspector.backlog.counts() == {"shop": 1}


async def test_a_target_that_is_gone_ends_what_is_owed(tmp_path: Path) -> None:
    """The configuration of the next run has none: what was put by is kept, and nothing waits for ever."""
    shop = Endpoint("shop", target="http://127.0.0.1:9")
    async with running(tmp_path, shop) as inspector:
        await inspector.backlog.pause("shop")
        await arrive(inspector, shop, 0)
    async with running(tmp_path, replace(shop, target=None)) as inspector:
        await inspector.backlog.resume("shop")
        while inspector.backlog.puts_by("shop"):
            await asyncio.sleep(0)
        assert await inspector.store.parked_counts() == {}
        assert [each.id for each in await inspector.store.page()] == [1]


async def test_a_pause_that_cannot_be_written_down_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(arrive(inspector, shop, 0))
                await asyncio.sleep(0)
                with monkeypatch.context() as full:
                    full.setattr(writer, "QUEUE_WRITES", 0)
                    with pytest.raises(StorageError):
                        await inspector.backlog.pause("shop")
            assert inspector.backlog.paused_at_us("shop") is None
            await attempts(inspector, 1)


async def test_what_came_during_a_pause_that_fails_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put by: another program kept the database locked while the pause was written down."""
    monkeypatch.setitem(database.WRITER, "busy_timeout", 300)
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector, asyncio.TaskGroup() as tasks:
            path = inspector.config.data_dir.database
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                pausing = tasks.create_task(pause_in_vain(inspector))
                await inspector.store.due(0, 1)  # by now it is being written
                tasks.create_task(arrive(inspector, shop, 0))
                await asyncio.wait([pausing])
                other.execute("ROLLBACK")
            await attempts(inspector, 1)

    assert bodies(target) == [b"0"]


async def test_a_pause_that_fails_ends_no_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release stops for it, and goes on when it is none."""
    answers, refused = asyncio.Semaphore(0), asyncio.Event()

    async def slow(peer: fakes.Peer) -> None:
        while await peer.take():
            await answers.acquire()
            await peer.say(fakes.OK)

    async def refuse(*_: object) -> None:
        await refused.wait()
        raise StorageError("the disk is full")

    async with fakes.serve(slow) as target:
        shop = Endpoint("shop", target=target.url)
        async with running(tmp_path, shop) as inspector, asyncio.TaskGroup() as tasks:
            await inspector.backlog.pause("shop")
            await arrive_together(inspector, shop, range(5))
            await inspector.backlog.resume("shop")
            while not target.requests:
                await asyncio.sleep(0)
            monkeypatch.setattr(inspector.store, "pause", refuse)
            pausing = tasks.create_task(pause_in_vain(inspector))
            while inspector.backlog.paused_at_us("shop") is None:
                await asyncio.sleep(0)
            answers.release()
            async with asyncio.timeout(20):
                while "shop" in inspector.backlog._releasing:
                    await asyncio.sleep(0)
            refused.set()
            await pausing
            for _ in range(4):
                answers.release()
            await attempts(inspector, 5)

            assert bodies(target) == await order_of_arrival(inspector.store)


async def test_prune_leaves_what_is_put_by(tmp_path: Path) -> None:
    shop = Endpoint("shop", target="http://127.0.0.1:9")
    async with running(tmp_path, shop) as inspector:
        await inspector.backlog.pause("shop")
        await arrive(inspector, shop, 0)
        await inspector.store.delete([1])
        assert isinstance(await inspector.store.delivery(1), Delivery)

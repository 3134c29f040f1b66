"""Which deliveries set out, and when: with the real store and forwarder, and a clock that a test can put forward."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inspector import dispatcher
from inspector.backlog import Backlog
from inspector.config import Config
from inspector.core.model import Attempt, Endpoint
from inspector.datadir import DataDir
from inspector.dispatcher import BATCH, Dispatcher
from inspector.endpoints import Endpoints
from inspector.feed import Feed
from inspector.forwarder import Forwarder
from inspector.store import Store
from tests import factories, fakes

HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Clock:
    """Stands still; `asked` says how often it was read."""

    now_us: int = 10 * HOUR_US
    asked: int = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.now_us


@dataclass(frozen=True, slots=True)
class Bench:
    """A dispatcher that does not run yet, and what it works with."""

    store: Store
    feed: Feed
    dispatcher: Dispatcher
    clock: Clock

    async def owe(self, endpoint: str, due_at_us: int, count: int = 1) -> None:
        """Store deliveries that are due at this time, and after one another."""
        delivery = factories.delivery(endpoint=endpoint)
        await asyncio.gather(
            *(
                self.store.append_delivery(delivery, due_at_us=due_at_us + number)
                for number in range(count)
            )
        )

    async def attempt(self) -> Attempt:
        """Wait for the first one."""
        async with asyncio.timeout(10), aclosing(self.feed.subscribe(0)) as records:
            async for record in records:
                if isinstance(record, Attempt):
                    return record
        raise AssertionError


@asynccontextmanager
async def bench(folder: Path, *endpoints: Endpoint) -> AsyncIterator[Bench]:
    data_dir, clock = DataDir(folder), Clock()
    data_dir.prepare()
    feed = Feed(lambda after, limit: store.records_after(after, limit))
    async with (
        Store.open(data_dir, on_commit=feed.publish) as store,
        Forwarder(own_ports=()) as sender,
    ):
        known = {endpoint.name: endpoint for endpoint in endpoints}
        yield Bench(
            store,
            feed,
            Dispatcher(
                store=store,
                forwarder=sender,
                endpoints=await Endpoints.load(Config(data_dir=data_dir, endpoints=known), store),
                backlog=await Backlog.load(store),
                clock_us=clock,
            ),
            clock,
        )


@pytest.mark.parametrize("rest_s", [0, 0.2])
async def test_full_targets_hold_up_only_themselves(tmp_path: Path, rest_s: float) -> None:
    """However much waits for them, and for longer; also when they were looked past a moment ago."""
    async with fakes.serve(fakes.silent) as slow, fakes.serve(fakes.answering()) as target:
        endpoints = (
            Endpoint("slow", target=slow.url),
            Endpoint("slower", target=slow.url + "/er"),
            Endpoint("quick", target=target.url),
        )
        async with bench(tmp_path, *endpoints) as made:
            await made.owe("slow", 1, BATCH + 50)
            await made.owe("slower", 1000, BATCH + 50)
            await made.owe("quick", 5000)
            made.dispatcher._look_on_at_s = time.monotonic() + rest_s
            async with made.dispatcher.running(lambda: 0):
                attempt = await made.attempt()

    assert attempt.succeeded
    assert len(target.requests) == 1


async def test_what_fell_due_while_the_machine_slept_goes_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for it is on a clock that stood still meanwhile."""
    monkeypatch.setattr(dispatcher, "LOOK_AGAIN_S", 0.05)
    async with (
        fakes.serve(fakes.answering()) as target,
        bench(tmp_path, Endpoint("shop", target=target.url)) as made,
    ):
        await made.owe("shop", made.clock.now_us + HOUR_US)
        async with made.dispatcher.running(lambda: 1):
            while made.clock.asked < 2:  # it waits
                await asyncio.sleep(0)
            made.clock.now_us += 2 * HOUR_US
            attempt = await made.attempt()

    assert attempt.succeeded


async def test_what_nobody_foresaw_ends_one_delivery_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told with its traceback, and not sent again and again; the others go on."""
    send, tried = Forwarder.send, list[int]()

    async def stumble(self: Forwarder, delivery: Any, *rest: Any, **others: Any) -> Attempt:
        tried.append(delivery.id)
        if delivery.id == 1:
            raise RuntimeError("nobody foresaw this")
        return await send(self, delivery, *rest, **others)

    monkeypatch.setattr(Forwarder, "send", stumble)
    async with (
        fakes.serve(fakes.answering()) as target,
        bench(tmp_path, Endpoint("shop", target=target.url)) as made,
    ):
        await made.owe("shop", 1)
        await made.owe("shop", 2)
        with caplog.at_level(logging.ERROR):
            async with made.dispatcher.running(lambda: 1):
                attempt = await made.attempt()

    assert (attempt.delivery_id, tried) == (2, [1, 2])
    assert "forwarding delivery #1 failed" in caplog.text
    assert "nobody foresaw this" in caplog.text

"""Using a connection again: whenever it can be, never at the price of a lost or doubled delivery."""

import asyncio
from collections import Counter

import pytest

from inspector.core.model import Attempt, Failure, FailureKind, Trigger
from inspector.forwarder import Forwarder, pool
from tests import factories, fakes


async def send(sender: Forwarder, target: fakes.Target, number: int = 0) -> Attempt:
    delivery = factories.delivery(body=b"%d" % number)
    return await sender.send(delivery, target.url, Trigger.FORWARD)


def bodies(target: fakes.Target) -> Counter[bytes]:
    return Counter(taken.body for taken in target.requests)


async def test_one_connection_carries_many_deliveries() -> None:
    async with fakes.serve(fakes.answering()) as target, Forwarder(own_ports=()) as sender:
        for number in range(10):
            assert (await send(sender, target, number)).succeeded

    assert target.connections == 1
    assert len(target.requests) == 10


@pytest.mark.parametrize(
    "answer",
    [
        fakes.answer(200, ("Connection", "close")),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        fakes.OK + b"HTTP/1.1 408 Request Timeout\r\n\r\n",
        fakes.OK + b"\0",
    ],
    ids=["close", "1.0", "unasked answer", "surplus"],
)
async def test_a_connection_is_left_when_the_answer_says_so(answer: bytes) -> None:
    async with fakes.serve(fakes.answering(answer)) as target, Forwarder(own_ports=()) as sender:
        for number in range(3):
            assert (await send(sender, target, number)).succeeded

    assert target.connections == 3


async def test_words_on_an_idle_connection_answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose patience is over may say 408 before it closes; the next delivery must not get that."""
    monkeypatch.setattr(pool, "IDLE_LIMIT_S", 3600)
    idle, left = asyncio.Event(), asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await idle.wait()
        await peer.say(fakes.answer(408))
        await peer.reader.read()
        left.set()

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        await send(sender, target, 0)
        idle.set()
        async with asyncio.timeout(30):
            await left.wait()
        second = await send(sender, target, 1)

    assert second.succeeded
    assert target.connections == 2


async def test_an_answer_before_the_body_was_taken_ends_the_connection() -> None:
    """The target would take the next request for the rest of this one."""

    async def script(peer: fakes.Peer) -> None:
        await peer.head()
        await peer.say(fakes.OK)
        await asyncio.Event().wait()

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        for _ in range(2):
            delivery = factories.delivery(body=b"x" * 2**25)
            attempt = await sender.send(delivery, target.url, Trigger.FORWARD)
            assert attempt.succeeded

    assert target.connections == 2


@pytest.mark.parametrize("at_once", [1, 8])
async def test_a_target_that_closes_unsaid_gets_each_delivery_once(at_once: int) -> None:
    """Plenty of small servers close after each answer and do not say so (libraries.md, trap 9)."""
    async with fakes.serve(fakes.closing()) as target, Forwarder(own_ports=()) as sender:
        limit = asyncio.Semaphore(at_once)

        async def one(number: int) -> bool:
            async with limit:
                return (await send(sender, target, number)).succeeded

        assert all(await asyncio.gather(*(one(number) for number in range(50))))

    assert bodies(target) == Counter(b"%d" % number for number in range(50))


@pytest.mark.parametrize("resets", [False, True])
async def test_a_stale_connection_costs_one_more_connection(*, resets: bool) -> None:
    """The target dies on the second request of a connection, as one does whose idle time is just over."""

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await peer.reader.read(1)
        if resets:
            peer.reset()

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        for number in range(4):
            assert (await send(sender, target, number)).succeeded

    # The second delivery met the stale connection; from then on each has its own.
    assert target.connections == 4
    assert bodies(target) == Counter(b"%d" % number for number in range(4))


async def test_an_answer_that_began_is_not_asked_for_again() -> None:
    """Only silence is taken for a stale connection: this target has seen the request."""

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await peer.take()
        await peer.say(b"HTTP/1.1 200")

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        await send(sender, target, 0)
        second = await send(sender, target, 1)

    assert isinstance(second.result, Failure)
    assert second.result.kind is FailureKind.DISCONNECTED
    assert bodies(target) == Counter([b"0", b"1"])


async def test_a_timeout_is_not_asked_for_again() -> None:
    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await fakes.silent(peer)

    async with (
        fakes.serve(script) as target,
        Forwarder(own_ports=(), total_timeout_s=0.5) as sender,
    ):
        await send(sender, target, 0)
        second = await send(sender, target, 1)

    assert isinstance(second.result, Failure)
    assert second.result.kind is FailureKind.TIMEOUT
    assert target.connections == 1


async def test_the_timer_of_an_earlier_request_ends_no_later_one() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await peer.take()
        asked.set()
        await go_on.wait()
        await peer.say(fakes.OK)

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        await send(sender, target, 0)
        [[connection]] = sender._pool._idle.values()
        async with asyncio.TaskGroup() as group:
            second = group.create_task(send(sender, target, 1))
            await asked.wait()
            connection._expire()  # as the loop does, when the first request's time is over
            go_on.set()

    assert second.result().succeeded
    assert target.connections == 1


async def test_an_aged_connection_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_LIMIT_S", -1.0)
    async with fakes.serve(fakes.answering()) as target, Forwarder(own_ports=()) as sender:
        for number in range(3):
            assert (await send(sender, target, number)).succeeded

    assert target.connections == 3


async def test_an_idle_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_LIMIT_S", 0.01)
    left = asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        await fakes.answering()(peer)
        left.set()

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        await send(sender, target)
        await left.wait()


async def test_so_many_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_PER_TARGET", 3)
    together = asyncio.Barrier(8)

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            await together.wait()
            await peer.say(fakes.OK)

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        for _ in range(2):
            attempts = await asyncio.gather(*(send(sender, target, each) for each in range(8)))
            assert all(attempt.succeeded for attempt in attempts)

    assert target.connections == 8 + 5


async def test_targets_do_not_share_connections() -> None:
    async with (
        fakes.serve(fakes.answering(fakes.answer(body=b"one"))) as one,
        fakes.serve(fakes.answering(fakes.answer(body=b"two"))) as two,
        Forwarder(own_ports=()) as sender,
    ):
        for _ in range(3):
            for target in (one, two):
                await send(sender, target)

    assert (one.connections, two.connections) == (1, 1)
    assert (len(one.requests), len(two.requests)) == (3, 3)

"""Where an attempt's time went: by a clock that moves only when the target lets it, or at least as long as it took."""

import asyncio
import ssl
import time
from dataclasses import astuple

import pytest

from inspector.core.forwarding import Origin
from inspector.core.model import Attempt, Failure, FailureKind, Response, Timing, Trigger
from inspector.forwarder import Forwarder
from inspector.forwarder.connection import Connection, Deadline
from inspector.forwarder.dialler import Dialler
from tests import authority, factories, fakes

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


class Clock:
    """A time that stands still until it is moved on; `looked` is set by everyone who asks for it."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000
        self.looked = asyncio.Event()

    def __call__(self) -> int:
        self.looked.set()
        return self.now_ns

    def move(self, span_us: int) -> None:
        self.now_ns += span_us * 1000

    async def until_looked_at(self, data: bytes, peer: fakes.Peer) -> None:
        """Say something that the other side takes the time of."""
        self.looked.clear()
        await peer.say(data)
        await self.looked.wait()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter_ns", clock)
    return clock


async def send(sender: Forwarder, url: str, body: bytes = b"{}") -> Attempt:
    return await sender.send(factories.delivery(body=body), url, Trigger.FORWARD)


async def send_once(url: str, total_timeout_s: float = 30) -> Attempt:
    async with Forwarder(own_ports=(), total_timeout_s=total_timeout_s) as sender:
        return await send(sender, url)


def slow(clock: Clock, wait_us: int = 12_000, read_us: int = 300) -> fakes.Script:
    """Answers every request after a while, and takes another while over the answer's body."""

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            clock.move(wait_us)
            await clock.until_looked_at(HEAD, peer)
            clock.move(read_us)
            await peer.say(b"ok")

    return script


async def test_a_new_connection_and_a_kept_one(clock: Clock) -> None:
    async with fakes.serve(slow(clock)) as target, Forwarder(own_ports=()) as sender:
        first, second = await send(sender, target.url), await send(sender, target.url)

    assert first.timing == Timing(connect_us=0, wait_us=12_000, read_us=300)
    assert second.timing == Timing(connect_us=None, wait_us=12_000, read_us=300)
    assert (first.duration_us, second.duration_us) == (12_300, 12_300)
    assert target.connections == 1


async def test_a_target_slow_to_connect_to(clock: Clock) -> None:
    """TLS is a part of opening a connection."""
    tls, _ = authority.server_tls("localhost")

    def greeted(_connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        clock.move(7_000)

    tls.sni_callback = greeted
    async with fakes.serve(slow(clock), tls=tls) as target:
        attempt = await send_once(target.url.replace("127.0.0.1", "localhost"))

    assert attempt.timing == Timing(connect_us=7_000, wait_us=12_000, read_us=300)


async def test_an_interim_answer_is_the_first_that_is_heard(clock: Clock) -> None:
    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        clock.move(2_000)
        await clock.until_looked_at(b"HTTP/1.1 103 Early Hints\r\n\r\n", peer)
        clock.move(5_000)
        await peer.say(fakes.OK)
        await peer.head()

    async with fakes.serve(script) as target:
        attempt = await send_once(target.url)

    assert attempt.succeeded
    assert attempt.timing == Timing(connect_us=0, wait_us=2_000, read_us=5_000)


async def test_what_was_lost_on_a_kept_connection(clock: Clock) -> None:
    """It is no part of how long the target took over the connection on which it answered."""

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        if peer.target.connections == 1:
            await peer.say(fakes.OK)
            await peer.take()
            clock.move(40_000)
            return
        clock.move(1_000)
        await peer.say(fakes.OK)
        await peer.head()

    async with fakes.serve(script) as target, Forwarder(own_ports=()) as sender:
        await send(sender, target.url)
        attempt = await send(sender, target.url)

    assert attempt.succeeded
    assert attempt.timing == Timing(connect_us=0, wait_us=1_000, read_us=0, lost_us=40_000)
    assert attempt.duration_us == 41_000


async def test_an_answer_read_after_the_connection_broke_is_heard() -> None:
    """A target that refuses a long body halfway resets the connection by what it left unread."""

    async def script(peer: fakes.Peer) -> None:
        await peer.head()
        await peer.say(fakes.answer(413))

    loop = asyncio.get_running_loop()
    request = factories.request(body=bytes(2**24))
    async with fakes.serve(script) as target:
        connection = await Dialler(own_ports=(), allow_remote=False).connect(
            Origin("http", "127.0.0.1", target.port), 5
        )
        assert isinstance(connection, Connection)
        connection._transport.pause_reading()  # so that our writing is what fails first
        result, timing = await connection.exchange(
            b"POST / HTTP/1.1\r\nContent-Length: 16777216\r\n\r\n",
            request,
            Deadline(loop.time() + 30, 30),
        )

    assert isinstance(result, Response)
    assert timing.read_us is not None


async def test_nobody_listens() -> None:
    with fakes.refusing() as target:
        attempt = await send_once(target.url)

    assert attempt.timing is not None
    assert attempt.timing.connect_us is not None
    assert astuple(attempt.timing)[1:] == (None, None, None)


async def test_what_is_no_target_takes_no_time() -> None:
    assert (await send_once("ftp://127.0.0.1/")).timing is None


LIMIT_S = 0.1
LIMIT_US = 90_000
"""Timers go off a little early, by one clock as seen by another."""


async def test_the_time_runs_out_while_connecting() -> None:
    """To a target that says nothing to a TLS greeting."""
    async with (
        fakes.serve(fakes.deaf) as target,
        Forwarder(own_ports=(), connect_timeout_s=LIMIT_S) as sender,
    ):
        attempt = await send(sender, target.url.replace("http:", "https:"))

    assert attempt.result == Failure(
        FailureKind.CONNECT_TIMEOUT, f"no connection to 127.0.0.1:{target.port} within 0.1 s"
    )
    assert attempt.timing is not None
    assert attempt.timing.connect_us is not None
    assert LIMIT_US <= attempt.timing.connect_us <= attempt.duration_us
    assert attempt.timing.wait_us is None


async def test_the_time_runs_out_before_the_first_byte() -> None:
    async with fakes.serve(fakes.silent) as target:
        attempt = await send_once(target.url, total_timeout_s=LIMIT_S)

    assert attempt.result == Failure(
        FailureKind.TIMEOUT, "no complete answer within 0.1 s: the target sent nothing"
    )
    timing = attempt.timing
    assert timing is not None
    assert timing.connect_us is not None
    assert timing.wait_us is not None
    assert LIMIT_US <= timing.connect_us + timing.wait_us <= attempt.duration_us
    assert timing.read_us is None


async def test_the_time_runs_out_while_it_is_read() -> None:
    script = fakes.trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    async with fakes.serve(script) as target:
        attempt = await send_once(target.url, total_timeout_s=5 * LIMIT_S)

    assert isinstance(attempt.result, Failure)
    assert attempt.result.kind is FailureKind.TIMEOUT
    assert "the target sent status 200 and " in attempt.result.detail
    timing = attempt.timing
    assert timing is not None
    assert None not in {timing.connect_us, timing.wait_us, timing.read_us}
    spent_us = sum(each for each in astuple(timing) if each is not None)
    assert LIMIT_US <= spent_us <= attempt.duration_us

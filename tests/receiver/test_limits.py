"""How many connections there is room for, and what becomes of the others."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.receiver import Receiver, connection, limits
from inspector.receiver.limits import Gate, Limits, Peers, Porter
from tests.wire import Wire, status

WHOLE = Wire(target=b"/in/demo", body=b"{}").raw
HUGE = Wire(target=b"/in/demo", body=b"x" * 4_000_000).raw
"""More than the kernel takes off a sender's hands while nobody reads."""


async def _resolve(name: str) -> Endpoint | None:
    return Endpoint(name)


async def _accept(endpoint: Endpoint, request: Request) -> Reply:
    return Reply(200, Headers(), b"ok")


@asynccontextmanager
async def opened(
    room: int, peers: Peers | None = None, *, lingering: int = 8
) -> AsyncIterator[int]:
    """Run a receiver with so much room; yield its port."""
    runner = Receiver(resolve=_resolve, accept=_accept, body_cap_bytes=10_000_000).runner(
        peers=peers
    )
    await runner.setup()
    assert runner.server is not None
    porter = Porter(lingering)
    gate = Gate(runner.server, room, porter)
    listening = await asyncio.get_running_loop().create_server(gate, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await runner.cleanup()
        while (
            porter._lingering
        ):  # they see in a later turn of the loop that the other side has closed
            await asyncio.sleep(0)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def talk(port: int, raw: bytes) -> bytes:
    async with connected(port) as (reader, writer):
        writer.write(raw)
        return await reader.read()


@pytest.mark.parametrize("descriptors", [0, 50, 64, 256, 1024, 20_000, 65_536, 1_000_000])
def test_descriptors_are_shared_out(descriptors: int) -> None:
    """Whatever there is, each door has some, and some are left for the connections to targets."""
    found = Limits.within(descriptors)

    assert 1 <= found.per_peer <= found.public
    assert found.private >= 2
    assert found.lingering >= 1
    if descriptors >= 64:
        assert limits.RESERVE + found.public + found.private + found.lingering < descriptors


def test_ten_thousand_deliveries_at_once_have_room() -> None:
    assert Limits.within(20_000).public > 10_000


@pytest.mark.parametrize(
    ("soft", "hard", "raised"), [(64, 64, 64), (64, 5000, 5000), (4000, 5000, 5000)]
)
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int, raised: int) -> None:
    """In a process of its own: a hard limit that was lowered stays so."""
    script = (
        "import resource; from inspector.receiver.limits import raise_limit;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )

    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert said.stdout.split() == [str(raised), str(raised), str(hard)]


async def test_whoever_comes_too_late_is_told_to_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Before a byte of his is read; and there is room again as soon as somebody leaves."""
    async with opened(1) as port:
        async with connected(port) as (reader, writer):
            writer.write(WHOLE[:-1])
            answers = [await talk(port, sent) for sent in (b"", WHOLE, b"\0\xff", WHOLE)]
            writer.write(WHOLE[-1:])
            assert status(await reader.read()) == 200
        assert status(await talk(port, WHOLE)) == 200

    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nRetry-After: 5\r\n" in answer
        assert b"\r\nConnection: close\r\n" in answer
    assert caplog.messages == [
        "1 connections are open, all there is room for (ulimit -n): a connection was answered 503"
    ]


async def test_whoever_is_turned_away_can_read_why() -> None:
    """Even amid a long body: a reset would take the answer away from him."""
    async with opened(0) as port, connected(port) as (reader, writer):
        writer.write(HUGE)
        await writer.drain()
        assert status(await reader.read()) == 503


async def test_only_so_many_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that neither reads nor leaves is cut off; with as many of those as may be, the others are at once."""
    monkeypatch.setattr(limits, "LINGER_S", 0.05)
    async with opened(0, lingering=1) as port:
        async with connected(port) as first, connected(port) as second:
            for reader, _ in (first, second):
                assert status(await reader.read()) == 503
            await _until_gone(second[1])
            await _until_gone(first[1])
        assert status(await talk(port, b"")) == 503


async def test_whoever_took_no_time_makes_no_room() -> None:
    porter = Porter(1)
    first, second = (porter.turn_away("no room") for _ in range(2))
    assert [porter.enter(first), porter.enter(second)] == [True, False]

    async with asyncio.TaskGroup() as group:
        free = group.create_task(porter.free())
        porter.leave(second)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not free.done()
        porter.leave(first)


async def _until_gone(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()


async def test_nobody_elsewhere_takes_all_the_room(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "host_of", lambda transport: "203.0.113.7")
    async with opened(10, Peers(1, Porter(8))) as port:
        async with connected(port) as (reader, writer):
            writer.write(WHOLE[:-1])
            assert status(await talk(port, WHOLE)) == 503
            writer.write(WHOLE[-1:])
            assert status(await reader.read()) == 200
        assert status(await talk(port, WHOLE)) == 200

    assert caplog.messages == [
        "1 connections are open from 203.0.113.7: a connection was answered 503"
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_not_counted(host: str) -> None:
    """A tunnel, a relay and a load test all come from here."""
    peers = Peers(1, Porter(1))

    assert [peers.enter(host) for _ in range(100)] == [""] * 100


def test_addresses_are_counted_one_by_one() -> None:
    peers = Peers(2, Porter(1))
    first = [peers.enter("203.0.113.7") for _ in range(3)]
    assert first[2] is None
    assert peers.enter("203.0.113.8") is not None

    assert first[0] is not None
    peers.leave(first[0])
    assert peers.enter("203.0.113.7") is not None
    assert peers.enter("::ffff:203.0.113.7") is None


def test_an_ipv6_network_counts_as_one() -> None:
    """Whoever has one address of a /64 has all of it."""
    peers = Peers(2, Porter(1))

    assert peers.enter("2001:db8:0:1::1")
    assert peers.enter("2001:db8:0:1:ffff::2")
    assert peers.enter("2001:db8:0:1::3") is None
    assert peers.enter("2001:db8:0:2::3")
    assert peers.enter("fe80::1%eth0")


def test_nothing_is_remembered_of_whoever_has_left() -> None:
    peers = Peers(2, Porter(1))
    for number in range(1000):
        name = peers.enter(f"198.51.{number // 250}.{number % 250}")
        assert name
        peers.leave(name)

    assert not peers._open

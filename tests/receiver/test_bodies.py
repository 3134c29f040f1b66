"""Bodies that wait for room at the public door, and the room of those that never come to an end."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web

from inspector.core.model import Endpoint, Reply, Request
from inspector.receiver import Receiver, bodies
from inspector.receiver.budget import Budget
from tests.test_receiver import CAP, Door, opened, status

ROOM = 400_000
NEVER_S = 3600.0
RESET = struct.pack("ii", 1, 0)
HEAD = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(size: int) -> bytes:
    return b"%x\r\n%b\r\n" % (size, b"c" * size)


class Gate(Door):
    """A door behind which nothing is answered until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = asyncio.Event()
        self.reached = asyncio.Event()

    async def accept(self, endpoint: Endpoint, request: Request) -> Reply:
        self.reached.set()
        await self.is_open.wait()
        return await super().accept(endpoint, request)


class Watched(Budget):
    """One that can be waited for to reach a state."""

    def __init__(self, *, wait_s: float = NEVER_S) -> None:
        super().__init__(ROOM, wait_s=wait_s)
        self._moved = asyncio.Event()

    def grow(self, held_bytes: int, size_bytes: int) -> bool:
        self._moved.set()
        return super().grow(held_bytes, size_bytes)

    async def wait(self, held_bytes: int, size_bytes: int) -> None:
        self._moved.set()
        try:
            await super().wait(held_bytes, size_bytes)
        finally:
            self._moved.set()

    def give_back(self, held_bytes: int) -> None:
        self._moved.set()
        super().give_back(held_bytes)

    async def reaches(self, *, taken: int, waiting: int = 0) -> None:
        """Return when so much is taken, and so many wait."""
        async with asyncio.timeout(30):
            while (self.taken_bytes, self.waiting) != (taken, waiting):
                self._moved.clear()
                await self._moved.wait()


Start = Callable[[Door, bytes], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Begin to send, on a connection of its own that is closed in the end."""
    writers: list[asyncio.StreamWriter] = []

    async def started(door: Door, raw: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(door.host, door.port)
        writers.append(writer)
        writer.write(raw)
        return reader, writer

    yield started
    for writer in writers:
        writer.close()


def declared(size: int, *headers: bytes) -> bytes:
    return b"".join([HEAD, *headers, b"Content-Length: %d\r\n\r\n" % size])


async def test_a_body_that_finds_no_room_waits_for_it(start: Start) -> None:
    """The room is kept until the delivery is answered; the next one is not even asked for its body before."""
    budget = Watched()
    async with opened(gate := Gate(), budget=budget):
        first, _ = await start(gate, declared(300_000) + b"a" * 300_000)
        await gate.reached.wait()
        waiting = socket.create_connection((gate.host, gate.port))
        waiting.sendall(declared(200_000, b"Expect: 100-continue\r\n"))
        waiting.setblocking(False)
        await budget.reaches(taken=300_000, waiting=1)
        with pytest.raises(BlockingIOError):
            waiting.recv(1)
        gate.is_open.set()
        assert status(await first.read()) == 200
        second, writer = await asyncio.open_connection(sock=waiting)
        assert await second.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"b" * 200_000)
        assert status(await second.read()) == 200
        writer.close()
        await budget.reaches(taken=0)
    assert [request.body for _, request in gate.accepted] == [b"a" * 300_000, b"b" * 200_000]


async def test_no_room_in_time_is_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """503, when to come again, the end of the connection, and a line in the log; nothing is stored."""
    budget = Watched(wait_s=0.05)
    async with opened(gate := Gate(), budget=budget):
        first, _ = await start(gate, declared(300_000) + b"a" * 300_000)
        await gate.reached.wait()
        answer = await gate.talk(declared(200_000) + b"b" * 200_000)
        gate.is_open.set()
        assert status(await first.read()) == 200
        await budget.reaches(taken=0)
    assert status(answer) == 503
    assert b"\r\nRetry-After: 5\r\n" in answer
    assert b"\r\nConnection: close\r\n" in answer
    assert len(gate.accepted) == 1
    (record,) = caplog.records
    assert "no room for 200000 bytes" in record.getMessage()


@pytest.mark.parametrize("size", [0, 2_000, 64 * 1024])
@pytest.mark.parametrize("apart", [False, True])
async def test_a_small_body_does_not_wait_behind_big_ones(
    start: Start, size: int, *, apart: bool
) -> None:
    """With its head in one piece, as most come, or after it."""
    budget = Watched()
    async with opened(gate := Gate(), budget=budget):
        await start(gate, declared(300_000) + b"a" * 300_000)
        await gate.reached.wait()
        _, behind = await start(gate, declared(200_000))
        await budget.reaches(taken=300_000, waiting=1)
        gate.reached.clear()
        _, writer = await start(gate, declared(size) + b"s" * (0 if apart else size))
        if apart:
            await budget.reaches(taken=300_000 + size, waiting=1)
            writer.write(b"s" * size)
        await gate.reached.wait()
        assert budget.taken_bytes == 300_000 + size
        behind.close()
        gate.is_open.set()


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_single_body_up_to_the_cap_always_fits(*, is_chunked: bool) -> None:
    """Were the budget as small as it is here, which is less than half of the cap."""
    raw = declared(CAP) + b"x" * CAP
    if is_chunked:
        raw = CHUNKED + chunk(CAP // 2) * 2 + b"0\r\n\r\n"
    budget = Watched()
    async with opened(door := Door(), budget=budget):
        assert status(await door.talk(raw)) == 200
        await budget.reaches(taken=0)
    assert len(door.request.body) == CAP


async def test_half_read_chunked_bodies_do_not_wait_for_each_other(start: Start) -> None:
    """Each holds what the other one needs: one of them is refused at once, and the other is stored whole."""
    budget = Watched()
    async with opened(door := Door(), budget=budget):
        ends = [await start(door, CHUNKED + chunk(200_000)) for _ in range(2)]
        await budget.reaches(taken=400_000)
        for _, writer in ends:
            writer.write(chunk(200_000) + b"0\r\n\r\n")
        answers = [await reader.read() for reader, _ in ends]
        await budget.reaches(taken=0)
    assert sorted(map(status, answers)) == [200, 503]
    assert door.request.body == b"c" * 400_000


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (declared(CAP + 1), 413),
        (CHUNKED + chunk(600_000) * 2, 413),
        (CHUNKED + chunk(200_000) + b"Z\r\n", 400),
        (declared(300_000) + b"ab", 408),
        (CHUNKED + chunk(200_000), 408),
    ],
    ids=[
        "declared too long",
        "chunked too long",
        "broken",
        "declared, stalled",
        "chunked, stalled",
    ],
)
async def test_what_is_refused_gives_its_room_back(
    start: Start, raw: bytes, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_IDLE_S", 0.2)
    budget = Watched()
    async with opened(door := Door(), budget=budget):
        reader, writer = await start(door, raw)
        assert status(await reader.readuntil(b"\r\n\r\n")) == expected
        await budget.reaches(taken=0)
        writer.close()
    assert door.accepted == []


async def test_a_failure_of_ours_gives_the_room_back(caplog: pytest.LogCaptureFixture) -> None:
    budget = Watched()
    async with opened(door := Door(failure=ZeroDivisionError()), budget=budget):
        assert status(await door.talk(declared(300_000) + b"x" * 300_000)) == 500
        await budget.reaches(taken=0)
    assert caplog.records


@contextmanager
def reset_by(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Cut the connection off in the end."""
    yield
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("raw", "taken"),
    [
        (declared(100_000), 100_000),
        (declared(100_000) + b"x" * 99_999, 100_000),
        (CHUNKED + chunk(100_000), 100_000),
        (CHUNKED + chunk(100_000) + b"5\r\nab", 100_002),
    ],
    ids=["nothing of it", "all but a byte", "a chunk", "half a chunk"],
)
async def test_senders_that_leave_leave_no_room_taken(start: Start, raw: bytes, taken: int) -> None:
    """Reset in the middle of the body, while it is read and while it waits, again and again: the budget is whole."""
    budget = Watched()
    async with opened(door := Door(), budget=budget):
        for _ in range(20):
            _, writer = await start(door, raw)
            with reset_by(writer):
                await budget.reaches(taken=taken)
            await budget.reaches(taken=0)
        assert status(await door.post(b"x" * ROOM)) == 200
        await budget.reaches(taken=0)
    assert door.request.body == b"x" * ROOM


async def test_senders_that_leave_while_they_wait_take_nothing(start: Start) -> None:
    budget = Watched()
    async with opened(gate := Gate(), budget=budget):
        first, _ = await start(gate, declared(300_000) + b"a" * 300_000)
        await gate.reached.wait()
        for number in range(20):
            _, writer = await start(gate, declared(200_000) + b"b" * 1000)
            with reset_by(writer):
                await budget.reaches(taken=300_000, waiting=number + 1)
        gate.is_open.set()
        assert status(await first.read()) == 200
        await budget.reaches(taken=0)
        assert status(await gate.post(b"x" * ROOM)) == 200
    assert len(gate.accepted) == 2


async def test_a_stop_takes_nobody_s_room_along(start: Start) -> None:
    """Cut off at the end: one whose delivery is being stored, one that is read, one that waits."""
    budget = Watched()
    gate = Gate()
    runner = Receiver(
        resolve=gate.resolve, accept=gate.accept, body_cap_bytes=CAP, budget=budget
    ).runner()
    await runner.setup()
    await web.TCPSite(runner, gate.host, 0).start()
    (gate.host, gate.port), *_ = runner.addresses
    await start(gate, declared(100_000) + b"a" * 100_000)
    await gate.reached.wait()
    await start(gate, declared(300_000) + b"b")
    await budget.reaches(taken=400_000)
    await start(gate, declared(200_000) + b"c")
    await budget.reaches(taken=400_000, waiting=1)
    assert runner.server
    await runner.server.shutdown(0.05)
    await budget.reaches(taken=0)
    await runner.cleanup()

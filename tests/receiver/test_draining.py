"""A receiver that is stopped while requests arrive, over real sockets, piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.receiver import Receiver
from inspector.receiver.draining import Patience
from tests.load import read_answer
from tests.wire import statuses

POST = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
HUGE = b"x" * 8_000_000
"""More than the kernel takes off a sender's hands who does not read."""

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Desk:
    """A receiver that accepts when it is let, and what it has accepted."""

    runner: web.ServerRunner | None = None
    port: int = 0
    told: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    reply: Reply = field(default_factory=lambda: Reply(200, Headers(), b"ok"))

    async def accept(self, endpoint: Endpoint, request: Request) -> Reply:
        self.begun.set()
        await self.go_on.wait()
        self.bodies.append(request.body)
        return self.reply

    async def connect(self, *pieces: bytes) -> Wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.writelines(pieces)
        await writer.drain()
        return reader, writer

    async def taken_up(self) -> asyncio.Event:
        """Wait until a request waits to go on; return what lets it. Those that follow do not wait."""
        await self.begun.wait()
        slow, self.go_on = self.go_on, asyncio.Event()
        self.go_on.set()
        return slow

    async def idle(self) -> Wire:
        """Return a connection on which one request was answered, when all before it are heard."""
        reader, writer = await self.connect(POST % 2, b"{}")
        assert await read_answer(reader) == (200, b"ok")
        return reader, writer


@asynccontextmanager
async def stopped(desk: Desk) -> AsyncIterator[None]:
    """Stop; what is in the block happens meanwhile, from when the idle ones are let go."""
    assert desk.runner is not None
    reader, writer = await desk.idle()
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.runner.cleanup())
        assert await reader.read() == b""
        writer.close()
        yield


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    desk.go_on.set()

    async def resolve(name: str) -> Endpoint | None:
        return Endpoint(name)

    receiver = Receiver(resolve=resolve, accept=desk.accept, body_cap_bytes=1000)
    desk.runner = receiver.runner(draining=desk.told.append)
    await desk.runner.setup()
    site = web.TCPSite(desk.runner, "127.0.0.1", 0)
    await site.start()
    (desk.port,) = (address[1] for address in desk.runner.addresses)
    yield desk
    await desk.runner.cleanup()


async def test_a_body_is_read_to_its_end(desk: Desk) -> None:
    """Half of it comes after the signal; the answer says that the connection ends."""
    reader, writer = await desk.connect(POST % 4, b"ab")
    async with stopped(desk):
        writer.write(b"cd")
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert b"abcd" in desk.bodies
    assert desk.told == [1]
    writer.close()


@pytest.mark.parametrize(
    "start", [b"", b"\r\n", b"POST /in/de", b"POST /in/demo HTTP/1.1\r\nHost:"]
)
async def test_whoever_has_not_said_what_he_wants_is_let_go(desk: Desk, start: bytes) -> None:
    """Nobody waits for the rest of a head: its request was not accepted, and can be sent again."""
    reader, writer = await desk.connect(start)
    async with stopped(desk):
        assert await reader.read() == b""

    assert desk.told == []
    writer.close()


async def test_every_request_that_is_in_hand_is_answered(desk: Desk) -> None:
    """Three in one packet, and the fourth but half: only the last answer says that it is the last."""
    desk.go_on.clear()
    reader, writer = await desk.connect((POST % 1 + b"a") * 3, POST % 2 + b"b")
    slow = await desk.taken_up()
    async with stopped(desk):
        slow.set()
        writer.write(b"c")
        answers = await reader.read()

    assert desk.told == [4]
    assert statuses(answers) == [200, 200, 200, 200]
    assert answers.count(b"Connection: close") == 1
    assert b"Connection: close" in answers[answers.rindex(b"HTTP/1.1 200") :]
    assert desk.bodies.count(b"a") == 3
    assert b"bc" in desk.bodies
    writer.close()


async def test_a_request_that_is_being_stored_is_answered(desk: Desk) -> None:
    desk.go_on.clear()
    reader, writer = await desk.connect(POST % 2, b"ab")
    slow = await desk.taken_up()
    async with stopped(desk):
        slow.set()
        answer = await reader.read()

    assert statuses(answer) == [200]
    assert b"Connection: close" in answer
    writer.close()


async def test_an_answer_on_its_way_is_the_last(desk: Desk) -> None:
    """It had promised that the connection stays; that is closed all the same, and the answer whole."""
    desk.reply = Reply(200, Headers(), HUGE)
    reader, writer = await desk.connect(POST % 2, b"ab")
    head = await reader.readuntil(b"\r\n\r\n")
    desk.reply = Reply(200, Headers(), b"ok")
    async with stopped(desk):
        answer = await reader.read()

    assert b"Connection: close" not in head
    assert answer == HUGE
    assert desk.told == [1]
    writer.close()


async def test_a_body_that_does_not_come_is_waited_for_no_longer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.runner is not None
    monkeypatch.setattr(desk.runner, "_shutdown_timeout", 0.05)
    lengths, chunks = await desk.connect(POST % 4, b"ab"), await desk.connect(CHUNKED, b"2\r\nab")
    async with stopped(desk):
        answers = [await reader.read() for reader, _ in (lengths, chunks)]

    assert [statuses(answer) for answer in answers] == [[408], [408]]
    assert b"ab" not in desk.bodies
    for _, writer in (lengths, chunks):
        writer.close()


async def test_a_disk_that_hangs_is_waited_for_no_longer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged that may not be stored."""
    assert desk.runner is not None
    monkeypatch.setattr(desk.runner, "_shutdown_timeout", 0.05)
    desk.go_on.clear()
    reader, writer = await desk.connect(POST % 2, b"ab")
    await desk.taken_up()
    async with stopped(desk):
        assert await reader.read() == b""

    assert b"ab" not in desk.bodies
    writer.close()


def test_targets_have_had_the_time_that_the_doors_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop does not wait for one after the other."""
    now_s = 100.0
    monkeypatch.setattr("inspector.receiver.draining.time.monotonic", lambda: now_s)
    patience = Patience(5.0)
    assert patience.left_s() == 5.0

    patience.begin()
    now_s = 102.0
    assert patience.left_s() == 3.0
    now_s = 200.0
    assert patience.left_s() == 0.0

"""T26, T27, T31: whoever is slow, idle, many or loud holds up nobody else, and leaves nothing behind."""

import asyncio
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from inspector.receiver import HEAD_TIMEOUT_S
from inspector.receiver.limits import Limits
from tests import process
from tests.faults.test_crowds import DESCRIPTORS, FEW_DESCRIPTORS, many_descriptors
from tests.wire import Wire, status, stored_as, talk

OF_A_KIND = 60
DELIVERIES = 400
LONG = Wire(headers=tuple((b"X-Long", b"x" * 7900) for _ in range(3)))
"""Its record is 24 KB in the feed: some hundreds fill whatever lies between us and a client who does not read."""
WAIT_S = 60
"""Only so that a test that has gone wrong ends."""
GROWTH_BYTES = 48 * 1024 * 1024
FLOOD = 400

POST = b"POST /in/demo HTTP/1.1\r\nHost: h\r\n"
SLOW = {
    "silence": b"",
    "half a line": b"POST /in/de",
    "half a head": POST + b"X-A: a\r\n",
    "a head that grows": POST,
    "no body": POST + b"Content-Length: 100\r\n\r\n",
    "half a body": POST + b"Content-Length: 100\r\n\r\nhalf",
    "no last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
}


def open_sockets(pid: int) -> int:
    """Count them; what else a process has open, as the database once more for readers, comes when it is needed."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += descriptor.readlink().name.startswith("socket:")
    return found


def resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    found = socket.create_connection((parts.hostname, parts.port))
    found.setblocking(False)
    return found


@contextmanager
def slow_ones(running: process.Running) -> Iterator[list[socket.socket]]:
    """Open as many connections of each kind at both doors, and send nothing more."""
    with ExitStack() as stack:
        opened = []
        for url in (running.ingress, running.api):
            for start in SLOW.values():
                for _ in range(OF_A_KIND):
                    opened.append(stack.enter_context(connected(url)))
                    opened[-1].send(start)
        yield opened


@contextmanager
def stalled_feed(running: process.Running) -> Iterator[socket.socket]:
    """Follow the feed, and never read of it."""
    with connected(running.api) as feed:
        feed.send(
            b"GET /api/feed HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %b\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            % (feed.getpeername()[1], running.data_dir.read_api_token().encode())
        )
        yield feed


async def end_of(slow: socket.socket) -> None:
    """Wait until the other side has closed."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while await loop.sock_recv(slow, 65536):
            pass


async def dripping(slow: socket.socket) -> None:
    """Send a byte of a header's value now and then, for as long as somebody takes it."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while True:
            await loop.sock_sendall(slow, b"X-A: a\r\n")
            await asyncio.sleep(1)  # as slow as the attacker likes


async def test_the_slow_hold_up_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hundreds of them at both doors, and a client that reads nothing: all deliveries are taken, all of them are cut.

    Those whose head does not end at the deadline for heads, though they send something every second (slowloris); those
    whose body does not come, and the client of the feed, a little earlier. Nothing of them is left.
    """
    async with process.inspector(tmp_path, "--quiet") as running:
        stored_as(await talk(running.ingress, LONG.raw))
        sockets, memory = open_sockets(running.pid), resident_bytes(running.pid)
        with slow_ones(running) as slow, stalled_feed(running) as feed:
            dripped = [each for at, each in enumerate(slow) if at // OF_A_KIND % len(SLOW) == 3]
            async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as group:
                dripping_ones = [group.create_task(dripping(each)) for each in dripped]
                endings = [group.create_task(end_of(each)) for each in slow]
                for number in range(2, DELIVERIES + 2):
                    assert stored_as(await talk(running.ingress, LONG.raw)) == number
                assert open_sockets(running.pid) >= sockets + len(slow) // 2
                await asyncio.gather(*endings)
                for task in dripping_ones:
                    task.cancel()
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                await end_of(feed)
        stored_as(await talk(running.ingress, Wire().raw))
        assert resident_bytes(running.pid) - memory < GROWTH_BYTES
        assert open_sockets(running.pid) <= sockets + 1
    _, told = capsys.readouterr()
    assert told.count("a feed client has stopped reading") == 1


async def idle_ones(folder: Path, count: int) -> list[float]:
    """Open so many connections and say nothing; return how long each of the deliveries beside them took, in seconds."""
    with many_descriptors(count + 500):
        async with process.inspector(folder, "--quiet") as running:
            stored_as(await talk(running.ingress, Wire().raw))
            sockets = open_sockets(running.pid)
            with silent_ones(running.ingress, count):
                took_s = [await seconds_for_one(running) for _ in range(DELIVERIES)]
                assert open_sockets(running.pid) >= sockets + count
            await sockets_are_closed(running, sockets)
    return took_s


@contextmanager
def silent_ones(url: str, count: int) -> Iterator[list[socket.socket]]:
    """Open so many connections and say nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(url)) for _ in range(count)]


async def seconds_for_one(running: process.Running) -> float:
    """Have one delivery stored, and return how long that took."""
    started_s = time.perf_counter()
    stored_as(await talk(running.ingress, Wire().raw))
    return time.perf_counter() - started_s


async def sockets_are_closed(running: process.Running, sockets: int) -> None:
    """Send deliveries until no more of its sockets are open than were."""
    async with asyncio.timeout(WAIT_S):
        while open_sockets(running.pid) > sockets:
            await talk(running.ingress, Wire().raw)


async def test_idle_connections_hold_up_nobody(tmp_path: Path) -> None:
    """Ten thousand, where so many may be open: every delivery beside them is stored, and nothing is left of them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 10_000 if hard == resource.RLIM_INFINITY or hard >= 20_000 else 500

    assert max(await idle_ones(tmp_path, count)) < WAIT_S


@pytest.mark.parametrize("door", ["ingress", "api"])
async def test_a_full_door_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], door: str
) -> None:
    """Whoever comes then is answered 503, before he has said a word; the other door is as open as ever (F36)."""
    limits = Limits.within(DESCRIPTORS)
    room = limits.public if door == "ingress" else limits.private
    async with process.inspector(tmp_path, "--quiet", program=FEW_DESCRIPTORS) as running:
        stored_as(await talk(running.ingress, Wire().raw))
        sockets = open_sockets(running.pid)
        url = running.ingress if door == "ingress" else running.api
        with silent_ones(url, room):
            with silent_ones(url, 40) as others:
                for other in others:
                    assert status(await said_to(other)) == 503
            assert b"\r\nRetry-After: 5\r\n" in await talk(url, Wire(body=b"x" * 100_000).raw)
            if door == "ingress":
                async with running.client() as client:
                    assert len(await client.deliveries()) == 1
            else:
                assert stored_as(await talk(running.ingress, Wire().raw)) == 2
        await sockets_are_closed(running, sockets)
        stored_as(await talk(running.ingress, Wire().raw))
        async with running.client() as client:
            assert await client.deliveries()
    told = capsys.readouterr().err.splitlines()
    assert told
    assert all(f"{room} connections are open, all there is room for" in line for line in told)


async def said_to(silent: socket.socket) -> bytes:
    """Return everything that the other side says, until it closes."""
    loop = asyncio.get_running_loop()
    answer = b""
    with suppress(ConnectionError):
        while piece := await loop.sock_recv(silent, 65536):
            answer += piece
    return answer


async def test_whoever_is_loud_does_not_own_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not HTTP leaves a line a second at most, at either door, and what is refused leaves none (T27)."""
    rubbish = (
        b"\x16\x03\x01" + b"a" * 500,
        b"POST /in/demo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    )
    async with process.inspector(tmp_path, "--quiet", "--strict") as running:
        for number in range(FLOOD):
            for url in (running.ingress, running.api):
                answer = await talk(url, rubbish[number % 2] + b"\r\n\r\n")
                assert status(answer) == 400
                assert len(answer) < 1024
            assert status(await talk(running.ingress, Wire(target=b"/in/none").raw)) == 404
        async with running.client() as client:
            assert await client.deliveries() == []
    _, told = capsys.readouterr()
    assert len(told.encode()) < 10 * FLOOD
    assert "Host: " not in told

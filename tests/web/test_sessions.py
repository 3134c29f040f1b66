"""A process for each page: what reaches it, and that it ends."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from inspector.web import sessions
from tests.web.serving import TOKEN, Served, serving

WAIT_S = 60
DEAF = """
import os, signal, sys
os.write(1, b"__GANGLION__\\n")
pid = b"pid %d " % os.getpid()
os.write(1, b"D" + len(pid).to_bytes(4, "big") + pid)
while sys.stdin.buffer.read(1):
    pass
"""
"""Ends when its stdin closes, and for nothing that it is told."""
Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def page(served: Served, size: str = "width=80&height=24") -> AsyncIterator[Socket]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{served.base}/ws?{size}", headers=headers) as socket,
    ):
        yield socket


@asynccontextmanager
async def page_as_soon_as_there_is_room(served: Served) -> AsyncIterator[Socket]:
    """Come back while one is told to: a process is gone a moment before its place is free."""
    async with AsyncExitStack() as stack:
        yield await _admitted(stack, served)


async def _admitted(stack: AsyncExitStack, served: Served) -> Socket:
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                return await stack.enter_async_context(page(served))
            except aiohttp.WSServerHandshakeError as error:
                if error.status != 503:
                    raise
                await asyncio.sleep(0.01)


async def told(socket: Socket, until: bytes) -> bytes:
    """Return what the program wrote, up to and with `until`."""
    found = b""
    while until not in found:
        frame = await socket.receive(WAIT_S)
        assert frame.type is WSMsgType.BINARY, frame
        found += frame.data
    return found


async def pid_of(socket: Socket) -> int:
    return int((await told(socket, b" ")).split()[1])


async def ended(pid: int) -> None:
    """Wait until there is no such process, or only what is left of it until its parent has looked."""
    async with asyncio.timeout(WAIT_S):
        while is_alive(pid):
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


async def test_what_is_typed_reaches_the_program(tmp_path: Path) -> None:
    """And what it draws reaches the page, byte for byte."""
    async with serving(tmp_path) as served, page(served) as socket:
        await pid_of(socket)
        await socket.send_json(["stdin", "\x1b[A ü\x00"])
        assert await told(socket, b"\x00") == "D\x1b[A ü\x00".encode()
        await socket.send_json(["resize", {"width": 10**9, "height": -1}])
        drawn = await told(socket, b"}")
        assert drawn == b'M{"type": "resize", "width": 1000, "height": 1}'
        await socket.send_json(["ping", "12"])
        assert (await socket.receive_json(timeout=WAIT_S)) == ["pong", "12"]
        for order in ("focus", "blur"):
            await socket.send_json([order])
            assert order.encode() in await told(socket, b"}")


@pytest.mark.parametrize(
    "frame",
    [
        *("", "{", "[]", "null", '"stdin"', '["stdin"]', '["stdin", 1]', '["quit"]', "[" * 100_000),
        *('["resize", {"width": "x", "height": 1}]', '["resize", {}]', '["ping", {}]'),
        *('["resize", {"width": null, "height": 1}]', '["resize", {"width": 1e999, "height": 1}]'),
    ],
    ids=lambda frame: frame[:30],
)
async def test_what_no_page_of_ours_says(tmp_path: Path, frame: str) -> None:
    """Ends the connection and with it the program; the next page is served."""
    async with serving(tmp_path) as served:
        async with page(served) as socket:
            pid = await pid_of(socket)
            await socket.send_str(frame)
            closed = await socket.receive(WAIT_S)
            assert (closed.type, closed.data) == (WSMsgType.CLOSE, 1003)
        await ended(pid)
        async with page(served) as socket:
            assert await pid_of(socket)


async def test_a_frame_too_long(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, page(served) as socket:
        pid = await pid_of(socket)
        await socket.send_json(["stdin", "x" * sessions.RECEIVE_MAX_BYTES])
        assert (await socket.receive(WAIT_S)).data == 1009
        await ended(pid)


@pytest.mark.parametrize("size", ["", "width=&height=", "width=x&height=-5", "width=1e9"])
async def test_a_size_that_is_none(tmp_path: Path, size: str) -> None:
    """A page that says no size gets a terminal of some."""
    async with serving(tmp_path) as served, page(served, size) as socket:
        assert await pid_of(socket)


async def test_a_process_ends_with_its_page(tmp_path: Path) -> None:
    """Whether the page says goodbye or is gone; the others' go on."""
    async with serving(tmp_path) as served, page(served) as other:
        stays = await pid_of(other)
        async with page(served) as socket:
            said_goodbye = await pid_of(socket)
        await ended(said_goodbye)
        async with page(served) as socket:
            cut = await pid_of(socket)
            transport = socket._response.connection
            assert transport is not None
            assert transport.transport is not None
            transport.transport.abort()
            await ended(cut)
        assert is_alive(stays)


@pytest.mark.parametrize("order", ["end", "die"])
async def test_a_page_ends_with_its_process(tmp_path: Path, order: str) -> None:
    """Whether the program said goodbye or was killed."""
    async with serving(tmp_path) as served, page(served) as socket:
        await pid_of(socket)
        await socket.send_json(["stdin", order])
        assert (await socket.receive(WAIT_S)).type is WSMsgType.CLOSE


async def test_every_process_ends_with_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        sockets = [page(served) for _ in range(3)]
        pids = [await pid_of(await each.__aenter__()) for each in sockets]
    for pid in pids:
        await ended(pid)
    for each in sockets:
        await each.__aexit__(None, None, None)


@pytest.mark.parametrize("program", [DEAF, f"{DEAF}while True: signal.pause()"], ids=["", "at all"])
async def test_one_that_does_not_obey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """Its stdin is closed, of which a terminal ends (`tui.ending`); what does not even then is killed."""
    monkeypatch.setattr(sessions, "QUIT_S", 0.1)
    async with serving(tmp_path, program) as served:
        async with page(served) as socket:
            pid = await pid_of(socket)
        await ended(pid)


async def test_a_program_that_is_no_terminal(tmp_path: Path) -> None:
    """What it had to say is in the log, which nobody else may read."""
    os.umask(0o022)
    program = "import sys; sys.exit('no terminal \\x1b[2J')"
    async with serving(tmp_path, program) as served, page(served) as socket:
        assert (await socket.receive(WAIT_S)).type is WSMsgType.CLOSE
    log = tmp_path / "terminal.log"
    assert "no terminal" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_no_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is told to wait; as soon as one has ended there is room."""
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)
    async with serving(tmp_path) as served, page(served) as first:
        await pid_of(first)
        async with page(served) as second:
            pid = await pid_of(second)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await page(served).__aenter__()
            assert refused.value.status == 503
        await ended(pid)
        async with page_as_soon_as_there_is_room(served) as third:
            assert await pid_of(third)


async def test_a_socket_only(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, aiohttp.ClientSession() as session:
        answer = await session.get(
            f"{served.base}/ws", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status == 400
        assert await answer.text() == "a terminal is a WebSocket: connect to it as one"


async def test_a_browser_that_stops_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut, and its terminal ends; what the terminal draws does not pile up here."""
    monkeypatch.setattr(sessions, "STALL_S", 0.2)
    flood = DEAF.partition("while")[0] + 'os.write(1, b"D\\0\\x10\\0\\0" + b"x" * 0x100000)\n' * 40
    async with serving(tmp_path, flood) as served, page(served) as socket:
        pid = await pid_of(socket)
        connection = socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()
        await ended(pid)
        connection.transport.abort()

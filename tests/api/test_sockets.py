import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    WSCloseCode,
    WSMsgType,
    WSServerHandshakeError,
    web,
)

from inspector.api.sockets import HEARTBEAT_S
from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.errors import StorageError
from tests import factories
from tests.api.rawhttp import TIMEOUT_S
from tests.api.serving import Serving, serving


async def endless(after: int, limit: int) -> Sequence[Record]:
    """Stand in for a store with more records than any buffer holds."""
    request = factories.request(headers=factories.headers(("X-Long", "x" * 60_000)))
    return [factories.delivery(id=after + 1 + i, request=request) for i in range(limit)]


async def test_past_and_present(api: Serving) -> None:
    """Each record is a text frame of one JSON object: what is stored after `after`, then what comes."""
    await api.receive(2)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed?after=1") as feed,
    ):
        assert (await feed.receive_json())["id"] == 2
        await api.store.append_attempt(factories.attempt(delivery_id=2))
        attempt = await feed.receive_json()

    assert (attempt["type"], attempt["id"], attempt["delivery_id"]) == ("attempt", 3, 2)


async def test_in_short(api: Serving) -> None:
    """Of more than were asked for whole, what came first comes in short, in one frame before the others."""
    await api.receive(10)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed?after=0&whole=2") as feed,
    ):
        briefs: list[list[object]] = []
        while True:
            *others, last = map(json.loads, (await feed.receive_str()).split("\n"))
            briefs += [each for line in others for each in line["briefs"]]
            if last["type"] != "briefs":
                break
            briefs += last["briefs"]

    assert [(each[0], each[1], each[2], each[4]) for each in briefs] == [
        (number, "delivery", number, False) for number in range(1, 10)
    ]
    assert (last["type"], last["id"]) == ("delivery", 10)


async def test_from_now_on(api: Serving) -> None:
    """Without `after` nothing of the past comes, and nothing after the handshake is missed."""
    await api.receive(2)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed") as feed,
    ):
        await api.receive(1)
        delivery = await feed.receive_json()

    assert (delivery["type"], delivery["id"]) == ("delivery", 3)


async def test_many_clients(api: Serving) -> None:
    """Everybody gets everything, and whoever leaves leaves no trace."""
    async with ClientSession(headers=api.authorization) as session:
        feeds = [await session.ws_connect(f"{api.url}/api/feed?after=0") for _ in range(5)]
        await api.receive(3)
        for feed in feeds:
            assert [(await feed.receive_json())["id"] for _ in range(3)] == [1, 2, 3]
            await feed.close()
            await api.feed.left.acquire()


async def test_what_a_client_says_is_not_read(api: Serving) -> None:
    """Text is passed over; a frame larger than any control needs ends the connection."""
    async with (
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed") as feed,
    ):
        await feed.send_str("\x00[/]")
        await api.receive(1)
        assert (await feed.receive_json())["id"] == 1
        await feed.send_bytes(b"x" * 65537)
        assert (await feed.receive()).type is WSMsgType.CLOSE
        assert feed.close_code == WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=-1", f"?after={2**63}", "?before=1", "?whole=x", "?whole=-1"]
)
async def test_bad_parameters(api: Serving, query: str) -> None:
    """They are refused before the connection becomes a WebSocket."""
    async with ClientSession(headers=api.authorization) as session:
        with pytest.raises(WSServerHandshakeError) as refusal:
            await session.ws_connect(f"{api.url}/api/feed{query}")
    assert refusal.value.status == 400


async def test_a_plain_request(api: Serving) -> None:
    """Whoever asks for the feed without a WebSocket is told to."""
    async with (
        ClientSession(headers=api.authorization) as session,
        session.get(f"{api.url}/api/feed") as response,
    ):
        assert response.status == 400
        assert "WebSocket" in (await response.json())["error"]


async def test_a_client_that_stops_reading(tmp_path: Path) -> None:
    """It is cut after a while, and neither its queue nor its connection stays."""
    data_dir = DataDir(tmp_path / "data")
    async with serving(data_dir, records_after=endless, stall_s=0.2) as api:
        with await _upgrade_and_stop_reading(api) as stalled:
            async with asyncio.timeout(HEARTBEAT_S):  # which would end it as well, but later
                await api.feed.left.acquire()
            await _read_to_the_end(stalled)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Return what is set when a connection of the server's takes no more."""
    event = asyncio.Event()
    pause_writing = web.RequestHandler.pause_writing

    def note(protocol: web.RequestHandler) -> None:
        pause_writing(protocol)
        event.set()

    monkeypatch.setattr(web.RequestHandler, "pause_writing", note)
    return event


async def test_stopping_does_not_wait_for_it(tmp_path: Path, full: asyncio.Event) -> None:
    """A goodbye that cannot be delivered, because the connection is full, is given up soon."""
    async with serving(DataDir(tmp_path / "data"), records_after=endless, stall_s=600) as api:
        with await _upgrade_and_stop_reading(api):
            await full.wait()
            async with asyncio.timeout(TIMEOUT_S):
                await api.runner.cleanup()


async def test_a_client_that_vanishes(
    tmp_path: Path, full: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection reset while we wait to send is an end like any other, and no fault in the log."""
    async with serving(DataDir(tmp_path / "data"), records_after=endless) as api:
        with await _upgrade_and_stop_reading(api):
            await full.wait()
        await api.feed.left.acquire()
    assert caplog.records == []


async def test_a_store_that_fails(tmp_path: Path) -> None:
    """A feed that cannot be read closes with 1011, so that its client comes again."""

    async def fail(after: int, limit: int) -> Sequence[Record]:
        raise StorageError("disk I/O error")

    async with (
        serving(DataDir(tmp_path / "data"), records_after=fail) as api,
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed?after=0") as feed,
    ):
        assert (await feed.receive()).type is WSMsgType.CLOSE
        assert feed.close_code == WSCloseCode.INTERNAL_ERROR


async def test_stopping_says_goodbye(tmp_path: Path) -> None:
    """Open feeds are closed with 1001 and do not hold up the stop, even by one that never answers."""
    async with (
        serving(DataDir(tmp_path / "data")) as api,
        ClientSession(headers=api.authorization) as session,
    ):
        feeds = [await session.ws_connect(f"{api.url}/api/feed") for _ in range(3)]
        with await _upgrade_and_stop_reading(api):
            async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
                closing = [group.create_task(_close_code(feed)) for feed in feeds]
                group.create_task(api.runner.cleanup())
    assert [task.result() for task in closing] == [WSCloseCode.GOING_AWAY] * 3


async def _close_code(feed: ClientWebSocketResponse) -> int | None:
    assert (await feed.receive()).type is WSMsgType.CLOSE
    return feed.close_code


async def _upgrade_and_stop_reading(api: Serving) -> socket.socket:
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", api.port))
    head = (
        "GET /api/feed?after=0 HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{api.port}\r\n"
        f"Authorization: Bearer {api.token}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(client, head.encode())
    assert (await loop.sock_recv(client, 12)) == b"HTTP/1.1 101"
    return client


async def _read_to_the_end(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    try:
        while await loop.sock_recv(client, 1 << 20):
            pass
    except ConnectionResetError:
        pass

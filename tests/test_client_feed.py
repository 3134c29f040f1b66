import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from inspector import client as module
from inspector.client import Client, Connection
from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from tests.api.cutter import Cutter
from tests.api.serving import Serving, serving
from tests.elsewhere import answering

TIMEOUT_S = 60
"""Only so that a test that has gone wrong ends."""

Feed = AsyncGenerator[Record | Connection, None]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        yield running


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the delays before each reconnection, which are not waited for."""
    taken: list[float] = []

    async def pause(delay_s: float) -> None:
        taken.append(delay_s)
        await asyncio.sleep(0)

    monkeypatch.setattr(module, "_pause", pause)
    return taken


async def take(feed: Feed, count: int) -> list[int]:
    """Return the numbers of the next records."""
    found: list[int] = []
    async with asyncio.timeout(TIMEOUT_S):
        while len(found) < count:
            item = await anext(feed)
            if not isinstance(item, Connection):
                found.append(item.id)
    return found


async def test_from_now_on(api: Serving) -> None:
    """Without `after` it yields what is committed once it has connected; closing it disconnects."""
    await api.receive(2)
    async with api.client() as client, aclosing(client.feed()) as feed:
        assert await anext(feed) is Connection.CONNECTED
        await api.receive(1)
        assert await take(feed, 1) == [3]
    await api.feed.left.acquire()


@pytest.mark.usefixtures("pauses")
async def test_a_break(api: Serving) -> None:
    """What is committed during a break comes after it, also when nothing came before."""
    async with (
        Cutter(api.port) as network,
        Client(network.url, api.token) as client,
        aclosing(client.feed()) as feed,
    ):
        assert await anext(feed) is Connection.CONNECTED
        network.cut()
        await api.feed.left.acquire()
        await api.receive(2)
        assert await anext(feed) is Connection.RECONNECTING
        assert await anext(feed) is Connection.CONNECTED
        assert await take(feed, 2) == [1, 2]


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("seed", range(3))
async def test_cuts_anywhere(api: Serving, seed: int) -> None:
    """However often and wherever the connection is cut, each record comes once, in order."""
    roll = Random(seed)
    before, during = 150, 150
    await api.receive(before)

    async with (
        Cutter(api.port, lambda: int(roll.expovariate(1 / 8000))) as network,
        Client(network.url, api.token) as client,
        aclosing(client.feed(after=0)) as feed,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(api.receive(during))
        assert await take(feed, before + during) == list(range(1, before + during + 1))

    assert network.connections > 10


@pytest.mark.usefixtures("pauses")
async def test_a_restart_on_other_ports(tmp_path: Path) -> None:
    """A client of a data directory finds the inspector's successor, for calls and for the feed."""
    data_dir = DataDir(tmp_path / "data")
    async with serving(data_dir) as first:
        client = Client.of(data_dir)
        feed = client.feed(after=0)
        await first.receive(2)
        await client.__aenter__()
        assert await take(feed, 2) == [1, 2]
    data_dir.remove_addresses()
    with pytest.raises(UnreachableError):
        await client.health()
    async with serving(data_dir) as second, client, aclosing(feed):
        await second.receive(1)
        assert (await client.health())["newest"] == 3
        assert await take(feed, 1) == [3]

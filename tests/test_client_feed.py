import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from inspector.client import Client, Connection
from inspector.client import feed as module
from inspector.core.briefs import Brief, News, briefs_to_json
from inspector.core.model import Attempt, Delivery, Record, Response
from inspector.core.wire import dumps, record_to_json
from inspector.datadir import Addresses, DataDir
from inspector.errors import HooktapError, UnreachableError
from tests import factories
from tests.api.cutter import Cutter
from tests.api.serving import Serving, serving
from tests.api.strangers import answering

TIMEOUT_S = 60
"""Only so that a test that has gone wrong ends."""

Feed = AsyncGenerator[Record | Connection, None] | AsyncGenerator[Sequence[News] | Connection, None]


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
                found += [each.id for each in ([item] if isinstance(item, Record) else item)]
    return found


async def test_from_now_on(api: Serving) -> None:
    """Without `after` it yields what is committed once it has connected; closing it disconnects."""
    await api.receive(2)
    async with api.client() as client, aclosing(client.feed()) as feed:
        assert await anext(feed) is Connection.CONNECTED
        await api.receive(1)
        assert await take(feed, 1) == [3]
    await api.feed.left.acquire()


async def test_every_kind_of_record(api: Serving) -> None:
    """Live and from the store alike; a delivery that is read later has its newest verdict already."""
    async with api.client() as client, aclosing(client.feed()) as live:
        assert await anext(live) is Connection.CONNECTED
        arrived = await api.store.append_delivery(factories.delivery(body=b""))
        attempt = await api.store.append_attempt(factories.attempt())
        [verdict] = await api.store.append_verdicts([factories.verdict()])
        assert [await anext(live) for _ in range(3)] == [arrived, bare(attempt), verdict]

        async with aclosing(client.feed(after=0)) as later:
            read = [await anext(later) for _ in range(4)]

    checked = replace(arrived, provider=verdict.provider, verification=verdict.verification)
    assert read == [Connection.CONNECTED, checked, bare(attempt), verdict]


def bare(attempt: Attempt) -> Attempt:
    assert isinstance(attempt.result, Response)
    return replace(attempt, result=replace(attempt.result, body=b""))


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


async def told_next(feed: AsyncGenerator[Sequence[News] | Connection, None]) -> Sequence[News]:
    item = await anext(feed)
    assert not isinstance(item, Connection)
    return item


async def test_at_a_glance(api: Serving) -> None:
    """Of what is too much to be told whole a brief comes, in its place; all of it comes once, in order."""
    await api.receive(10)
    async with api.client() as client, aclosing(client.glance(0, whole_per_s=2)) as feed:
        assert await anext(feed) is Connection.CONNECTED
        told: list[News] = []
        while len(told) < 10:
            told += await told_next(feed)
        await api.receive(1)
        [later] = await told_next(feed)

    assert [each.id for each in told] == list(range(1, 11))
    assert [type(each) for each in told] == [Brief] * 9 + [Delivery]
    assert isinstance(later, Brief | Delivery)
    assert later.id == 11


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize(("whole_per_s", "cut_bytes"), [(None, 8000), (20, 1000)])
@pytest.mark.parametrize("seed", range(3))
async def test_cuts_anywhere(
    api: Serving, seed: int, whole_per_s: int | None, cut_bytes: int
) -> None:
    """However often and wherever the connection is cut, each record comes once, in order."""
    roll = Random(seed)
    before, during = 150, 150
    await api.receive(before)

    async with (
        Cutter(api.port, lambda: int(roll.expovariate(1 / cut_bytes))) as network,
        Client(network.url, api.token) as client,
        aclosing(
            client.feed(after=0) if whole_per_s is None else client.glance(0, whole_per_s)
        ) as feed,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(api.receive(during))
        assert await take(feed, before + during) == list(range(1, before + during + 1))

    assert network.connections > 10


@pytest.mark.usefixtures("pauses")
async def test_a_restart_on_other_ports(tmp_path: Path) -> None:
    """A client of a data directory finds the inspector's successor, for calls and for the feed."""
    data_dir = DataDir(tmp_path / "data")
    async with AsyncExitStack() as stack:
        async with serving(data_dir) as first:
            client = await stack.enter_async_context(Client.of(data_dir))
            feed = await stack.enter_async_context(aclosing(client.feed(after=0)))
            await first.receive(2)
            assert await take(feed, 2) == [1, 2]
        data_dir.remove_addresses()
        with pytest.raises(UnreachableError):
            await client.health()
        assert await anext(feed) is Connection.RECONNECTING
        async with serving(data_dir) as second:
            await second.receive(1)
            assert (await client.health())["newest"] == 3
            assert await take(feed, 1) == [3]


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("calls_first", [True, False])
async def test_another_inspector_in_the_old_place(tmp_path: Path, *, calls_first: bool) -> None:
    """Where a stranger of an inspector took over the port, the client goes on to its own."""
    async with serving(DataDir(tmp_path / "theirs")) as theirs:
        data_dir = DataDir(tmp_path / "ours")
        async with serving(data_dir) as ours:
            client = Client.of(theirs.data_dir)
            client._transport._data_dir = data_dir
            client._transport.place = client._transport.place._replace(token=ours.token)
            await ours.receive(1)
            async with client, aclosing(client.feed(after=0)) as feed:
                if calls_first:
                    assert (await client.health())["newest"] == 1
                assert await take(feed, 1) == [1]


@pytest.mark.usefixtures("pauses")
async def test_it_waits_for_an_inspector(tmp_path: Path) -> None:
    """Where none runs yet it says so once, and connects when there is one."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    data_dir.api_token()
    data_dir.write_addresses(Addresses("", "http://127.0.0.1:1", 1, ""))
    async with Client.of(data_dir) as client, aclosing(client.feed()) as feed:
        assert await anext(feed) is Connection.RECONNECTING
        async with serving(data_dir):
            assert await anext(feed) is Connection.CONNECTED


async def test_the_wrong_token(api: Serving) -> None:
    """A refusal ends the feed at once: trying again would not help."""
    async with Client(api.url, "wrong") as client:
        for after in (None, 0):
            with pytest.raises(HooktapError, match="token"):
                await anext(client.feed(after))


async def test_a_server_that_accepts_and_closes(pauses: list[float]) -> None:
    """A handshake alone is no success: the delays grow all the same."""

    async def close(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    async with (
        answering(close) as url,
        Client(url, "token") as client,
        aclosing(client.feed(after=0)) as feed,
    ):
        states = [await anext(feed) for _ in range(16)]

    assert states == [Connection.CONNECTED, Connection.RECONNECTING] * 8
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


async def test_a_server_that_makes_progress(pauses: list[float]) -> None:
    """A connection that brought a record is followed by the next without delay, from that record on."""
    asked: list[str] = []

    async def one(request: web.Request) -> web.WebSocketResponse:
        asked.append(request.query["after"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        record = factories.delivery(id=int(request.query["after"]) + 1)
        await socket.send_str(dumps(record_to_json(record)))
        await socket.close()
        return socket

    async with (
        answering(one) as url,
        Client(url, "token") as client,
        aclosing(client.feed(after=0)) as feed,
    ):
        assert await take(feed, 5) == [1, 2, 3, 4, 5]

    assert asked == ["0", "1", "2", "3", "4"]
    assert pauses == [0.1] * 4


@pytest.mark.parametrize("line", ["", "{}", "[]", "\x00", '{"type": "delivery", "id": "x"}'])
async def test_words_of_another_version(line: str) -> None:
    """What is no record ends the feed with a sentence, not in a loop."""

    async def babble(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(line)
        await socket.close()
        return socket

    async with (
        answering(babble) as url,
        Client(url, "token") as client,
        aclosing(client.feed(after=0)) as feed,
    ):
        assert await anext(feed) is Connection.CONNECTED
        with pytest.raises(HooktapError, match="another version"):
            await anext(feed)


async def test_no_records_at_all() -> None:
    """A line of the feed may tell of nothing."""

    async def nothing(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(dumps(briefs_to_json([])))
        await socket.send_str(dumps(record_to_json(factories.delivery(id=8))))
        await socket.close()
        return socket

    async with (
        answering(nothing) as url,
        Client(url, "token") as client,
        aclosing(client.glance(7, whole_per_s=1)) as feed,
    ):
        assert await take(feed, 1) == [8]


async def test_a_failing_server_is_asked_again(pauses: list[float]) -> None:
    """500 and 503 pass; 404 is not an inspector, and final."""
    statuses = iter([500, 503, 404])

    async def fail(request: web.Request) -> web.Response:
        return web.json_response({"error": "no"}, status=next(statuses))

    async with (
        answering(fail) as url,
        Client(url, "token") as client,
        aclosing(client.feed(after=0)) as feed,
    ):
        assert await anext(feed) is Connection.RECONNECTING
        with pytest.raises(HooktapError, match="no"):
            await anext(feed)
    assert pauses == [0.1, 0.2]

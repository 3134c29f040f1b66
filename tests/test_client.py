from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from inspector.client import Client, Connection
from inspector.core.found import Coverage, Repeat
from inspector.core.headers import Headers
from inspector.core.model import (
    Confirmed,
    Failure,
    FailureKind,
    Outcome,
    Response,
    Sign,
    Verification,
)
from inspector.datadir import DataDir
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    QueryError,
    ReplayError,
    StorageError,
    UnreachableError,
)
from inspector.store import search
from tests import factories
from tests.api.serving import Serving, serving
from tests.api.strangers import answering


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        yield running


async def test_every_call(api: Serving) -> None:
    """What the store holds comes back as the model, bodies apart."""
    delivery = await api.store.append_delivery(factories.delivery(body=b"\x00\xff"))
    answered = await api.store.append_attempt(factories.attempt())
    failure = Failure(FailureKind.REFUSED, "nobody listens")
    failed = await api.store.append_attempt(factories.attempt(result=failure))

    async with api.client() as client:
        assert (await client.health())["newest"] == 3
        [(listed, attempts)] = await client.deliveries()
        assert (listed.id, listed.uid, listed.body_bytes) == (delivery.id, delivery.uid, 2)
        assert [attempt.id for attempt in attempts] == [answered.id, failed.id]
        assert attempts[1].result == failure
        assert await client.delivery(1) == (listed, attempts)
        assert await client.attempts(1) == attempts
        assert await client.body(1) == b"\x00\xff"
        assert await client.response_body(2) == b"ok"

        replayed = await client.replay(1, to="http://127.0.0.1:3000", sign=Sign.VERBATIM)
        assert replayed.number == 3
        assert api.pipeline.asked == [(1, "http://127.0.0.1:3000", Sign.VERBATIM)]

        [first] = await client.verdicts(1)
        assert (first.id, first.verification) == (1, delivery.verification)
        assert (await client.reverify(before=1)).checked == 0
        assert (await client.reverify("endpoint:other")).checked == 0
        reverified = await client.reverify("endpoint:demo", before=2, limit=1)
        assert (reverified.checked, reverified.changed, reverified.before) == (1, 1, 1)
        assert await client.verdicts(1) == [first, *reverified.verdicts]
        assert (await client.delivery(1))[0].verification == api.pipeline.found
        assert await client.findings(1) == api.pipeline.findings
        assert await client.secret_places(1) == ["header:X-Gitlab-Token", "path"]
        assert await client.confirm(1) == Confirmed("https://sns.example/?confirm", 200)

        api.endpoints.rows = [factories.endpoint()]
        assert [endpoint["name"] for endpoint in await client.endpoints()] == ["demo"]
        assert [provider["title"] for provider in await client.providers()] == ["Jinko"]
        sent = await client.send_sample("checkfront", event="new", format="xml", endpoint="x")
        assert sent["status"] == 200
        assert api.samples.asked == [("checkfront", "new", "xml", "x")]


async def test_pages(api: Serving) -> None:
    """`before` and `limit` page backwards; an odd query arrives as it was typed."""
    await api.receive(5)
    async with api.client() as client:
        assert [d.id for d, _ in await client.deliveries(limit=2)] == [5, 4]
        assert [d.id for d, _ in await client.deliveries(before=4, limit=2)] == [3, 2]
        assert await client.deliveries('"a&b=c#d %41 \u00e9"') == []


async def test_a_search_that_stops_goes_on(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """`search` says where the time was up; `deliveries` goes on until the page is full or there is no more."""
    monkeypatch.setattr(search, "BUDGET_S", 0)
    await api.receive(100)
    async with api.client() as client:
        first = await client.search("-event:x body:nothing")
        assert first.deliveries == []
        assert first.reach.stopped is not None
        assert first.reach.stopped.at < first.reach.stopped.newest == 100
        assert first.reach.stopped.oldest == 1
        assert first.reach.index == Coverage(available=False, upto=0, newest=100)
        assert await client.deliveries("body:nothing") == []
        found = await client.deliveries("-body:nothing", limit=90)
        assert [delivery.id for delivery, _ in found] == list(range(100, 10, -1))
        last = await client.search("body:nothing", before=first.reach.stopped.oldest + 1)
        assert last.reach.stopped is None


async def test_numbers_and_the_rows_they_stand_for(api: Serving) -> None:
    """Of all, of what matches, and of a few; a number that nothing has is left out."""
    await api.receive(7)
    async with api.client() as client:
        found = await client.numbers(limit=3)
        assert (list(found.numbers), found.before, found.oldest) == ([7, 6, 5], 5, 1)
        rest = await client.numbers(before=found.before)
        assert (list(rest.numbers), rest.before) == ([4, 3, 2, 1], None)
        assert list((await client.numbers("id:2..3")).numbers) == [3, 2]
        assert list((await client.numbers("id:2..3", ids=[1, 2, 99])).numbers) == [2]
        assert list((await client.numbers("", ids=[1, 2, 99])).numbers) == [2, 1]
        assert [d.id for d, _ in await client.numbered([5, 99, 2])] == [5, 2]
        with pytest.raises(QueryError, match="unknown key"):
            await client.numbers("colour:red")


async def test_numbers_say_what_repeats_an_event(api: Serving) -> None:
    again = factories.delivery(
        event_id="evt_1", verification=Verification(Outcome.VERIFIED, "signature matches")
    )
    for _ in range(3):
        await api.store.append_delivery(again)
    async with api.client() as client:
        found = await client.numbers()
        assert found.repeats == [Repeat(3, 1, failed=False), Repeat(2, 1, failed=False)]


async def test_rows_are_read_to_the_end(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were not read in time are not taken for gone."""
    monkeypatch.setattr(search, "BUDGET_S", 0)
    await api.receive(100)
    async with api.client() as client:
        assert len(await client.numbered(range(1, 101))) == 100
        body = await client.numbers("body:nothing")
        assert body.before is not None
        assert body.index == Coverage(available=False, upto=0, newest=100)


async def test_header_bytes_survive(api: Serving) -> None:
    """Bytes that are not UTF-8 go from the store through the API to the client, and stay the same bytes."""
    pairs = ((b"X-Dup", b"caf\xe9"), (b"x-dup", b"\xed\xb2\x80\xff"), (b"\x80", b""))
    request = factories.request(headers=Headers(pairs), target=b"/in/demo/\xff?%zz")
    await api.store.append_delivery(factories.delivery(request=request))
    answer = factories.response(headers=Headers(pairs))
    sent = factories.attempt(request_headers=Headers(pairs), result=answer)
    await api.store.append_attempt(sent)

    async with api.client() as client, aclosing(client.feed(after=0)) as feed:
        shown, [tried] = await client.delivery(1)
        streamed = [await anext(feed) for _ in range(3)]

    assert (shown.request.headers.pairs, shown.request.target) == (pairs, request.target)
    assert isinstance(tried.result, Response)
    assert tried.request_headers.pairs == tried.result.headers.pairs == pairs
    assert streamed == [Connection.CONNECTED, shown, tried]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotFoundError("there is no delivery #9"), NotFoundError),
        (ReplayError("endpoint 'x' has no target"), ReplayError),
        (ConfigError("no such event"), ConfigError),
        (StorageError("disk full"), StorageError),
        (RuntimeError("a detail"), HooktapError),
    ],
)
async def test_refusals_keep_their_kind(
    api: Serving, error: Exception, kind: type[HooktapError]
) -> None:
    """An error crosses the API as its kind and its sentence."""
    api.pipeline.error = error
    async with api.client() as client:
        with pytest.raises(HooktapError) as refusal:
            await client.replay(1)
    assert type(refusal.value) is kind
    if kind is not HooktapError:
        assert str(refusal.value) == str(error)


async def test_a_bad_query(api: Serving) -> None:
    """A filter that cannot be read is a QueryError with the API's explanation."""
    async with api.client() as client:
        with pytest.raises(QueryError, match="nonsense"):
            await client.deliveries("nonsense:1")
        with pytest.raises(QueryError, match="limit"):
            await client.deliveries(limit=501)
        with pytest.raises(QueryError, match="UTF-8"):
            await client.deliveries("caf\udce9")
        with pytest.raises(QueryError, match="nonsense"):
            await client.reverify("nonsense:1")
        with pytest.raises(QueryError, match="limit"):
            await client.reverify(limit=501)
        with pytest.raises(QueryError, match="UTF-8"):
            await client.reverify("caf\udce9")


async def test_nothing_there(api: Serving) -> None:
    """What is not found says so."""
    async with api.client() as client:
        calls: list[Callable[[int], Awaitable[object]]] = [
            client.delivery,
            client.body,
            client.attempts,
            client.response_body,
            client.verdicts,
            client.findings,
            client.secret_places,
            client.confirm,
        ]
        for call in calls:
            with pytest.raises(NotFoundError, match="#7"):
                await call(7)
        assert (await client.reverify()).checked == 0


async def test_the_wrong_token(api: Serving) -> None:
    """Calls and the feed end at once: trying again would not help."""
    async with Client(api.url, "wrong") as client:
        with pytest.raises(HooktapError, match="token"):
            await client.health()
        for after in (None, 0):
            with pytest.raises(HooktapError, match="token"):
                await anext(client.feed(after))


async def test_nobody_there() -> None:
    """A refused connection is an inspector that does not run."""
    async with Client("http://127.0.0.1:1", "token") as client:
        with pytest.raises(UnreachableError, match="no inspector answers at http:"):
            await client.health()


async def test_somebody_else_there() -> None:
    """Another program's answer is not mistaken for an inspector's, nor is it followed elsewhere."""

    async def page(request: web.Request) -> web.Response:
        if request.path == "/":
            raise AssertionError("the client has followed a redirect")
        status = {"/api/health": 302, "/api/endpoints": 404}.get(request.path, 200)
        return web.Response(status=status, text="<html>", headers={"Location": "/"})

    async with answering(page) as url, Client(url, "token") as client:
        with pytest.raises(UnreachableError, match="302 is not an inspector"):
            await client.health()
        with pytest.raises(UnreachableError, match="404 is not an inspector"):
            await client.endpoints()
        with pytest.raises(HooktapError, match="another version"):
            await client.deliveries()


async def test_an_answer_cut_short() -> None:
    """A connection lost in mid-answer is said to be that, and the order is not sent again."""
    asked: list[str] = []

    async def half(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with answering(half) as url, Client(url, "token") as client:
        with pytest.raises(UnreachableError, match="did not arrive"):
            await client.replay(1)
    assert asked == ["/api/deliveries/1/replay"]


async def test_a_kept_connection_that_is_closed_under_a_question() -> None:
    """It is asked again over a new one. An order has a connection of its own each time: it may not be given twice."""
    seen: dict[object, list[str]] = {}

    async def once(request: web.Request) -> web.Response:
        assert request.transport is not None
        over = seen.setdefault(request.transport.get_extra_info("peername"), [])
        over.append(request.method)
        if len(over) > 1:
            request.transport.abort()
        return web.json_response({"status": "ok"})

    async with answering(once) as url, Client(url, "token") as client:
        for _ in range(3):
            assert (await client.health())["status"] == "ok"
            assert await client.pause("demo") == {"status": "ok"}

    assert sorted(seen.values()) == [["GET"], ["GET", "GET"], ["GET", "GET"], *[["POST"]] * 3]


async def test_no_proxy_is_asked(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback traffic, with the token in it, goes to no proxy of the environment."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    await api.receive(1)
    async with api.client() as client, aclosing(client.feed(after=0)) as feed:
        assert (await client.health())["status"] == "ok"
        assert await anext(feed) is Connection.CONNECTED
        assert (await client.delivery(1))[0] == await anext(feed)


async def test_outside_its_block(api: Serving) -> None:
    """A client that was not entered says how to use it; leaving it twice is harmless."""
    client = api.client()
    with pytest.raises(RuntimeError, match="async with"):
        await client.health()
    async with client:
        await client.health()
    await client.__aexit__(None, None, None)

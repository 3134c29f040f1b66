"""Real inspectors whose targets are each other: what goes in circles ends after one round, what does not arrives (T5).

Between two of them lies a tunnel, as it would where nobody notices the circle: neither knows the other's port.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from inspector.core.forwarding import HOPS
from inspector.core.model import Attempt, Delivery, Failure, FailureKind, Outcome, Response
from inspector.core.wire import attempt_from_json
from tests import fakes, process
from tests.wire import Wire, status, stored_as, talk

SECRET = "round-and-round"
BODY = b'{"zen":"Half measures are as bad as nothing at all."}'
SIGNATURE = b"sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest().encode()
GITHUB = Wire(
    target=b"/in/demo/extra?x=1",
    headers=((b"X-Hub-Signature-256", SIGNATURE), (b"X-GitHub-Event", b"ping")),
    body=BODY,
)
CONFIG = """
[endpoint.demo]
provider = "github"
secret = {{ env = "SECRET" }}
forward_to = "{target}"
{settings}
"""


def tunnel(ends: Mapping[str, str], name: str) -> fakes.Script:
    """Carry each connection to what `ends` has of that name by then, byte for byte."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def script(peer: fakes.Peer) -> None:
        end = urlsplit(ends[name])
        reader, writer = await asyncio.open_connection(end.hostname, end.port)
        try:
            await asyncio.gather(carry(peer.reader, writer), carry(reader, peer.writer))
        finally:
            writer.close()

    return script


@asynccontextmanager
async def ring(
    folder: Path, names: str, *, settings: str = "", last: str | None = None
) -> AsyncIterator[list[process.Running]]:
    """Run inspectors, each with the next as its target, and the last with the first, or `last`."""
    ends: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        running = []
        for name, following in zip(names, names[1:] + names[:1], strict=True):
            if last is not None and name == names[-1]:
                target = last
            else:
                way = await stack.enter_async_context(fakes.serve(tunnel(ends, following)))
                target = f"{way.url}/in/demo"
            (folder / name).mkdir()
            each = await stack.enter_async_context(
                process.inspector(
                    folder / name,
                    config=CONFIG.format(target=target, settings=settings),
                    environ={"SECRET": SECRET},
                )
            )
            ends[name] = each.ingress
            running.append(each)
        yield running


async def next_attempt(running: process.Running) -> Attempt:
    """Wait until an inspector has tried to forward something."""
    while (line := await running.line())["type"] != "attempt":
        pass
    return attempt_from_json(line)


async def kept(running: process.Running) -> list[tuple[Delivery, list[Attempt]]]:
    """Return all that an inspector stored, oldest first."""
    async with running.client() as client:
        return (await client.deliveries())[::-1]


def assert_cut(attempt: Attempt) -> None:
    """It was not sent, and says why."""
    assert isinstance(attempt.result, Failure), attempt.result
    assert attempt.result.kind is FailureKind.FORBIDDEN
    assert "came back" in attempt.result.detail
    assert len(attempt.request_headers) == 0


@pytest.mark.parametrize("names", ["ab", "abc"])
async def test_a_ring_ends_where_it_began(tmp_path: Path, names: str) -> None:
    """Each stores it, right as it was signed; the first stores it twice, and sends it once."""
    retry = "retry = { attempts = 5, first_s = 0.01 }"
    async with ring(tmp_path, names, settings=retry) as running:
        first, *others = running
        assert stored_as(await talk(first.ingress, GITHUB.raw)) == 1
        tries = [await next_attempt(first) for _ in range(2)]
        ((begun, [sent]), (returned, [cut])) = await kept(first)
        elsewhere = [await kept(each) for each in others]

    assert sorted(each.id for each in tries) == sorted([sent.id, cut.id])
    assert sent.succeeded
    assert_cut(cut)
    assert [len(deliveries) for deliveries in elsewhere] == [1] * len(others)
    passed = [begun, *(deliveries[0][0] for deliveries in elsewhere), returned]
    for number, delivery in enumerate(passed):
        assert delivery.verification.outcome is Outcome.VERIFIED
        hops = (delivery.request.headers.get(HOPS) or b"").split(b", ") if number else []
        assert len(set(hops)) == number
        assert delivery.request.target == b"/in/demo" + b"/extra?x=1"


async def test_a_ring_that_waits_for_its_own_answer(tmp_path: Path) -> None:
    """With `reply = "target"` each waits for the next: the first answers the last, and so every one, with a 502."""
    async with ring(tmp_path, "abc", settings='reply = "target"') as running:
        answer = await talk(running[0].ingress, GITHUB.raw)
        tries = [await next_attempt(running[0]) for _ in range(2)]
        counts = [len(await kept(each)) for each in running]

    assert status(answer) == 502
    assert b"would never end" in answer
    assert counts == [2, 1, 1]
    assert_cut(tries[0])
    assert isinstance(tries[1].result, Response)
    assert tries[1].result.status == 502


async def test_a_chain_arrives(tmp_path: Path) -> None:
    """Two on the way to an app: both verify it, and the app gets it, with the names of both."""
    async with (
        fakes.serve(fakes.answering()) as app,
        ring(tmp_path, "ab", last=f"{app.url}/hooks") as (first, second),
    ):
        for _ in range(2):  # the second time, as a provider does that tries again
            stored_as(await talk(first.ingress, GITHUB.raw))
            assert (await next_attempt(second)).succeeded
        deliveries = [delivery for each in (first, second) for delivery, _ in await kept(each)]

    assert [each.verification.outcome for each in deliveries] == [Outcome.VERIFIED] * 4
    assert [taken.line for taken in app.requests] == [b"POST /hooks/extra?x=1 HTTP/1.1"] * 2
    for taken in app.requests:
        (hops,) = taken.header(HOPS)
        assert len(set(hops.split(b", "))) == 2
        assert len(taken.header(b"Hooktap-Delivery-Id")) == 1
        assert taken.header(b"X-Hub-Signature-256") == [SIGNATURE]
        assert taken.body == BODY


async def test_a_person_may_send_on_what_came_back(tmp_path: Path) -> None:
    """To another target it arrives there. Round the same circle it gets as far as the next one, who has had it."""
    async with fakes.serve(fakes.answering()) as app, ring(tmp_path, "ab") as (first, second):
        stored_as(await talk(first.ingress, GITHUB.raw))
        for _ in range(2):
            await next_attempt(first)
        assert (await next_attempt(second)).succeeded
        _, (returned, _) = await kept(first)
        async with first.client() as client:
            elsewhere = await client.replay(returned.id, to=app.url)
            around = await client.replay(returned.id)
        cut = await next_attempt(second)
        count = len(await kept(first))

    assert elsewhere.succeeded
    assert len(app.requests) == 1
    assert around.succeeded
    assert_cut(cut)
    assert count == 2

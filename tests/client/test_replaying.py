"""Replays from a client: what one changed, and a whole set at a pace, against a real inspector and a real app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.client import Client
from inspector.client.replaying import Order, Pace, SetReplay, Tally, numbers, replay, target_of
from inspector.core.edits import Changes, Edit
from inspector.core.model import Endpoint, Part
from inspector.core.turns import Replayed
from inspector.datadir import DataDir
from inspector.errors import NotFoundError, QueryError, ReplayError, UnreachableError
from inspector.server import Inspector
from tests import factories, fakes
from tests.test_pipeline import running

DEMO = Endpoint("demo")


@asynccontextmanager
async def stage(
    folder: Path, script: fakes.Script, count: int = 1, **fields: object
) -> AsyncIterator[tuple[Client, fakes.Target, Inspector]]:
    """Run an inspector that has received `count` deliveries and forwarded none, and the app they may go to."""
    async with (
        fakes.serve(script) as target,
        running(folder, replace(DEMO, target=target.url)) as inspector,
        Client.of(DataDir(folder)) as client,
    ):
        for number in range(count):
            request = factories.request(body=b'{"n": %d}' % number, **fields)
            await inspector.pipeline.accept(
                DEMO, request
            )  # without its target: nothing is forwarded
        yield client, target, inspector


def saying(*answers: bytes) -> fakes.Script:
    """Answer so, one request after the other, and go on with the last."""
    left = list(answers)

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            await peer.say(left.pop(0) if len(left) > 1 else left[0])

    return script


async def test_each_replay_says_what_it_changed(tmp_path: Path) -> None:
    """The first nothing; then fixed, regressed, and the same with the same answer or another one."""
    bad, worse = fakes.answer(500), fakes.answer(503)
    other = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
    script = saying(bad, fakes.OK, fakes.OK, other, bad, worse)
    async with stage(tmp_path, script) as (client, _, _):
        said = [(await replay(client, 1, Order())).said for _ in range(6)]

    assert said == [
        "",
        "fixed",
        "same",
        "same, another answer",
        "regressed",
        "same, another answer",
    ]


async def test_the_last_attempt_is_what_counts(tmp_path: Path) -> None:
    async with stage(tmp_path, fakes.answering()) as (client, _, _):
        with fakes.refusing() as nobody:
            failed = await replay(client, 1, Order(to=nobody.url))
            again = await replay(client, 1, Order(to=nobody.url))
        fixed = await replay(client, 1, Order())

    assert (failed.said, again.said, fixed.said) == ("", "same", "fixed")
    assert fixed.before == again.attempt


async def test_changes_are_made_of_each_delivery(tmp_path: Path) -> None:
    changes = Changes(headers=((b"X-Mine", b"1"),), values=(("n", "7"),))
    async with stage(tmp_path, fakes.answering(), 2) as (client, target, _):
        await SetReplay(client, Order(edit=changes), Pace(), lambda *_: None).run([1, 2])
        whole = await replay(client, 1, Order(edit=Edit(method="PUT")))
        kept = await client.edit(whole.attempt.id)
        with pytest.raises(NotFoundError, match="that was edited"):
            await client.edit(1)

    assert [taken.body for taken in target.requests] == [b'{"n": 7}', b'{"n": 7}', b'{"n": 0}']
    assert [taken.header(b"X-Mine") for taken in target.requests] == [[b"1"], [b"1"], []]
    assert whole.attempt.edited == (Part.METHOD,)
    assert kept == Edit(method="PUT")


async def test_long_edit_goes_through_the_api(tmp_path: Path) -> None:
    body = bytes(range(256)) * 2048
    async with stage(tmp_path, fakes.answering()) as (client, target, _):
        await replay(client, 1, Order(edit=Edit(body=body)))
        with pytest.raises(ReplayError, match="512 KiB"):
            await replay(client, 1, Order(edit=Edit(body=body + b"x")))

    assert [taken.body for taken in target.requests] == [body]


async def test_numbers_of_a_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several pages, in either order, and no more than wanted."""
    monkeypatch.setattr("inspector.client.replaying.PAGE", 2)
    async with stage(tmp_path, fakes.answering(), 5) as (client, _, _):
        found: list[int] = []
        assert await numbers(client, "", show=found.append) == [1, 2, 3, 4, 5]
        assert found == [2, 4, 5]
        assert await numbers(client, "", oldest_first=False) == [5, 4, 3, 2, 1]
        assert await numbers(client, "", limit=3) == [1, 2, 3]
        assert await numbers(client, "", limit=3, oldest_first=False) == [5, 4, 3]
        assert await numbers(client, "endpoint:nowhere") == []
        with pytest.raises(QueryError):
            await numbers(client, "(")


async def test_set_is_counted(tmp_path: Path) -> None:
    """Two answers of three are bad; one number is of nothing; one had failed before and is fixed."""
    script = saying(fakes.answer(500), fakes.OK, fakes.answer(500), fakes.OK)
    told: list[tuple[int, type]] = []
    async with stage(tmp_path, script, 2) as (client, _, _):
        await replay(client, 1, Order())
        run = SetReplay(
            client, Order(), Pace(), lambda number, each: told.append((number, type(each)))
        )
        tally = await run.run([1, 99, 2, 2])

    assert tally == Tally(succeeded=2, failed=1, unsent=1, fixed=2)
    assert (tally.done, tally.is_good) == (4, False)
    assert told == [(1, Replayed), (99, NotFoundError), (2, Replayed), (2, Replayed)]


async def test_no_more_at_once_than_wanted(tmp_path: Path) -> None:
    """Three go out together, and the fourth only when one of them is answered."""
    waiting = asyncio.Semaphore(0)
    go = asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            waiting.release()
            await go.wait()
            await peer.say(fakes.OK)

    async with stage(tmp_path, script, 8) as (client, target, _):
        run = SetReplay(client, Order(), Pace(at_once=3), lambda *_: None)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run.run(range(1, 9)))
            for _ in range(3):
                await waiting.acquire()
            assert len(target.requests) == 3
            go.set()

    assert task.result().succeeded == 8
    assert sorted(taken.body for taken in target.requests) == [b'{"n": %d}' % n for n in range(8)]


async def test_stopped_set_ends_with_what_is_under_way(tmp_path: Path) -> None:
    """Also while it waits for the next one's time."""
    async with stage(tmp_path, fakes.answering(), 9) as (client, target, _):
        run: SetReplay

        def told(number: int, _: object) -> None:
            if number == 2:
                run.stop()

        run = SetReplay(client, Order(), Pace(), told)
        assert (await run.run(range(1, 10))).done == 2
        assert run.is_stopped

        slow = SetReplay(client, Order(), Pace(per_s=0.001), lambda *_: slow.stop())
        assert (await slow.run(range(1, 10))).done == 1
        assert len(target.requests) == 3


async def test_pace_is_kept(tmp_path: Path) -> None:
    """Five at twenty a second begin no sooner than a fifth of a second after the first, however many at once."""
    begun: list[float] = []

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            begun.append(asyncio.get_running_loop().time())
            await peer.say(fakes.OK)

    async with stage(tmp_path, script, 5) as (client, _, _):
        await SetReplay(client, Order(), Pace(5, 20), lambda *_: None).run(range(1, 6))

    assert begun[-1] - begun[0] > 0.15  # never shorter, on however slow a machine


async def test_inspector_that_goes_ends_the_set(tmp_path: Path) -> None:
    async with Client("http://127.0.0.1:9", "x") as client:
        run = SetReplay(client, Order(), Pace(at_once=4), lambda *_: None)
        with pytest.raises(UnreachableError):
            await run.run(range(1, 100))
    assert run.tally == Tally()


async def test_target_of_an_endpoint(tmp_path: Path) -> None:
    async with stage(tmp_path, fakes.answering()) as (client, target, inspector):
        await inspector.pipeline.accept(Endpoint("other"), factories.request(target=b"/in/other"))
        known, _ = await client.delivery(1)
        assert await target_of(client, known) == target.url
        assert await target_of(client, replace(known, endpoint="gone")) is None


def test_tally_of_turns() -> None:
    bad = factories.attempt(result=factories.response(status=500))
    tally = Tally()
    tally.add(Replayed(bad, factories.attempt()))
    tally.add(Replayed(factories.attempt(), bad))
    assert tally == Tally(succeeded=1, failed=1, fixed=1, regressed=1)

"""A delivery that is sent again by itself: when its target comes back, when a file changes."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from inspector.client import Client
from inspector.client.autoreplay import BACK, BEGUN, AutoReplay, Round
from inspector.client.replaying import Order
from inspector.core.model import Endpoint
from inspector.core.turns import Replayed
from inspector.errors import HooktapError, NotFoundError, ReplayError
from tests import factories, fakes
from tests.client.test_replaying import saying, stage
from tests.client.test_watching import touch

WAIT_S = 30


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("LOOK_S", 0.05), ("SETTLE_S", 0.05), ("PROBE_S", 0.05)):
        monkeypatch.setattr(f"inspector.client.autoreplay.{name}", seconds)


class Watched:
    """A run, and the rounds it has told."""

    def __init__(self, client: Client, order: Order, *paths: Path, until_success: bool) -> None:
        self.rounds: asyncio.Queue[Round] = asyncio.Queue()
        self._run = AutoReplay(
            client, 1, order, self.rounds.put_nowait, paths=paths, until_success=until_success
        )

    async def __aenter__(self) -> Self:
        self.task = asyncio.get_running_loop().create_task(self._run.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def next(self) -> tuple[str, str]:
        """Return why the next round was and what it changed."""
        async with asyncio.timeout(WAIT_S):
            told = await self.rounds.get()
        assert isinstance(told.outcome, Replayed)
        return told.because, told.outcome.said


def watched(
    client: Client,
    paths: Sequence[Path] = (),
    to: str | None = None,
    *,
    until_success: bool = False,
) -> Watched:
    return Watched(client, Order(to=to), *paths, until_success=until_success)


async def test_files_that_change(tmp_path: Path) -> None:
    """Each burst is one more round; it goes on after a success, unless told otherwise."""
    source = tmp_path / "src"
    touch(source / "app.py")
    script = saying(fakes.answer(500), fakes.OK, fakes.OK)
    async with stage(tmp_path / "data", script) as (client, _, _), watched(client, [source]) as run:
        assert await run.next() == (BEGUN, "")
        touch(source / "app.py", "better")
        assert await run.next() == ("app.py changed", "fixed")
        for name in ("a.py", "b.py", "c.py"):
            touch(source / name)
        because, said = await run.next()
        assert said == "same"
        assert " changed" in because


async def test_target_that_comes_back(tmp_path: Path) -> None:
    """After it had refused: once for each time, and no sooner."""
    async with stage(tmp_path, fakes.answering()) as (client, _, _):
        app = socket.socket()
        app.bind(("127.0.0.1", 0))  # ours, and nobody listens yet
        to = "http://127.0.0.1:{1}".format(*app.getsockname())
        async with watched(client, to=to, until_success=True) as run:
            assert await run.next() == (BEGUN, "")
            server = await asyncio.start_server(_answer, sock=app)
            assert await run.next() == (BACK, "fixed")
            async with asyncio.timeout(WAIT_S):
                await run.task
            server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(fakes.OK)
        await writer.drain()
    writer.close()


async def test_success_at_once_ends_it(tmp_path: Path) -> None:
    async with (
        stage(tmp_path, fakes.answering()) as (client, target, _),
        watched(client, until_success=True) as run,
    ):
        assert await run.next() == (BEGUN, "")
        async with asyncio.timeout(WAIT_S):
            await run.task
    assert len(target.requests) == 1


async def test_what_stands_in_the_way_of_the_first_round_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, fakes.answering()) as (client, _, inspector):
        with pytest.raises(NotFoundError):
            await AutoReplay(client, 99, Order(), lambda _: None).run()
        await inspector.pipeline.accept(Endpoint("lost"), factories.request())
        lost = inspector.store.newest
        with pytest.raises(ReplayError, match="no target"):
            await AutoReplay(client, lost, Order(), lambda _: None).run()
        with pytest.raises(HooktapError, match=r"there is no .*absent to watch"):
            AutoReplay(client, 1, Order(), lambda _: None, paths=[tmp_path / "absent"])
        monkeypatch.setattr("inspector.client.watching.Files.__init__.__defaults__", (1,))
        with pytest.raises(HooktapError, match="1 files and more to watch"):
            await AutoReplay(client, 1, Order(), lambda _: None, paths=[tmp_path]).run()


async def test_later_failure_is_told_and_it_goes_on(tmp_path: Path) -> None:
    """The delivery is pruned under it; the next change says so."""
    path = tmp_path / "app.py"
    touch(path)
    async with (
        stage(tmp_path / "data", fakes.answering()) as (client, _, inspector),
        watched(client, [path]) as run,
    ):
        await run.next()
        await inspector.store.delete([1])
        touch(path)
        async with asyncio.timeout(WAIT_S):
            told = await run.rounds.get()
        assert isinstance(told.outcome, NotFoundError)
        assert not run.task.done()

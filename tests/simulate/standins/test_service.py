import asyncio
import os
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession, hdrs

from inspector.errors import StorageError
from inspector.simulate.standins.courier import AT_ONCE
from inspector.simulate.standins.jinko import JINKO
from inspector.simulate.standins.known import STAND_INS
from inspector.simulate.standins.model import StandIn
from inspector.simulate.standins.service import Options, open_for_business
from inspector.simulate.standins.wink import WINK
from tests import fakes, process
from tests.fakes import Peer
from tests.simulate.standins.serving import Serving, command, serving

TOLD_S = 30
EVERY = list(STAND_INS.values())


@pytest.fixture(params=EVERY, ids=lambda each: each.provider)
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(request.param, tmp_path / "state.db") as running:
        yield running


@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic {token}", "{token}", "Bearer {token}x"],
)
@pytest.mark.parametrize("path", ["/simulate", "/", "/nothing", "/simulate/fail"])
async def test_nothing_is_told_without_the_token(
    running: Serving, path: str, shown: str | None
) -> None:
    """Not even what there is."""
    authorization = None if shown is None else shown.format(token=running.token)

    answer = await running.ask("GET", path, headers={hdrs.AUTHORIZATION: authorization})

    assert answer.status == 401
    assert answer.headers[hdrs.WWW_AUTHENTICATE] == "Bearer"
    assert running.token not in str(answer.body)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.com"},
        {"Host": "127.0.0.1.example.com"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_no_web_page_can_call_it(running: Serving, headers: dict[str, str]) -> None:
    """Even with the token; a name that leads to loopback is not ours."""
    assert (await running.ask("GET", "/simulate", headers=headers)).status == 403


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_with_the_token_everything_is_open(running: Serving, scheme: str) -> None:
    headers = {hdrs.AUTHORIZATION: f"{scheme} {running.token}"}

    answer = await running.ask("GET", "/simulate", headers=headers)

    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers[hdrs.CACHE_CONTROL] == "no-store"


async def test_what_there_is_not_is_said(running: Serving) -> None:
    assert (await running.ask("GET", "/nothing")).status == 404
    wrong = await running.ask("PUT", "/simulate")
    assert wrong.status == 405
    assert wrong.headers[hdrs.ALLOW] == "GET,HEAD"


@pytest.mark.parametrize("stand_in", EVERY, ids=lambda each: each.provider)
async def test_a_restart_finds_everything(stand_in: StandIn, tmp_path: Path) -> None:
    async with serving(stand_in, tmp_path / "state.db") as first:
        await first.desk.register("http://127.0.0.1:9/", enabled=False)
        before = (await first.ask("GET", "/simulate")).body
    async with serving(stand_in, tmp_path / "state.db") as second:
        assert second.token == first.token
        assert (await second.ask("GET", "/simulate")).body == before


async def test_the_state_of_another_provider_is_refused(tmp_path: Path) -> None:
    """Nothing of Jinko's is ever sent as Wink's."""
    async with serving(JINKO, tmp_path / "state.db"):
        pass
    with pytest.raises(StorageError, match="'jinko'"):
        async with serving(WINK, tmp_path / "state.db"):
            pass


async def test_it_lets_go_of_everything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with open_for_business(JINKO, listener, Options(tmp_path / "state.db")) as first:
            pass
        assert listener.fileno() == -1
    async with serving(JINKO, tmp_path / "state.db") as second:
        assert second.token == first.token
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]


@pytest.mark.parametrize("content", [b"not a database, and longer than a header of one" * 9, None])
async def test_the_command_says_what_is_wrong_with_its_state(
    tmp_path: Path, content: bytes | None
) -> None:
    state = tmp_path / "state.db"
    if content is None:
        with closing(sqlite3.connect(state)) as connection:
            connection.execute("CREATE TABLE theirs (a)")
    else:
        state.write_bytes(content)
    before = state.read_bytes()

    exit_code, told = await ended(tmp_path, "wink", "--state", str(state))

    assert exit_code == 1
    assert told.startswith("hooktap: the state of the stand-in, ")
    assert "Traceback" not in told
    assert state.read_bytes() == before


async def test_a_second_command_on_one_state_is_refused(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    async with command(tmp_path, "wink", "--state", state):
        exit_code, told = await ended(tmp_path, "wink", "--state", state)

    assert exit_code == 1
    assert "database is locked" in told


async def test_kill_9_loses_nothing_that_waits(tmp_path: Path) -> None:
    """What was registered, promised and not yet taken is sent by the next process, each event to the end."""
    happened, taken_ids = 40, Counter[bytes]()
    killing, killed = asyncio.Event(), asyncio.Event()
    statuses = iter([200] * 10 + [500] * 10)

    async def script(peer: Peer) -> None:
        while taken := await peer.take():
            status = next(statuses, None)
            if status is None and not killed.is_set():
                killing.set()
                await killed.wait()  # in flight when it is killed
                return
            if status != 500:
                taken_ids[taken.body] += 1
            await peer.say(fakes.answer(status or 200))

    async with fakes.serve(script) as app:
        arguments = ("--state", str(tmp_path / "state.db"), "--speed", "1000")
        async with (
            command(
                tmp_path, "wink", *arguments, "--to", app.url, exit_code=-signal.SIGKILL
            ) as first,
            ClientSession(headers={"Authorization": f"Bearer {first.token}"}) as session,
        ):
            assert (await first.line())["type"] == "webhook"
            for _ in range(happened):
                url = f"{first.url}/simulate/events"
                async with session.post(url, json={"event": "booking.create"}) as answer:
                    assert answer.status == 202
            async with asyncio.timeout(TOLD_S):
                await killing.wait()
            os.kill(first.pid, signal.SIGKILL)

        killed.set()
        left, delivered = happened - len(taken_ids), 0
        assert left
        async with command(tmp_path, "wink", *arguments) as second:
            assert second.token == first.token
            async with asyncio.timeout(TOLD_S):
                while delivered < left or len(taken_ids) < happened:
                    delivered += (await second.line())["state"] == "delivered"

    assert len(taken_ids) == happened
    # What was taken when it was killed may come again: no more than were in flight.
    assert sum(taken_ids.values()) <= happened + AT_ONCE


async def ended(folder: Path, provider: str, *arguments: str) -> tuple[int | None, str]:
    """Run a command that ends of itself; return its exit code and what it said."""
    running = await asyncio.create_subprocess_exec(
        *(*process.PROGRAM, "simulate", provider, "--port", "0", *arguments),
        cwd=folder,
        env=process.environ_of(folder),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(process.START_S):
        _, told = await running.communicate()
    return running.returncode, told.decode()

"""F25, F35: the wall clock jumps, and the terminal goes away, while deliveries come in."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path

import pytest

from inspector.core.model import Attempt
from tests import fakes, process, pseudoterminal
from tests.load import Load, lost
from tests.process import Running
from tests.pseudoterminal import COLUMNS, ROWS, Terminal
from tui.ending import FORCED

HOUR_S = 3600
RETRY = """
[endpoint.load]
forward_to = "{url}"
retry = {{ attempts = 2, first_s = 1, jitter = 0 }}
"""


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
async def test_a_clock_that_jumps_changes_no_order_and_loses_nothing(
    tmp_path: Path, jump_s: int
) -> None:
    """Numbers go on as they came, each delivery keeps the time at which it came, and what is owed is forwarded."""
    offset = tmp_path / "offset"
    put(offset, 0)
    program = (sys.executable, "-m", "tests.faults.clock", str(offset), "--")
    async with (
        fakes.serve(fakes.answering()) as target,
        process.inspector(tmp_path, "--forward-to", target.url, program=program) as running,
        running.client() as client,
    ):
        before = Load(running.ingress, "before")
        await before.run(4, 5)
        put(offset, jump_s)
        after = Load(running.ingress, "after")
        await after.run(4, 5)
        forwarded = await attempts(running, 40)
        newest = [delivery for delivery, _ in await client.deliveries(limit=40)]

        assert lost(before.acknowledged | after.acknowledged, running.data_dir.database) == set()
    assert {attempt.delivery_id for attempt in forwarded} == {each.id for each in newest}
    late, early = newest[:20], newest[20:]
    assert {each.id for each in early} == set(before.acknowledged.values())
    gap_s = (late[-1].received_at_us - early[0].received_at_us) / 1_000_000
    assert gap_s == pytest.approx(jump_s, abs=60)


def put(offset: Path, seconds: int) -> None:
    """Put the clock so far from the right time, all at once."""
    new = offset.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(offset)


async def attempts(running: Running, count: int) -> list[Attempt]:
    """Return the first attempts there are, once there are so many."""
    found: list[Attempt] = []
    async with (
        asyncio.timeout(process.LINE_S),
        running.client() as client,
        aclosing(client.feed(after=0)) as records,
    ):
        async for record in records:
            if isinstance(record, Attempt):
                found.append(record)
            if len(found) == count:
                break
    return found


async def test_a_clock_put_back_delays_no_retry(tmp_path: Path) -> None:
    """The app is down, the clock goes back an hour: the retry comes when it was to come, not an hour later."""
    offset = tmp_path / "offset"
    put(offset, 0)
    program = (sys.executable, "-m", "tests.faults.clock", str(offset), "--")

    async def fails_once(peer: fakes.Peer) -> None:
        while await peer.take():
            await peer.say(fakes.answer(500 if len(peer.target.requests) == 1 else 200))

    async with (
        fakes.serve(fails_once) as target,
        process.inspector(
            tmp_path, config=RETRY.format(url=target.url), program=program
        ) as running,
    ):
        await Load(running.ingress).run(1, 1)
        await attempts(running, 1)
        put(offset, -HOUR_S)
        assert len(await attempts(running, 2)) == 2


def kill(terminal: Terminal) -> None:
    terminal.process.kill()


def close_window(terminal: Terminal) -> None:
    terminal.hang_up()


def hang_up(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGHUP)


def terminate(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTERM)


def shrink(terminal: Terminal) -> None:
    """Make the window one cell wide and high."""
    terminal.resize(1, 1)


def storm(terminal: Terminal) -> None:
    """Drag the window's corner about."""
    for number in range(300):
        terminal.resize(COLUMNS - number % 60, ROWS - number % 20)
    terminal.resize(COLUMNS, ROWS)


def opened(running: Running, folder: Path) -> AbstractAsyncContextManager[Terminal]:
    """Open a terminal on a running inspector."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOOKTAP_")}
    return pseudoterminal.running(
        *("-m", "inspector", "--data-dir", str(running.data_dir.path)),
        folder=folder,
        environ=ours
        | {
            "PYTHONPATH": str(process.ROOT),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TERM": "xterm-256color",
        },
    )


@asynccontextmanager
async def busy(running: Running) -> AsyncIterator[Load]:
    """Keep an inspector busy for as long as the block runs; every sender must be answered 200, and nothing be lost."""
    load = Load(running.ingress)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(load.run(8))
        await load.answers(50)
        yield load
        sending.cancel()
    assert load.statuses.keys() == {200}
    assert lost(load.acknowledged, running.data_dir.database) == set()


@pytest.mark.parametrize("end", [kill, close_window, hang_up, shrink, storm])
async def test_a_terminal_that_goes_away_disturbs_no_sender(
    tmp_path: Path, end: Callable[[Terminal], None]
) -> None:
    """The terminal shows an inspector of another process; whatever becomes of it, every sender is answered 200."""
    async with process.inspector(tmp_path) as running, opened(running, tmp_path) as terminal:
        await terminal.until("● connected")
        async with busy(running) as load:
            end(terminal)
            await load.answers(200)


async def closings(folder: Path, count: int) -> int:
    """Close so many windows on an inspector under load; return how many terminals ended of it."""
    ended = 0
    async with process.inspector(folder) as running, busy(running) as load:
        for _ in range(count):
            async with opened(running, folder) as terminal:
                await terminal.until("● connected")
                await load.answers(50)
                terminal.hang_up()
                ended += await terminal.ended() in (0, FORCED)
    return ended


async def test_a_window_closed_under_load_ends_its_terminal(tmp_path: Path) -> None:
    """The kernel sends SIGCONT with the hang-up, and Textual's resuming at it made most terminals stay."""
    assert await closings(tmp_path, 5) == 5


@pytest.mark.parametrize("end", [close_window, hang_up, terminate])
async def test_a_terminal_that_stands_still_can_be_ended(
    tmp_path: Path, end: Callable[[Terminal], None]
) -> None:
    """Nobody reads what it draws, so it waits; a closed window and a signal end it all the same."""
    async with process.inspector(tmp_path) as running, opened(running, tmp_path) as terminal:
        await terminal.until("● connected")
        async with busy(running) as load:
            terminal.stall()
            storm(terminal)
            await load.answers(500)
            end(terminal)
            assert await terminal.ended() in (0, FORCED)


async def test_a_terminal_that_stood_still_goes_on(tmp_path: Path) -> None:
    """What was drawn meanwhile comes when it is read again, and the key that was pressed is obeyed."""
    async with process.inspector(tmp_path) as running, opened(running, tmp_path) as terminal:
        await terminal.until("● connected")
        async with busy(running) as load:
            terminal.stall()
            storm(terminal)
            await load.answers(500)
            terminal.press("q")
            terminal.resume()
            assert await terminal.ended() == 0


@pytest.mark.parametrize("stop", [signal.SIGSTOP, signal.SIGTSTP])
async def test_a_terminal_that_was_stopped_draws_itself_anew(
    tmp_path: Path, stop: signal.Signals
) -> None:
    """As `fg` after ctrl+Z in a shell: whatever stood on the screen since, all of it is there again, and keys work."""
    async with process.inspector(tmp_path) as running, opened(running, tmp_path) as terminal:
        await terminal.until("● connected", "q Quit")
        threads = count_threads(terminal)
        for _ in range(2):
            terminal.process.send_signal(stop)
            await stopped(terminal.process.pid)
            terminal.blank()
            terminal.process.send_signal(signal.SIGCONT)
            await terminal.until("● connected", "q Quit")
        assert count_threads(terminal) == threads
        terminal.press("q")
        assert await terminal.ended() == 0


def count_threads(terminal: Terminal) -> int:
    return len(list(Path(f"/proc/{terminal.process.pid}/task").iterdir()))


async def stopped(pid: int) -> None:
    """Return when a process stands still; the kernel tells nobody but its parent's wait."""
    await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)


async def test_a_terminal_that_is_opened_again_shows_what_came_meanwhile(tmp_path: Path) -> None:
    """After a kill the next one shows the newest; after a window of one cell, all is again where it was."""
    async with process.inspector(tmp_path) as running:
        await Load(running.ingress, "before").run(1, 2)
        async with opened(running, tmp_path) as terminal:
            await terminal.until("● connected", " 1  ", "before-0-1")
            kill(terminal)
            await terminal.ended()
        await Load(running.ingress, "meanwhile").run(1, 1)
        async with opened(running, tmp_path) as terminal:
            await terminal.until("● connected", " 1  ", " 2  ", "meanwhile-0-0")
            terminal.press("k")
            await terminal.until("‖ paused", "before-0-1")
            terminal.blank()
            shrink(terminal)
            storm(terminal)
            await terminal.until("‖ paused", " 1  ", " 3  ", "before-0-1", "q Quit")
            terminal.press("q")
            assert await terminal.ended() == 0

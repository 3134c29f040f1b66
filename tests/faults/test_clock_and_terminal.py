"""F25, F35: the wall clock jumps, and the terminal goes away, while deliveries come in."""

import asyncio
import fcntl
import os
import signal
import struct
import sys
import termios
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from inspector.core.model import Attempt
from tests import fakes, process, pseudoterminal
from tests.load import Load, lost
from tests.process import Running
from tests.pseudoterminal import Terminal

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


def shrink(terminal: Terminal) -> None:
    """Make the window one cell wide and high."""
    fcntl.ioctl(terminal._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 1, 1, 0, 0))
    terminal.process.send_signal(signal.SIGWINCH)


@pytest.mark.parametrize("end", [kill, close_window, hang_up, shrink])
async def test_a_terminal_that_goes_away_disturbs_no_sender(
    tmp_path: Path, end: Callable[[Terminal], None]
) -> None:
    """The terminal shows an inspector of another process; whatever becomes of it, every sender is answered 200."""
    async with process.inspector(tmp_path) as running:
        load = Load(running.ingress)
        async with pseudoterminal.running(
            *("-m", "inspector", "--data-dir", str(running.data_dir.path)),
            folder=tmp_path,
            environ=os.environ
            | {
                "PYTHONPATH": str(process.ROOT),
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
                "TERM": "xterm-256color",
            },
        ) as terminal:
            await terminal.until("● connected")
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(load.run(8))
                await load.answers(50)
                end(terminal)
                await load.answers(200)
                sending.cancel()
        missing = lost(load.acknowledged, running.data_dir.database)

    assert load.statuses.keys() == {200}
    assert missing == set()

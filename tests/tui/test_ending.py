"""Each process here stands in for the terminal, in a pseudo-terminal, and plays one part."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests import process
from tests.pseudoterminal import LOGIN, WAIT_S
from tui import ending

PARTS = """
import asyncio, os, sys, threading
import tui.ending
from tui.ending import ending
ready, told = (os.fdopen(int(each), "w") for each in sys.argv[1:])
def say(word, to=told):
    print(word, file=to, flush=True)
async def gentle():
    tui.ending.GRACE_S = 60
    end = asyncio.Event()
    with ending(end.set):
        say("ready", ready)
        await end.wait()
        print("written to the screen", file=sys.stderr)
    say("ended by itself")
async def stuck():
    tui.ending.GRACE_S = 0.2
    with ending(lambda: None):
        say("ready", ready)
        threading.Lock().acquire() and threading.Semaphore(0).acquire()
async def brief():
    for _ in range(3):
        with ending(lambda: say("asked")):
            pass
    say("ready", ready)
    await asyncio.sleep(100)
"""


class Part:
    """A process on its pseudo-terminal."""

    def __init__(self, running: asyncio.subprocess.Process, window: int) -> None:
        self.running = running
        self._window = window

    def close_window(self) -> None:
        if self._window >= 0:
            os.close(self._window)
            self._window = -1


@asynccontextmanager
async def playing(part: str, *, told: int, controlled: bool = True) -> AsyncIterator[Part]:
    """Run a part until it is ready; what it tells goes to `told`. Only the session's own terminal sends a hang-up."""
    window, its = os.openpty()
    heard, ready = os.pipe()
    script = ("-c", f"{PARTS}\nasyncio.run({part}())", str(ready), str(told))
    running = await asyncio.create_subprocess_exec(
        *((sys.executable, "-c", LOGIN) if controlled else (sys.executable,)),
        *script,
        cwd=process.ROOT,
        pass_fds=(ready, told),
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=not controlled,
    )
    os.close(its)
    os.close(ready)
    made = Part(running, window)
    try:
        assert await asyncio.to_thread(os.read, heard, 6) == b"ready\n"
        yield made
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
        made.close_window()
        os.close(heard)


async def played(
    part: str, end: Callable[[Part], None], *, controlled: bool = True
) -> tuple[int, str]:
    """Play a part and end it; return its exit code and what it told."""
    heard, told = os.pipe()
    async with playing(part, told=told, controlled=controlled) as made:
        os.close(told)
        end(made)
        async with asyncio.timeout(WAIT_S):
            code = await made.running.wait()
    with os.fdopen(heard) as said:
        return code, said.read()


def hang_up(part: Part) -> None:
    part.running.send_signal(signal.SIGHUP)


def terminate(part: Part) -> None:
    part.running.send_signal(signal.SIGTERM)


ENDS = [Part.close_window, hang_up, terminate]


@pytest.mark.parametrize("end", ENDS)
async def test_the_application_ends_itself(end: Callable[[Part], None]) -> None:
    """Also if it writes to a screen that is no more: Python would exit with 120."""
    assert await played("gentle", end) == (0, "ended by itself\n")


@pytest.mark.parametrize("end", ENDS)
async def test_an_application_that_waits_for_ever_is_ended(end: Callable[[Part], None]) -> None:
    """Its event loop stands still: in a lock, as when the queue of what is to be drawn is full."""
    assert await played("stuck", end) == (ending.FORCED, "")


@pytest.mark.parametrize(("part", "code"), [("gentle", 0), ("stuck", ending.FORCED)])
async def test_a_window_that_closes_without_a_signal(part: str, code: int) -> None:
    """The kernel sends it to the session whose terminal it is; here it is nobody's."""
    ended, _ = await played(part, Part.close_window, controlled=False)
    assert ended == code


async def test_after_the_block_a_signal_is_what_it_was() -> None:
    assert await played("brief", terminate) == (-signal.SIGTERM, "")


def test_there_is_time_for_both_ends() -> None:
    """The promise is 2 s from the closing of the window to the end of the process."""
    assert ending.GRACE_S <= 1.5

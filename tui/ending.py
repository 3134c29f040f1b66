"""The end of the terminal: a signal or a closed window ends the process soon, whatever it is doing.

It is seen by a thread, since the event loop may itself be waiting for the terminal: nobody reads from one that stands
still, and who writes to it waits.
"""

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
GRACE_S = 1.5
"""How long the application has for its own end."""
FORCED = 1
"""The exit code when it has not come to it."""


@contextmanager
def ending(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` in the running loop when a signal says so or the terminal on stdin is gone.

    The process ends `GRACE_S` later, if not sooner. What it has started ends when its stdin closes.
    """
    loop = asyncio.get_running_loop()

    def ask() -> None:
        with suppress(RuntimeError):  # the loop is closed: it has ended by itself
            loop.call_soon_threadsafe(end)

    woken, wake = os.pipe()
    os.set_blocking(wake, False)

    def signalled(*_: object) -> None:
        # Run between two steps of whatever the main thread does, so nothing that takes a lock.
        with suppress(BlockingIOError):
            os.write(wake, b"!")

    threading.Thread(target=_watch, args=(woken, ask), name="terminal-watch", daemon=True).start()
    before = {number: signal.signal(number, signalled) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)


def _watch(woken: int, ask: Callable[[], None]) -> None:
    assert sys.__stdin__ is not None, "the command line has looked whether there is a terminal"
    terminal = sys.__stdin__.fileno()
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(terminal, 0)  # a hang-up is told unasked
    found = dict(poll.poll())
    if found.get(woken) == select.POLLHUP:  # no signal: the block has ended
        os.close(woken)
        return
    if terminal in found:
        _draw_on_nothing()
    ask()
    time.sleep(GRACE_S)
    os._exit(FORCED)


def _draw_on_nothing() -> None:
    # Not only what Textual draws: Python flushes stderr at its end, and would exit with 120 if that failed.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)

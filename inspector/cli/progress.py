"""What a long command shows while it works, and how Ctrl-C ends it: after the part at hand, which stays done."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell has it: 128 and the number of SIGINT."""


class Progress:
    """One line at the bottom of the terminal that is written over and over; nothing where there is none."""

    def __init__(self) -> None:
        self._shows = on_terminal()
        self._shown = ""

    def show(self, text: str) -> None:
        """Put `text` in the line's place."""
        self.clear()
        if self._shows:
            self._shown = f"{text} "
            click.echo(self._shown, nl=False, err=True)

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        # With blanks: an escape would be taken out where no colours are wanted.
        if self._shown:
            click.echo(f"\r{' ' * len(self._shown)}\r", nl=False, err=True)
            self._shown = ""


def on_terminal() -> bool:
    """Whether somebody watches."""
    return sys.stderr.isatty()


@contextmanager
def on_ctrl_c(act: Callable[[], object]) -> Iterator[None]:
    """Have the first Ctrl-C call `act` on the event loop that runs; a second one ends us on the spot.

    For what waits longer than a moment: a note would be found only after that.
    """
    loop = asyncio.get_running_loop()

    def note() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        act()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, note)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


@contextmanager
def noting_ctrl_c() -> Iterator[threading.Event]:
    """Have the first Ctrl-C noted, and no more; a second one ends us on the spot."""
    pressed = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        # Not Python's own: what it raises in the middle of an event loop is told with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with suppress(OSError):  # past the stream, in whose write we may just be
            os.write(2, b"\nhooktap: stopping after these (Ctrl-C again: at once)\n")

    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield pressed
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)

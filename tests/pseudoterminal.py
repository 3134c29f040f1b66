"""A program in a pseudo-terminal: the keys it is given, what it writes, and what then stands on its screen."""

import asyncio
import fcntl
import os
import struct
import sys
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.screen import Screen

COLUMNS, ROWS = 80, 24
WAIT_S = 60
"""Only so that a test that has gone wrong ends."""
KEYS = {"enter": "\r", "escape": "\x1b"}

# Makes the pseudo-terminal on stdin its controlling terminal, so that closing it is a hang-up, and becomes the program.
LOGIN = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


class Terminal:
    """A running program and its screen."""

    def __init__(
        self, process: Process, descriptor: int, columns: int = COLUMNS, rows: int = ROWS
    ) -> None:
        self.process = process
        self.written = bytearray()
        """Every byte of it, from the start."""
        self._descriptor = descriptor
        self._size = columns, rows
        self._screen = Screen(columns, rows)
        self._unread = bytearray()
        self._changed = asyncio.Event()
        self._closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    @property
    def screen(self) -> Screen:
        """Everything that was written until now, on the screen."""
        self._screen.feed(bytes(self._unread))
        self._unread.clear()
        return self._screen

    def press(self, *keys: str) -> None:
        """Press keys: characters, or names of KEYS."""
        os.write(self._descriptor, "".join(KEYS.get(key, key) for key in keys).encode())

    async def until(self, *texts: str, gone: str | None = None) -> None:
        """Wait until all of `texts` stand on the screen, and `gone` does not."""
        try:
            async with asyncio.timeout(WAIT_S):
                while not self._stand(texts) or (gone is not None and self._stand([gone])):
                    await self.changed()
        except TimeoutError:
            wanted = f"no {texts}" if gone is None else f"no {texts}, or still {gone!r},"
            raise AssertionError(f"{wanted} on the screen:\n{self.screen}") from None

    def _stand(self, texts: Sequence[str]) -> bool:
        screen = str(self.screen)
        return all(text in screen for text in texts)

    async def changed(self) -> None:
        """Wait until something more is written."""
        self._changed.clear()
        await self._changed.wait()

    async def ended(self) -> int:
        """Wait until the program ends; return its exit code."""
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait()

    async def all_written(self) -> bytes:
        """Wait until nobody has the other end open any more; return every byte that was ever written."""
        async with asyncio.timeout(WAIT_S):
            await self._closed.wait()
        return bytes(self.written)

    def stall(self) -> None:
        """Read no more, as a window that is held: whoever writes more than fits must wait."""
        self._loop.remove_reader(self._descriptor)

    def resume(self) -> None:
        """Read again."""
        self._loop.add_reader(self._descriptor, self._read)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window so large. The screen stays as it is: a smaller window draws on a part of it."""
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def blank(self) -> None:
        """Forget what stands on the screen, so that only what is drawn anew is found there."""
        self._unread.clear()
        self._screen = Screen(*self._size)

    def hang_up(self) -> None:
        """Close the window. Doing it twice is harmless."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # EIO: nobody has the other end open any more
            data = b""
        if not data:
            self._loop.remove_reader(self._descriptor)
            self._closed.set()
        self.written += data
        self._unread += data
        self._changed.set()


@asynccontextmanager
async def running(
    *command: str,
    folder: Path,
    environ: Mapping[str, str],
    columns: int = COLUMNS,
    rows: int = ROWS,
) -> AsyncIterator[Terminal]:
    """Run `python COMMAND` in a window of 80x24, or another size; kill what is left of it in the end."""
    ours, its = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOGIN, *command),
        cwd=folder,
        env=environ,
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    terminal = Terminal(process, ours, columns, rows)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        terminal.hang_up()

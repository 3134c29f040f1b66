"""A program in a pseudo-terminal: the keys it is given, what it writes, and what then stands on its screen."""

import asyncio
import codecs
import fcntl
import os
import re
import struct
import sys
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from rich.cells import cell_len

from tests.wire import STEERING

COLUMNS, ROWS = 80, 24
WAIT_S = 20
"""Only so that a test that has gone wrong ends."""
KEYS = {"enter": "\r", "escape": "\x1b"}

# Makes the pseudo-terminal on stdin its controlling terminal, so that closing it is a hang-up, and becomes the program.
LOGIN = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)(?P<command>[ -/]*[@-~])"
    r"|(?P<string>\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\))"
    rf"|(?P<other>\x1b[^\[\]PX^_]|(?!\x1b)[\n{STEERING}])"
    rf"|(?P<text>[^\n{STEERING}]+)"
)


class Screen:
    """A terminal that knows colours, places and text. Whatever else it is told is kept as `controls`."""

    def __init__(self, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.controls: set[str] = set()
        """Every other control character and sequence, as it was written."""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = ""
        self._row = self._column = 0
        self._columns = columns
        self._cells = [[" "] * columns for _ in range(rows)]

    def __str__(self) -> str:
        return "\n".join("".join(row) for row in self._cells)

    def feed(self, data: bytes) -> None:
        """Do what `data` says; a sequence may come in pieces."""
        text = self._pending + self._decoder.decode(data)
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            self._obey(found)
        self._pending = text[at:]

    def _obey(self, found: re.Match[str]) -> None:
        if found["text"]:
            self._write(found["text"])
        elif found["command"] == "H":
            row, column = map(int, found["arguments"].split(";"))
            self._row, self._column = row - 1, column - 1
        elif found["other"] == "\n":
            self._row, self._column = self._row + 1, 0
        elif found["other"] != "\r" and found["command"] != "m":
            self.controls.add(found[0])

    def _write(self, text: str) -> None:
        row = self._cells[self._row]
        for character in text:
            width = cell_len(character)
            row[self._column : self._column + width] = [character, *[""] * (width - 1)][:width]
            self._column += width
        assert len(row) == self._columns, "written beyond the edge"


class Terminal:
    """A running program and its screen."""

    def __init__(self, process: Process, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._screen = Screen()
        self._unread = bytearray()
        self._changed = asyncio.Event()
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

    async def until(self, *texts: str) -> None:
        """Wait until all of `texts` stand on the screen."""
        try:
            async with asyncio.timeout(WAIT_S):
                while not all(text in str(self.screen) for text in texts):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {texts} on the screen:\n{self.screen}") from None

    async def ended(self) -> int:
        """Wait until the program ends; return its exit code."""
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait()

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
        self._screen = Screen()

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
        self._unread += data
        self._changed.set()


@asynccontextmanager
async def running(
    *command: str, folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[Terminal]:
    """Run `python COMMAND` in a window of 80x24; kill what is left of it in the end."""
    ours, its = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOGIN, *command),
        cwd=folder,
        env=environ,
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    terminal = Terminal(process, ours)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        terminal.hang_up()

"""A program in a pseudo-terminal: the keys it is given, what it writes, and what then stands on its screen."""

import asyncio
import codecs
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from rich.cells import cell_len

COLUMNS, ROWS = 80, 24
WAIT_S = 20
"""Only so that a test that has gone wrong ends."""
KEYS = {"enter": "\r", "escape": "\x1b", "down": "\x1b[B"}

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*[ -/]*)(?P<command>[@-~])"
    r"|(?P<string>\x1b[\]PX^_](?:[^\x07\x1b]*)(?:\x07|\x1b\\))"
    r"|(?P<other>\x1b[^\[\]PX^_]|[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)


class Screen:
    """As much of a terminal as Textual needs; everything else that is written to it is noted as odd."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = ""
        self._row = self._column = 0
        self._cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.controls: set[str] = set()
        """Every control sequence that was neither a colour nor a place, as it was written."""

    def __str__(self) -> str:
        return "\n".join("".join(row) for row in self._cells)

    def feed(self, data: bytes) -> None:
        """Do what `data` says."""
        text = self._pending + self._decoder.decode(data)
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            self._do(found)
        self._pending = text[at:]
        assert self._pending.startswith("\x1b") or not self._pending

    def _do(self, found: re.Match[str]) -> None:
        arguments, command = found["arguments"], found["command"]
        if found["text"]:
            self._write(found["text"])
        elif command == "H":
            row, column = (int(each or 1) for each in (arguments or "1;1").split(";"))
            self._row, self._column = row - 1, column - 1
        elif found["other"] in ("\r", "\n"):
            self._row, self._column = min(self._row + (found["other"] == "\n"), ROWS - 1), 0
        elif command != "m":
            self.controls.add(found[0])

    def _write(self, text: str) -> None:
        for character in text:
            width = cell_len(character)
            for offset in range(width):
                if self._column < COLUMNS:
                    self._cells[self._row][self._column] = character if offset == 0 else ""
                    self._column += 1


class Terminal:
    """A running program and its screen."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.screen = Screen()
        self.written = bytearray()
        self._master = master
        self._changed = asyncio.Event()

    def press(self, *keys: str) -> None:
        """Press keys: characters, or names of KEYS."""
        os.write(self._master, "".join(KEYS.get(key, key) for key in keys).encode())

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
            return await asyncio.to_thread(self.process.wait)

    def on_readable(self) -> None:
        """Take in what the program has written."""
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other end open any more
            data = b""
        self.written += data
        self.screen.feed(data)
        self._changed.set()

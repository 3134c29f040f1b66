"""The web door, served in this process, with a program behind it that only repeats what it is told."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from inspector.web import create_app
from inspector.web.door import Door

TOKEN = "t0ken"
ECHO = """
import os, sys
def say(kind, data):
    os.write(1, kind + len(data).to_bytes(4, "big") + data)
os.write(1, b"__GANGLION__\\n")
say(b"D", b"pid %d " % os.getpid())
while head := sys.stdin.buffer.read(5):
    told = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if told == b'{"type": "quit"}' or told == b"end":
        say(b"M", b'{"type": "exit"}')
        break
    if told == b"die":
        os.kill(os.getpid(), 9)
    say(b"D", head[:1] + told)
"""
"""Speaks as Textual's driver for the web does: packets of a letter, a length and that many bytes."""


@dataclass
class Served:
    """A running door."""

    app: web.Application
    door: Door
    port: int
    entered: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(folder: Path, program: str = ECHO) -> AsyncIterator[Served]:
    entered: list[str] = []
    app, door = create_app(
        token=TOKEN,
        command=(sys.executable, "-u", "-c", program),
        log=folder / "terminal.log",
        on_entry=lambda: entered.append("in"),
    )
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Served(app, door, runner.addresses[0][1], entered)
    finally:
        await runner.cleanup()

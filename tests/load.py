"""Senders that keep an inspector busy and note what they were told of every delivery."""

import asyncio
import contextlib
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.wire import connect

ANSWER_S = 60
"""Only so that a test that has gone wrong ends."""


class Load:
    """What was sent to one inspector, and what was answered."""

    def __init__(self, ingress: str, name: str = "load", *, body_bytes: int = 0) -> None:
        self._ingress = ingress
        self._name = name
        self._body_bytes = body_bytes
        self._goal: tuple[int, int, asyncio.Event] | None = None
        self.acknowledged: dict[bytes, int] = {}
        """Body to number."""
        self.unanswered: set[bytes] = set()
        """They were sent, and the connection broke."""
        self.statuses: Counter[int] = Counter()
        self.waits_s: list[float] = []

    async def run(self, senders: int, each: int = 1_000_000) -> None:
        """Let so many senders post, each on a connection of its own, until `each` are answered or they are cut off."""
        async with asyncio.TaskGroup() as tasks:
            for sender in range(senders):
                tasks.create_task(self._send(sender, each))

    async def answers(self, more: int, status: int = 200) -> None:
        """Return when so many more were answered with this status. One caller at a time."""
        reached = asyncio.Event()
        self._goal = (status, self.statuses[status] + more, reached)
        await reached.wait()

    def body(self, sender: int, number: int) -> bytes:
        """Return a body like no other of this load."""
        return f"{self._name}-{sender}-{number} ".encode().ljust(self._body_bytes, b".")

    async def _send(self, sender: int, each: int) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # cut off
            number = 0
            while number < each:
                reader, writer = await connect(self._ingress)
                try:
                    status = 200
                    while number < each and status == 200:  # any other closes the connection
                        status = await self._post(reader, writer, self.body(sender, number))
                        number += 1
                finally:
                    writer.close()

    async def _post(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes
    ) -> int:
        self.unanswered.add(body)
        started_s = time.perf_counter()
        writer.write(b"POST /in/load HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        async with asyncio.timeout(ANSWER_S):
            status, said = await read_answer(reader)
        self.waits_s.append(time.perf_counter() - started_s)
        self.unanswered.discard(body)
        self.statuses[status] += 1
        if status == 200:
            self.acknowledged[body] = int(said.removeprefix(b"stored as #"))
        if self._goal and self.statuses[self._goal[0]] >= self._goal[1]:
            self._goal[2].set()
        return status


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return status and body of one answer. Raises IncompleteReadError when the connection ends first."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    assert length, head
    return int(head[9:12]), await reader.readexactly(int(length[1]))


def stored(database: Path) -> dict[bytes, int]:
    """Return every stored body with its number, out of a database that must be whole."""
    with contextlib.closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    ) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        cut = "SELECT count(*) FROM delivery WHERE body_bytes != length(body)"
        assert connection.execute(cut).fetchone() == (0,)
        return dict(connection.execute("SELECT body, id FROM delivery"))


def lost(acknowledged: Mapping[bytes, int], database: Path) -> set[bytes]:
    """Return what was acknowledged and is not there, or not under its number."""
    found = stored(database)
    return {body for body, number in acknowledged.items() if found.get(body) != number}

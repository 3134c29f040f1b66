"""2xx means stored: the process is killed under load, and nothing it acknowledged is missing afterwards."""

import asyncio
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests import process
from tests.process import Running

SENDERS = 64
KILLS = 10


class Load:
    """Senders that each post one delivery after another and note which were acknowledged."""

    def __init__(self, running: Running, name: str) -> None:
        self._host, _, port = running.ingress.removeprefix("http://").partition(":")
        self._port = int(port)
        self._name = name
        self.acknowledged: set[bytes] = set()
        self.enough = asyncio.Event()

    async def send(self, sender: int, wanted: int) -> None:
        """Post until the connection breaks; set `enough` when `wanted` are acknowledged among all senders."""
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return
        try:
            for number in range(1_000_000):
                body = f"{self._name}-{sender}-{number}".encode()
                head = f"POST /in/load HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                assert answer.startswith(b"HTTP/1.1 200 ")
                self.acknowledged.add(body)
                if len(self.acknowledged) >= wanted:
                    self.enough.set()
        except (OSError, asyncio.IncompleteReadError):
            pass  # killed
        finally:
            writer.close()


async def killed_under_load(folder: Path, name: str, acknowledged: int) -> set[bytes]:
    """Run an inspector, kill -9 it once `acknowledged` deliveries are; return which ones were."""
    async with process.inspector(folder, exit_code=-signal.SIGKILL) as running:
        load = Load(running, name)
        async with asyncio.TaskGroup() as senders:
            for sender in range(SENDERS):
                senders.create_task(load.send(sender, acknowledged))
            await load.enough.wait()
            os.kill(running.pid, signal.SIGKILL)
    return load.acknowledged


def stored(database: Path, check: Callable[[sqlite3.Connection], None]) -> set[bytes]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        check(connection)
        return {body for (body,) in connection.execute("SELECT body FROM delivery")}
    finally:
        connection.close()


def is_whole(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    gaps = connection.execute(
        "SELECT count(*) FROM delivery WHERE body_bytes != length(body) OR outcome != 'unknown'"
    ).fetchone()
    assert gaps == (0,)


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Ten kills at random moments with 64 senders at work; after each restart every acknowledged delivery is there."""
    dice = random.Random(20261121)
    acknowledged: set[bytes] = set()
    for kill in range(KILLS):
        acknowledged |= await killed_under_load(tmp_path, f"k{kill}", dice.randint(1, 600))
        async with process.inspector(tmp_path) as running:
            found = stored(running.data_dir.database, is_whole)

        assert acknowledged - found == set(), f"lost after kill {kill}"
    assert len(acknowledged) > KILLS

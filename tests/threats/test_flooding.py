"""T27: however much is refused, the log grows by a line or two a second, and each is short."""

import asyncio
import resource
import time
from pathlib import Path

import pytest

from inspector.teller import REST_S
from tests import process
from tests.load import Load
from tests.wire import status, talk

FLOOD = 10_000
UNSTORED = 2_000
"""Fewer: each of them makes SQLite try and roll back."""
SENDERS = 32
LINE_BYTES = 300
QUOTA_BYTES = 512 * 1024
"""Of each file: soon too little for the database, and enough for what is written to stderr."""
RUBBISH = b"POST /in/demo HTTP/1.1\r\nHost: a\r\nHost: %b\r\n\r\n" % (b"h4cked" * 1000)


async def rubbish(url: str, count: int) -> None:
    """Send what is not HTTP, each on a connection of its own, as it is closed after it."""
    for _ in range(count):
        assert status(await talk(url, RUBBISH)) == 400


async def test_twelve_thousand_refused_are_a_line_a_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First what is not HTTP; then deliveries that find no room on the disk, which are answered 503 (F4)."""
    async with process.inspector(tmp_path) as running:
        started_s = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(SENDERS):
                group.create_task(rubbish(running.ingress, FLOOD // SENDERS + 1))
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (QUOTA_BYTES, resource.RLIM_INFINITY))
        load = Load(running.ingress, body_bytes=2000)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(load.run(SENDERS))
            await load.answers(UNSTORED, 503)
            await asyncio.sleep(REST_S)  # a fast machine has not earned its second line yet
            sending.cancel()
    took_s = time.monotonic() - started_s
    _, told = capsys.readouterr()

    # A slow machine is told of besides, at most once a second as well (inspector/lag.py).
    lines = [line for line in told.splitlines() if "the event loop was held" not in line]
    assert len(lines) <= took_s + 2  # one of each kind at once, then one a second
    assert len("\n".join(lines).encode()) < LINE_BYTES * len(lines)
    assert "h4cked" not in told
    for kind in ("malformed request from 127.0.0.1", "a delivery was refused: cannot write"):
        assert any(kind in line for line in lines)
        assert any(kind in line and "more since the last)" in line for line in lines)

"""The inspector that the terminal starts when none runs, and stops again.

It stops by itself when its stdin closes (`--until-stdin-closes`), so that not even a killed terminal leaves it behind.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from inspector.datadir import DataDir
from inspector.errors import HooktapError

COMMAND = (sys.executable, "-m", "inspector")
START_S = 30.0
STOP_S = 8.0
FIRST_LINE_MAX_BYTES = 64 * 1024
LOG_MAX_BYTES = 1024 * 1024
"""A log that has grown longer is begun anew."""


@dataclass(frozen=True, slots=True)
class Child:
    """An inspector that is ready."""

    pid: int
    ended: asyncio.Future[None]
    """Done when the process has ended, for whatever reason."""


class ChildError(HooktapError):
    """The inspector did not start; the message is what it said itself."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@asynccontextmanager
async def running_child(
    data_dir: DataDir, listen_args: Sequence[str], *, command: Sequence[str] = COMMAND
) -> AsyncIterator[Child]:
    """Run `hooktap listen` with `listen_args` in `data_dir` and yield it as soon as it is ready; then stop it.

    What it narrates goes to `data_dir.log`. Raises ChildError if it ends before it is ready.
    """
    data_dir.prepare()
    loop = asyncio.get_running_loop()
    with _open_log(data_dir.log) as log:
        said_before = log.tell()
        transport, output = await loop.subprocess_exec(
            lambda: _Output(loop),
            *command,
            *("listen", "--json", "--quiet", "--until-stdin-closes"),
            *("--data-dir", str(data_dir.path)),
            *listen_args,
            stderr=log,
            start_new_session=True,  # ctrl+c and a hang-up are ours to handle
        )
    try:
        await _wait_ready(transport, output, data_dir.log, said_before)
        yield Child(transport.get_pid(), output.ended)
    finally:
        await _stop(transport, output)


async def _wait_ready(
    transport: asyncio.SubprocessTransport, output: "_Output", log: Path, said_before: int
) -> None:
    await asyncio.wait([output.first_line], timeout=START_S)
    if not output.first_line.done():
        raise ChildError(f"the inspector did not start within {START_S} s: see {log}", 1)
    if not _is_ready(output.first_line.result()):
        await asyncio.wait([output.ended], timeout=STOP_S)
        sentence = _said(log, said_before) or f"the inspector ended before it was ready: see {log}"
        raise ChildError(sentence, transport.get_returncode() or 1)


def _said(log: Path, since: int) -> str:
    return log.read_bytes()[since:].decode("utf-8", "replace").strip()


def _is_ready(line: bytes) -> bool:
    try:
        return bool(json.loads(line)["type"] == "ready")
    except (ValueError, KeyError, TypeError):
        return False


async def _stop(transport: asyncio.SubprocessTransport, output: "_Output") -> None:
    with suppress(ProcessLookupError):
        transport.terminate()
    # Not a timeout around `await output.ended`: that would cancel the future, which others wait for too.
    await asyncio.wait([output.ended], timeout=STOP_S)
    if not output.ended.done():
        with suppress(ProcessLookupError):
            transport.kill()
        await output.ended
    transport.close()


def _open_log(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    log = os.fdopen(descriptor, "ab")
    if log.tell() > LOG_MAX_BYTES:
        log.truncate(0)
        log.seek(0)
    return log


class _Output(asyncio.SubprocessProtocol):
    """Keeps the first line of the child's stdout and throws the rest away, so that the pipe never fills."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.first_line: asyncio.Future[bytes] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._read = b""

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - there is only stdout
        """Look for the end of the first line."""
        if self.first_line.done():
            return
        self._read += data
        if b"\n" in self._read or len(self._read) > FIRST_LINE_MAX_BYTES:
            self.first_line.set_result(self._read.partition(b"\n")[0])

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - it ended, that is all
        """The process has ended and its pipes are closed."""
        if not self.first_line.done():
            self.first_line.set_result(self._read)
        if not self.ended.done():
            self.ended.set_result(None)

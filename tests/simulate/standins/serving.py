"""A stand-in that runs on a free port, and somebody who calls its API with its token."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, hdrs

from inspector.core.wire import JSON
from inspector.simulate.standins.desk import Desk
from inspector.simulate.standins.model import StandIn
from inspector.simulate.standins.service import Options, open_for_business
from tests import process

LINE_S = 30


@dataclass(frozen=True)
class Answer:
    """What the stand-in answered."""

    status: int
    type: str
    headers: Any
    body: Any


@dataclass(frozen=True)
class Serving:
    """A stand-in, and a session with its token."""

    desk: Desk
    url: str
    token: str
    session: ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Call its API; a `headers` entry of None leaves that header out."""
        headers = {hdrs.AUTHORIZATION: f"Bearer {self.token}"} | options.pop("headers", {})
        given = {name: value for name, value in headers.items() if value is not None}
        async with self.session.request(
            method, self.url + path, headers=given, **options
        ) as response:
            is_json = "json" in response.content_type
            body = await (response.json(content_type=None) if is_json else response.read())
            return Answer(response.status, response.content_type, response.headers, body)


@asynccontextmanager
async def serving(stand_in: StandIn, state: Path, **options: Any) -> AsyncIterator[Serving]:
    """Run `stand_in` until the block ends; `options` are those of `service.Options`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with (
            open_for_business(stand_in, listener, Options(state, **options)) as running,
            ClientSession() as session,
        ):
            yield Serving(running.desk, running.url, running.token, session)


@dataclass(frozen=True)
class Command:
    """A stand-in that runs as a process of its own, as its ready line describes it."""

    pid: int
    url: str
    token: str
    _stdout: asyncio.StreamReader

    async def line(self) -> JSON:
        """Return the next line it prints: a webhook or an attempt."""
        async with asyncio.timeout(LINE_S):
            line: JSON = json.loads(await self._stdout.readline())
        return line


@asynccontextmanager
async def command(
    folder: Path, provider: str, *arguments: str, exit_code: int = 0
) -> AsyncIterator[Command]:
    """Run `hooktap simulate` on a free port; stop it at the end. It must end as told, without a traceback."""
    running = await asyncio.create_subprocess_exec(
        *(*process.PROGRAM, "simulate", provider, "--json", "--port", "0"),
        *("--data-dir", str(folder / "data"), *arguments),
        cwd=folder,
        env=process.environ_of(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(process.START_S):
            ready = json.loads(await running.stdout.readline())
        yield Command(running.pid, ready["url"], ready["token"], running.stdout)
    finally:
        if running.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM)
        async with asyncio.timeout(process.STOP_S):
            _, narration = await running.communicate()
    told = narration.decode("utf-8", "replace")
    assert "Traceback" not in told, told
    assert running.returncode == exit_code, told

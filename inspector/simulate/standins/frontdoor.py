"""A door that speaks TLS before a port that does not: it passes bytes on, as a tunnel to this machine would."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from inspector.core.forwarding import Origin
from inspector.tasks import owned

AT_ONCE: Final = 64
"""Connections; whoever comes beyond that is turned away."""
CHUNK_BYTES: Final = 64 * 1024
CONNECT_S: Final = 5.0
IDLE_S: Final = 60.0
"""Without a byte in either direction."""


@asynccontextmanager
async def opened(
    listener: socket.socket, context: ssl.SSLContext, behind: Origin
) -> AsyncIterator[str]:
    """Pass what comes to `listener` on to `behind` until the block ends; yield the URL of the door."""
    async with owned() as tasks:
        door = _Door(tasks, behind)
        server = await asyncio.start_server(
            door.enter,
            sock=listener,
            ssl=context,
            limit=CHUNK_BYTES,
            ssl_handshake_timeout=CONNECT_S,
        )
        try:
            yield f"https://localhost:{listener.getsockname()[1]}"
        finally:
            server.close()
            door.close()


class _Door:
    def __init__(self, tasks: asyncio.TaskGroup, behind: Origin) -> None:
        self._tasks = tasks
        self._behind = behind
        self._inside: set[asyncio.Task[None]] = set()
        self._is_open = True

    def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        if not self._is_open or len(self._inside) >= AT_ONCE:
            writer.transport.abort()
            return
        task = self._tasks.create_task(self._through(reader, writer))
        self._inside.add(task)
        task.add_done_callback(self._inside.discard)

    def close(self) -> None:
        """End every connection."""
        self._is_open = False
        for task in self._inside:
            task.cancel()

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                answers, inwards = await asyncio.open_connection(
                    self._behind.host, self._behind.port, limit=CHUNK_BYTES
                )
        except OSError:  # nobody is there, which includes nobody in time
            writer.transport.abort()
            return
        try:
            with suppress(TimeoutError):
                await _pass(reader, inwards, answers, writer)
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_S):
                    writer.close()
                    await writer.wait_closed()
        finally:
            inwards.transport.abort()
            writer.transport.abort()


async def _pass(
    reader: asyncio.StreamReader,
    inwards: asyncio.StreamWriter,
    answers: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Pass bytes on both ways until the inner side ends; raise TimeoutError once none come."""
    async with asyncio.timeout(IDLE_S) as limit, owned() as tasks:
        asking = tasks.create_task(_copy(reader, inwards, limit))
        try:
            await _copy(answers, writer, limit)
        finally:
            asking.cancel()


async def _copy(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: asyncio.Timeout
) -> None:
    """Pass on what comes from `source` until it ends, and that it has; or until there is nobody to pass it to."""
    now_s = asyncio.get_running_loop().time
    with suppress(OSError):
        while chunk := await source.read(CHUNK_BYTES):
            limit.reschedule(now_s() + IDLE_S)
            sink.write(chunk)
            await sink.drain()
    with suppress(OSError):
        if sink.can_write_eof():
            sink.write_eof()

"""A network that breaks: passes bytes between a client and an API until it is told to cut, or has passed enough."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Cutter:
    """A TCP proxy in front of a port; an async context manager."""

    def __init__(self, port: int, budget: Callable[[], int | None] = lambda: None) -> None:
        """`budget` says for each connection how many bytes of the answers it lets through; None: all."""
        self._port = port
        self._budget = budget
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.connections = 0

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._port)
        both = {writer, upstream_writer}
        self._open |= both
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                # The guard wants the API's own port in Host.
                own = self.url.removeprefix("http://").encode()
                upstream_writer.write(head.replace(own, b"127.0.0.1:%d" % self._port))
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pass_on(reader, upstream_writer, None))
                    await _pass_on(upstream_reader, writer, self._budget())
                    for each in both:
                        each.transport.abort()
        finally:
            self._open -= both
            for each in both:
                each.transport.abort()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None
) -> None:
    with suppress(OSError):
        while budget is None or budget > 0:
            piece = await reader.read(65536 if budget is None else min(budget, 65536))
            if not piece:
                return
            writer.write(piece)
            await writer.drain()
            budget = None if budget is None else budget - len(piece)

"""What Hooktap is compared to and forwards to, each a process: `python -m scripts.benches.servers KIND`.

The bare servers read the whole body, keep nothing and answer 200: once as aiohttp's own documentation starts an
Application, once so on uvloop, which Hooktap uses too, and once with the low-level server.
"""

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, cast

import uvloop
from aiohttp import web

PATH = "/in/jinko"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


async def application() -> None:
    """Serve as aiohttp's documentation shows it."""
    app = web.Application()
    app.router.add_route("*", "/in/{tail:.*}", _handle)
    await _serve(web.AppRunner(app, access_log=None))


async def low_level() -> None:
    """Serve without routes, middlewares and an application."""
    await _serve(web.ServerRunner(web.Server(_handle, access_log=None)))


async def target() -> None:
    """Be the cheapest app there can be."""
    server = await asyncio.get_running_loop().create_server(_Target, "127.0.0.1", 0)
    await _announce(server.sockets[0].getsockname()[1])


async def _handle(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response(text="ok")


async def _serve(runner: web.BaseRunner) -> None:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _announce(runner.addresses[0][1])


class _Target(asyncio.Protocol):
    """Answers 200 to each complete request without looking at it; one at a time, as they all send."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's has no common class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = LENGTH.search(head)
        if len(body) >= (int(length[1]) if length else 0) and self._transport is not None:
            self._buffer = b""
            self._transport.write(ANSWER)


async def _announce(port: int) -> None:
    print(json.dumps({"url": f"http://127.0.0.1:{port}{PATH}"}), flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


KINDS: dict[str, tuple[Callable[[], Coroutine[Any, Any, None]], bool]] = {
    "bare": (application, False),
    "bare-uvloop": (application, True),
    "bare-low-level": (low_level, True),
    "target": (target, True),
}
"""What runs, and whether on uvloop."""


if __name__ == "__main__":
    serve, on_uvloop = KINDS[sys.argv[1]]
    (uvloop.run if on_uvloop else asyncio.run)(serve())

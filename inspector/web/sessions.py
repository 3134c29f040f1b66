"""A terminal for each page: a process of its own that ends with its WebSocket, and with us."""

import asyncio
import json
import logging
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from inspector.api.goodbye import cut, say_goodbye

log = logging.getLogger(__name__)

SESSIONS_MAX = 8
"""Each is a process of some 80 MB."""
STALL_S = 10.0
"""How long a browser may leave a full connection unread before it is cut."""
HEARTBEAT_S = 20.0
QUIT_S = 3.0
"""How long a terminal has for its own end; then as long again once its stdin is closed; then it is killed."""
RECEIVE_MAX_BYTES = 1024 * 1024
"""Of one WebSocket message: what is pasted."""
SIDE_MAX = 1000
"""The most columns or lines a page may ask for."""


class Sessions:
    """The terminals that are open."""

    def __init__(self, command: Sequence[str], log_file: Path) -> None:
        # textual-serve starts a program by a shell; `exec` has that become the program, and not its parent.
        quoted = f"exec {shlex.join(command)} 2>> {shlex.quote(str(log_file))}"
        self._command = f"umask 077; {quoted}"  # the log may quote a sender
        self._open: dict[web.WebSocketResponse, web.Request] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Run a terminal until it ends or the page goes."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, compress=False, max_msg_size=RECEIVE_MAX_BYTES
        )
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest(text="a terminal is a WebSocket: connect to it as one")
        if len(self._open) >= SESSIONS_MAX:
            raise web.HTTPServiceUnavailable(text=f"{SESSIONS_MAX} terminals are open: close one")
        self._open[socket] = request
        try:
            await socket.prepare(request)
            terminal = _Terminal(self._command, socket, request)
            await terminal.start(_asked(request, "width", 80), _asked(request, "height", 24))
            try:
                await _obey(socket, terminal)
            finally:
                await terminal.end()
        finally:
            del self._open[socket]
        return socket

    async def close_all(self, _: web.Application) -> None:
        """Tell every page that we stop. Their terminals end as their sockets do."""
        async with asyncio.TaskGroup() as group:
            for socket, request in self._open.items():
                group.create_task(say_goodbye(socket, request, b"the terminal has ended"))


class _Terminal(AppService):
    """textual-serve's end of the pipes to one process."""

    def __init__(self, command: str, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(
            command,
            write_bytes=self._show,
            write_str=self._ignore,
            close=self._close,
            download_manager=DownloadManager(),
        )
        self._socket = socket
        self._request = request

    async def run(self) -> None:
        """Hand on what the process draws; when it has ended, however it did, so has the page."""
        try:
            await super().run()
        finally:
            await self._close()

    async def end(self) -> None:
        """End the process and wait for that."""
        process = self._process
        assert process is not None, "it was started"
        try:
            async with asyncio.timeout(QUIT_S):
                await self.stop()
        except TimeoutError:
            log.warning("a terminal did not end when asked to")
        self.stdin.close()  # of which a terminal ends, whatever it is doing
        try:
            async with asyncio.timeout(QUIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _show(self, drawn: bytes) -> None:
        try:
            async with asyncio.timeout(STALL_S):
                await self._socket.send_bytes(drawn)
        except TimeoutError:
            log.warning("a browser has stopped reading; its terminal ends")
            cut(self._request)
        except ConnectionError:
            pass  # it has gone, and the reading side knows

    async def _ignore(self, order: str) -> None:
        """To have the browser open an address or save a file: nothing in our terminal asks for either."""

    async def _close(self) -> None:
        await say_goodbye(self._socket, self._request, b"the terminal has ended")


async def _obey(socket: web.WebSocketResponse, terminal: _Terminal) -> None:
    """Do what the page says, until it says nothing more or something that our page never would."""
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            continue
        try:
            await _carry_out(json.loads(frame.data), socket, terminal)
        except (ValueError, RecursionError):
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"not understood")


async def _carry_out(order: Any, socket: web.WebSocketResponse, terminal: _Terminal) -> None:
    """Do one thing. Raises ValueError for what is none."""
    match order:
        case ["stdin", str(typed)]:
            await terminal.send_bytes(typed.encode("utf-8", "replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await terminal.set_terminal_size(_side(width), _side(height))
        case ["ping", str(when)]:
            await socket.send_json(["pong", when])
        case ["focus"]:
            await terminal.focus()
        case ["blur"]:
            await terminal.blur()
        case _:
            raise ValueError("not an order of textual-serve's page")


def _side(number: int) -> int:
    """Return a width or a height as one that can be drawn."""
    return max(1, min(number, SIDE_MAX))


def _asked(request: web.Request, name: str, default: int) -> int:
    """Read a side from the address; what is no number is not asked for."""
    text = request.query.get(name, "")
    return _side(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else default

"""Ending a WebSocket whose other side may have stopped reading."""

import asyncio

from aiohttp import WSCloseCode, web

GOODBYE_S = 1.0
"""For the other side to take its leave."""


async def say_goodbye(socket: web.WebSocketResponse, request: web.Request, why: bytes) -> None:
    """Close because we go away; cut off who does not answer."""
    try:
        async with asyncio.timeout(GOODBYE_S):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=why)
    except TimeoutError:
        cut(request)


def cut(request: web.Request) -> None:
    """Cut a connection off."""
    # A close would wait for the client to read what is buffered, and not reading is what it does.
    if request.transport is not None:
        request.transport.abort()

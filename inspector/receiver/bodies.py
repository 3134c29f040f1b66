"""The body of one request, as sent, de-chunked: no longer than the cap, and read only when there is room for it."""

import asyncio
import contextlib
from io import BytesIO

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from inspector.receiver.budget import SMALL_BYTES, Budget
from inspector.receiver.refused import NotHttp, Refused

BODY_TIMEOUT_S = 60
BODY_IDLE_S = 10


class Bodies:
    """Reads bodies. Who gets one gives its room back to the budget: as many bytes as it has."""

    def __init__(self, cap_bytes: int, budget: Budget) -> None:
        self._cap_bytes = cap_bytes
        self._budget = budget

    async def read(self, wire: web.BaseRequest) -> bytes:
        """Return a request's body. Raises Refused, and StoreBusyError when there is no room in time."""
        if wire.method == hdrs.METH_CONNECT:
            return _nothing(wire)
        if not wire.content.is_eof():
            return await self._read_as_it_comes(wire)
        body = self._read_at_once(wire.content)  # it came in one piece with the head, as most do
        if len(body) <= SMALL_BYTES:
            self._budget.add_small(len(body))
        else:
            await self._make_room(wire, 0, len(body))
        return body

    def _read_at_once(self, content: StreamReader) -> bytes:
        try:
            body = content.read_nowait()
        except ConnectionError:  # reset before its turn came
            raise _gone() from None
        if len(body) > self._cap_bytes:
            raise self._too_long()
        return body

    async def _read_as_it_comes(self, wire: web.BaseRequest) -> bytes:
        """Return a body that did not come with its head: it may be too long, or never come."""
        declared_bytes = int(wire.headers.get(hdrs.CONTENT_LENGTH, "0"))  # chunked: nobody knows
        if declared_bytes > self._cap_bytes:
            raise self._too_long()
        await self._make_room(wire, 0, declared_bytes)
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await self._read_pieces(wire, declared_bytes)
        except TimeoutError:
            raise Refused(408, "the body did not arrive in time") from None
        except (HttpProcessingError, web.RequestPayloadError):
            raise _broken() from None
        except ConnectionError:
            raise _gone() from None

    async def _read_pieces(self, wire: web.BaseRequest, held_bytes: int) -> bytes:
        """Return the body, for which `held_bytes` of room are taken; more is, should it be longer than that."""
        # Neither filling this nor taking the bytes out of it copies what is in it already, as joining pieces would.
        body = BytesIO(bytes(held_bytes))
        try:
            _say_continue(wire)
            while piece := await _next_piece(wire.content):
                length = body.tell() + len(piece)
                if length > held_bytes:
                    if length > self._cap_bytes:
                        raise self._too_long()
                    await self._make_room(wire, held_bytes, length)
                    held_bytes = length
                body.write(piece)
            if body.tell() < held_bytes:
                raise _broken()
        except BaseException:
            self._budget.give_back(held_bytes)
            raise
        return body.getvalue()

    async def _make_room(self, wire: web.BaseRequest, held_bytes: int, size_bytes: int) -> None:
        if self._budget.grow(held_bytes, size_bytes):
            return
        if wire.transport is None:
            raise _gone()
        with contextlib.suppress(RuntimeError):  # it is closing
            wire.transport.pause_reading()  # or a good deal piles up in the connection's buffers
        try:
            await self._budget.wait(held_bytes, size_bytes)
        finally:
            wire.protocol.resume_reading()

    def _too_long(self) -> Refused:
        return Refused(413, f"a body may be at most {self._cap_bytes} bytes long here")


async def _next_piece(content: StreamReader) -> bytes:
    async with asyncio.timeout(BODY_IDLE_S):
        return await content.readany()


def _say_continue(wire: web.BaseRequest) -> None:
    if hdrs.EXPECT in wire.headers and wire.version == HttpVersion11 and wire.transport:
        wire.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _nothing(wire: web.BaseRequest) -> bytes:
    """Return the body of a CONNECT. For both parsers a tunnel begins where it would: it is refused, or cut off."""
    if (
        wire.headers.get(hdrs.CONTENT_LENGTH, "").strip("0")
        or hdrs.TRANSFER_ENCODING in wire.headers
    ):
        raise NotHttp(400, "a CONNECT has no body")
    return b""


def _broken() -> Refused:
    return Refused(400, "the body is not framed as its headers say")


def _gone() -> Refused:
    return Refused(400, "the sender left")  # so nobody reads this

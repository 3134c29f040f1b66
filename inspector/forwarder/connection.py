"""One connection to a target, carrying one request at a time."""

import asyncio
import contextlib
import socket
import time
from typing import NamedTuple, cast

from inspector.core.model import Failure, Request, Response, Timing
from inspector.forwarder.answer import Answer

_PIECE_BYTES = 256 * 1024
"""A body up to this long is written together with the head; a longer one as fast as the target takes it."""


class Deadline(NamedTuple):
    """When an answer must be complete."""

    at: float
    """Loop time."""
    limit_s: float
    """What it was set to, for the sentence that says it has passed."""


class Connection(asyncio.Protocol):
    """Writes a request, waits for its answer, and knows whether it can do that once more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.is_open = True
        """Whether another request may be sent."""
        self.idle_since = 0.0
        """Loop time at which the last answer was complete."""
        self._loop = loop
        self._transport: asyncio.Transport
        self._answer: Answer | None = None
        self._heard_ns = 0
        """When the answer's first byte came; 0: none has."""
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = Deadline(0, 0)
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = memoryview(b"")
        self._paused = False
        self._spare: socket.socket | None = None

    async def exchange(
        self, head: bytes, request: Request, deadline: Deadline
    ) -> tuple[Response | Failure, Timing]:
        """Send one request; return what came of it, and where the time went on this connection, as one that was open.

        Whatever the target does, this returns, at `deadline` at the latest; cancelling it closes the
        connection.
        """
        started_ns = time.perf_counter_ns()
        self.is_open = False
        self._answer = answer = Answer(request.method)
        self._heard_ns = 0
        self._waiter = self._loop.create_future()
        self._deadline = deadline
        if self._timer is None:
            self._timer = self._loop.call_at(deadline.at, self._expire)
        try:
            self._send(head, request.body)
            await self._waiter
        except asyncio.CancelledError:
            # It may have settled in this very turn: the connection could be used again, but nobody would keep it.
            answer.reusable = False
            raise
        finally:
            self._answer = self._waiter = None
            self._finish(reusable=answer.reusable)
        assert answer.result is not None
        return answer.result, self._timing(started_ns)

    def close(self) -> None:
        """Close the connection at once; closing twice is harmless."""
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Read on in the answer. On an idle connection nothing is due: the target is taking its leave."""
        if self._answer is None:
            self.close()
            return
        self._feed(self._answer, data)
        self._wake()

    def eof_received(self) -> None:
        """Take the end of what the target sends as the end of the answer, and of the connection."""
        self._ended("closed")

    def connection_lost(self, error: Exception | None) -> None:
        """Settle what is still open."""
        self._read_rest()
        self._ended("reset" if isinstance(error, ConnectionResetError) else "closed")

    def pause_writing(self) -> None:
        """Stop: the target reads slower than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._paused = False
        self._pump()

    def _send(self, head: bytes, body: bytes) -> None:
        if len(body) <= _PIECE_BYTES:
            self._transport.write(head + body)
        else:
            if self._transport.get_extra_info("ssl_object") is None:
                with contextlib.suppress(OSError):  # too many open files: it is but a precaution
                    self._spare = self._transport.get_extra_info("socket").dup()
            self._transport.write(head)
            self._unsent = memoryview(body)
            self._pump()

    def _pump(self) -> None:
        # Piece by piece, as the transport copies what the socket does not take at once; and each one only after the
        # loop has read what came in meanwhile, as a timer that is due runs last.
        if not self._unsent or self._paused or self._transport.is_closing():
            return
        piece, self._unsent = self._unsent[:_PIECE_BYTES], self._unsent[_PIECE_BYTES:]
        self._transport.write(piece)
        if not self._paused:
            self._loop.call_later(0, self._pump)

    def _read_rest(self) -> None:
        # A target that refuses a long body halfway and closes resets the connection by what it left unread. If that
        # fails our writing first, the transport is gone with the answer unread; a second handle still reads it.
        if self._spare is None or self._answer is None:
            return
        with contextlib.suppress(OSError):
            while data := self._spare.recv(_PIECE_BYTES):
                self._feed(self._answer, data)

    def _feed(self, answer: Answer, data: bytes) -> None:
        # Not the loop's time, which uvloop keeps in milliseconds.
        self._heard_ns = self._heard_ns or time.perf_counter_ns()
        answer.feed(data)

    def _timing(self, started_ns: int) -> Timing:
        ended_ns = time.perf_counter_ns()
        if not self._heard_ns:
            return Timing(None, (ended_ns - started_ns) // 1000, None)
        return Timing(
            None, (self._heard_ns - started_ns) // 1000, (ended_ns - self._heard_ns) // 1000
        )

    def _finish(self, *, reusable: bool) -> None:
        # An answer that overtook the request's body leaves the target in the middle of reading.
        pending = self._unsent or self._transport.get_write_buffer_size()
        if self._spare is not None:
            self._spare.close()
            self._spare = None
        if reusable and not pending and not self._transport.is_closing():
            self.is_open = True
            self.idle_since = self._loop.time()
        else:
            self._unsent = memoryview(b"")
            self._transport.abort()

    def _ended(self, verb: str) -> None:
        self.is_open = False
        if self._timer is not None:
            self._timer.cancel()
        if self._answer is not None:
            self._answer.end(verb)
            self._wake()

    def _expire(self) -> None:
        # One timer that is set again only when it fires: a timer for each request would cost a tenth of its time.
        self._timer = None
        if self._answer is None:
            return
        if self._deadline.at > self._loop.time():
            self._timer = self._loop.call_at(self._deadline.at, self._expire)
            return
        halfway = " and did not read the whole request" if self._unsent else ""
        self._answer.expire(
            f"no complete answer within {self._deadline.limit_s:g} s: "
            f"the target sent {self._answer.progress()}{halfway}"
        )
        self._wake()

    def _wake(self) -> None:
        answer, waiter = self._answer, self._waiter
        if (
            answer is not None
            and answer.result is not None
            and waiter is not None
            and not waiter.done()
        ):
            waiter.set_result(None)

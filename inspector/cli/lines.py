"""Lines of output from an event loop that must not wait for whoever reads them."""

import asyncio
import contextlib
import os
import queue
import threading
import time
from types import TracebackType
from typing import Self, TextIO

from inspector.errors import HooktapError

LIMIT = 1024
"""Lines that may wait to be written; then whoever writes them waits, and the event loop goes on."""
CLOSE_TIMEOUT_S = 1.0


class LineWriter:
    """Writes lines in a thread of its own: a pipe that nobody empties must not delay an acknowledgement.

    For one writing task. A line leaves at once, together with those that wait already; nothing is kept back.
    """

    def __init__(self, stream: TextIO) -> None:
        # The descriptor, not the stream: a thread stuck in a stream's write would hold its lock beyond our end.
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._lines: queue.Queue[str | None] = queue.Queue(LIMIT)
        self._room = asyncio.Event()
        self._problem: OSError | None = None
        """Why nothing can be written any more."""

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(queue.Full):  # then the thread is stuck, and a daemon
            self._lines.put_nowait(None)
            await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)

    async def write(self, line: str) -> None:
        """Have a line written. Raises BrokenPipeError once nobody reads any more, HooktapError if it has no room."""
        while self._problem is None:
            self._room.clear()
            try:
                return self._lines.put_nowait(line)
            except queue.Full:
                await self._room.wait()
        if isinstance(self._problem, BrokenPipeError):
            raise self._problem
        raise HooktapError(f"cannot write any more: {self._problem.strerror}") from self._problem

    def _run(self) -> None:
        open_ = True
        while open_:
            lines = [self._lines.get()]
            with contextlib.suppress(queue.Empty):  # what else waits goes along in one write
                while len(lines) < LIMIT:
                    lines.append(self._lines.get_nowait())
            open_ = None not in lines
            if self._problem is None:
                text = "".join([f"{line}\n" for line in lines if line is not None])
                try:
                    self._write(text.encode(self._encoding, "backslashreplace"))
                except OSError as error:
                    self._problem = error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._room.set)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]


class Pace:
    """Keeps the printing of a flood to a share of the event loop's time; the rest is for acknowledgements.

    Who prints falls behind meanwhile, which costs nothing: the feed reads on in the store.
    """

    LINES = 100
    REST = 9
    """How long to rest, in times of what a hundred lines took."""

    def __init__(self) -> None:
        self._lines = 0
        self._busy_s = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._busy_s += time.perf_counter() - self._since
        self._lines += 1

    async def rest(self) -> None:
        """Rest when it is time to."""
        if self._lines >= self.LINES:
            rest_s, self._lines, self._busy_s = self.REST * self._busy_s, 0, 0.0
            await asyncio.sleep(rest_s)

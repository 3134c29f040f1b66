"""Lines of output from an event loop that must not wait for whoever reads them."""

import asyncio
import contextlib
import os
import queue
import threading
from types import TracebackType
from typing import Self, TextIO

LIMIT = 1024
"""Lines that may wait to be written; then whoever writes them waits, and the event loop goes on."""
CLOSE_TIMEOUT_S = 1.0


class LineWriter:
    """Writes lines in a thread of its own: a pipe that nobody empties must not delay an acknowledgement.

    For one writing task. Each line leaves at once; nothing is kept back for a fuller buffer.
    """

    def __init__(self, stream: TextIO) -> None:
        # The descriptor, not the stream: a thread stuck in a stream's write would hold its lock beyond our end.
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._lines: queue.Queue[str | None] = queue.Queue(LIMIT)
        self._room = asyncio.Event()
        self._broken = False

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
        """Have a line written. Raises BrokenPipeError once nobody reads any more."""
        while not self._broken:
            self._room.clear()
            try:
                return self._lines.put_nowait(line)
            except queue.Full:
                await self._room.wait()
        raise BrokenPipeError

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            if not self._broken:
                try:
                    self._write(f"{line}\n".encode(self._encoding, "backslashreplace"))
                except OSError:
                    self._broken = True
            if self._lines.qsize() == LIMIT - 1:
                # It was full, so the writer may be waiting; it is the only one who could have filled it again.
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    self._loop.call_soon_threadsafe(self._room.set)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]

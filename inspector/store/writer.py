"""The one task that writes: what queued while the last commit ran is the next one. No timer keeps whoever waits."""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from inspector import tasks
from inspector.core.model import Record
from inspector.errors import StorageError, StoreBusyError
from inspector.store.commit import Counts, Write, commit, read_newest
from inspector.store.connection import in_thread
from inspector.store.database import explained, is_damage, suspect
from inspector.store.duplicates import Firsts

log = logging.getLogger(__name__)

QUEUE_WRITES = 10_000
QUEUE_BYTES = 256 * 1024 * 1024
"""What may wait. A write that finds the queue empty is taken whatever its size."""
COMMIT_WRITES = 512
COMMIT_BYTES = 8 * 1024 * 1024
"""What one commit holds. A larger write is committed alone."""
LINGER_S = 0.005
"""How long what nobody waits for may stay in the queue, to go along with what somebody does: by then a sender who sends
one after the other has sent the next. A commit of its own would be in that one's way, which has to wait for its end."""

T = TypeVar("T")
OnCommit = Callable[[Sequence[Record]], None]


@dataclass(slots=True)
class _Waiting:
    write: Write[Any]
    size_bytes: int
    future: asyncio.Future[Any]
    may_linger: bool


class Writer:
    """Group commit: many callers wait for one fsync."""

    def __init__(
        self, connection: aiosqlite.Connection, path: Path, newest: int, on_commit: OnCommit
    ) -> None:
        self._connection = connection
        self._path = path
        self._on_commit = on_commit
        self._queue: deque[_Waiting] = deque()
        # A write leaves the queue when its commit is over: the bounds cover what is being committed, too.
        self._queued_bytes = 0
        self._lingering = 0
        """How many of those in the queue may linger."""
        self._counts = Counts()
        self._firsts = Firsts()
        self._wake = asyncio.Event()
        self._committed_bytes = 0
        self._mark_bytes: int | None = None
        self._marked = asyncio.Event()
        self.closed = False
        self.newest = newest
        """The highest number committed. After a failed commit its numbers, which nobody saw, are given out again."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls, connection: aiosqlite.Connection, path: Path, on_commit: OnCommit
    ) -> AsyncIterator["Writer"]:
        """Write until the block ends, however it ends; then commit what is still queued."""
        with explained(path):
            newest = await in_thread(connection, read_newest)
        writer = cls(connection, path, newest, on_commit)
        async with tasks.owned() as group:
            group.create_task(writer._run(), name="store writer")
            try:
                yield writer
            finally:
                writer._close()

    def write(
        self, write: Write[T], size_bytes: int = 0, *, may_linger: bool = False
    ) -> asyncio.Future[T]:
        """Queue a write; its result is there when it is on disk. Cancelling the future does not take it back.

        With `may_linger` it need not be the reason for a commit at once. Raises StoreBusyError at once when the queue
        is full, StorageError when the commit failed.
        """
        if self.closed:
            raise StorageError(f"the store {self._path} is closed")
        if self._queue and (
            len(self._queue) >= QUEUE_WRITES or self._queued_bytes + size_bytes > QUEUE_BYTES
        ):
            raise StoreBusyError(
                f"{len(self._queue)} records ({self._queued_bytes >> 20} MiB) wait to be stored in {self._path}: "
                "the disk is slower than the senders (try again later)"
            )
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(write, size_bytes, future, may_linger))
        self._queued_bytes += size_bytes
        self._lingering += may_linger
        if not may_linger or len(self._queue) == 1:
            self._wake.set()
        return future

    async def more(self, size_bytes: int) -> None:
        """Wait until so much more is committed. For one who waits at a time."""
        self._marked.clear()
        self._mark_bytes = self._committed_bytes + size_bytes
        await self._marked.wait()

    async def _run(self) -> None:
        try:
            await self._remember()
            while await self._has_work():
                await self._commit(self._next_batch())
        finally:  # cancelled, or `on_commit` raised; otherwise nobody waits any more
            self._close()
            self._refuse(len(self._queue), "the store was stopped")

    async def _remember(self) -> None:
        # Before the first commit, which so knows the duplicates of what came in earlier runs; but nobody waits for it
        # to be told that the store is open.
        try:
            await in_thread(self._connection, self._firsts.fill)
        except sqlite3.Error as error:  # deliveries can be taken all the same
            log.warning("duplicates of earlier deliveries are not told: %s: %s", self._path, error)

    def _close(self) -> None:
        self.closed = True
        self._wake.set()

    async def _has_work(self) -> bool:
        while not self._queue and not self.closed:
            self._wake.clear()
            await self._wake.wait()
        if self._lingering == len(self._queue) and not self.closed:
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_S):
                    await self._wake.wait()
        return bool(self._queue)

    def _next_batch(self) -> list[Write[Any]]:
        batch: list[Write[Any]] = []
        room_bytes = COMMIT_BYTES
        for waiting in islice(self._queue, COMMIT_WRITES):
            room_bytes -= waiting.size_bytes
            if room_bytes < 0 and batch:
                break
            batch.append(waiting.write)
        return batch

    async def _commit(self, batch: list[Write[Any]]) -> None:
        try:
            transaction, results = await in_thread(
                self._connection, commit, self.newest, self._counts, self._firsts, batch
            )
        except sqlite3.Error as error:
            reason = f"cannot write {self._path}: {error}"
            if is_damage(error):
                suspect(self._path)
                reason += (
                    " (start hooktap again: it puts the damaged database away and begins a new one)"
                )
            self._refuse(len(batch), reason)
            return
        self.newest = transaction.newest
        try:
            if transaction.records:
                self._on_commit(transaction.records)
        finally:  # whatever becomes of the feed, what is on disk is acknowledged
            for result in results:
                future = self._take()
                if not future.done():
                    future.set_result(result)
            if self._mark_bytes is not None and self._committed_bytes >= self._mark_bytes:
                self._mark_bytes = None
                self._marked.set()

    def _refuse(self, count: int, reason: str) -> None:
        for _ in range(count):
            future = self._take()
            if not future.done():
                future.set_exception(StorageError(reason))

    def _take(self) -> asyncio.Future[Any]:
        """Take the oldest write from the queue, its fate decided; its caller may be gone."""
        waiting = self._queue.popleft()
        self._queued_bytes -= waiting.size_bytes
        self._committed_bytes += waiting.size_bytes
        self._lingering -= waiting.may_linger
        return waiting.future

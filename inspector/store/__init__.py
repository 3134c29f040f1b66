"""The store: every delivery, attempt and verdict on disk, numbered in one sequence. Only this package knows SQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from inspector.core.model import Attempt, Delivery, Record, Verdict
from inspector.core.query import Query
from inspector.datadir import DataDir
from inspector.errors import NotFoundError, StorageError
from inspector.store import lock, pruning, reader, rows, writes
from inspector.store.connection import in_thread
from inspector.store.database import open_reader, open_writer
from inspector.store.pruning import Amount, Candidate, Room, Selection
from inspector.store.reader import Due
from inspector.store.space import Space
from inspector.store.writer import Writer

__all__ = ["Amount", "Candidate", "Due", "Room", "Selection", "Store"]

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """One data directory's deliveries, their attempts and verdicts, and its schedule.

    A delivery is read with its newest verdict.

    What is appended is on disk, fsynced, when the append returns. Every method raises StorageError when the disk or
    the database fails, or the store is closed.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        listing: aiosqlite.Connection,
        single: aiosqlite.Connection,
        space: Space,
    ) -> None:
        self._path = path
        self._writer = writer
        # Two readers: a filter that has to look at every row does not keep the next delivery from its target.
        self._listing = listing
        self._single = single
        self._space = space

    @classmethod
    @asynccontextmanager
    async def open(
        cls, data_dir: DataDir, *, on_commit: Callable[[Sequence[Record]], None]
    ) -> AsyncIterator["Store"]:
        """Open the store of a prepared data directory, made if need be, until the block ends.

        `on_commit` is called on the event loop after each commit, in order, with the records it numbered, before
        their appends return. It must not raise: that stops the store, after what was committed is acknowledged.
        Raises UnreachableError if another inspector uses the directory, HooktapError if its database is not ours,
        from a newer version, damaged, or cannot be written; the file is then as it was.
        """
        path = data_dir.database
        async with AsyncExitStack() as stack:
            stack.enter_context(lock.held(data_dir))
            connection = await stack.enter_async_context(open_writer(path))
            listing = await stack.enter_async_context(open_reader(path))
            single = await stack.enter_async_context(open_reader(path))
            writer = await stack.enter_async_context(Writer.running(connection, path, on_commit))
            yield cls(path, writer, listing, single, Space(data_dir.path))

    @property
    def newest(self) -> int:
        """The highest number committed so far; 0 before the first."""
        return self._writer.newest

    async def append_delivery(
        self, delivery: Delivery, *, due_at_us: int | None = None
    ) -> Delivery:
        """Store a delivery and return it with its number.

        With `due_at_us` its first forward is scheduled in the same commit. A caller that is cancelled leaves the
        delivery in the queue. Raises StoreBusyError at once when too much waits already, and StorageError while the
        disk is all but full.
        """
        self._space.refuse_if_low()
        row = rows.delivery_row(delivery)
        write = partial(writes.insert_delivery, delivery, row, due_at_us)
        return await self._writer.write(write, rows.size_bytes(row))

    async def append_attempt(self, attempt: Attempt, *, retry_at_us: int | None = None) -> Attempt:
        """Store an attempt and return it with its number in the sequence and among its delivery's attempts.

        A forward or a retry ends its delivery's place in the schedule, or moves it to `retry_at_us`; a replay leaves
        it. Raises NotFoundError if there is no such delivery, StoreBusyError like `append_delivery`.
        """
        numbered = await self.queue_attempt(attempt, retry_at_us=retry_at_us)
        if numbered is None:
            raise NotFoundError(f"there is no delivery #{attempt.delivery_id}")
        return numbered

    def queue_attempt(
        self, attempt: Attempt, *, retry_at_us: int | None = None
    ) -> asyncio.Future[Attempt | None]:
        """Do the same for a caller with better things to do than wait; None if there is no such delivery."""
        row = rows.attempt_row(attempt)
        write = partial(writes.insert_attempt, attempt, row, retry_at_us)
        return self._writer.write(write, rows.size_bytes(row))

    async def append_verdicts(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Store what later checks of deliveries came to, all in one commit; return them with their numbers.

        A verdict of a delivery that is gone is left out. Raises StoreBusyError like `append_delivery`.
        """
        if not verdicts:
            return []
        stored = [rows.verdict_row(verdict) for verdict in verdicts]
        write = partial(writes.insert_verdicts, verdicts, stored)
        return await self._writer.write(write, sum(map(rows.size_bytes, stored)))

    async def unschedule(self, delivery_id: int) -> None:
        """Take a delivery from the schedule, if it is there."""
        await self._writer.write(partial(writes.unschedule, delivery_id))

    async def add_endpoint(self, name: str, created_at_us: int) -> None:
        """Remember an endpoint created on first use; one that is known already stays as it is."""
        await self._writer.write(partial(writes.insert_endpoint, name, created_at_us))

    async def delete(self, delivery_ids: Sequence[int]) -> None:
        """Take deliveries away with their attempts and verdicts, but none that its target is still to get.

        All in one commit, which others wait for: let them be few.
        """
        await self._writer.write(partial(pruning.delete, delivery_ids))

    async def shrink(self, pages: int) -> None:
        """Give up to so many unused pages of the database back to the disk, in one commit."""
        await self._writer.write(partial(pruning.shrink, pages))

    async def candidates(
        self, selection: Selection, *, after: int, limit: int
    ) -> tuple[list[Candidate], int | None]:
        """Return up to `limit` deliveries numbered above `after` that may go, oldest first, and where to look on.

        There may be none of them and yet more to look through; it ends with None.
        """
        return await self._read(self._listing, pruning.candidates, selection, after, limit)

    async def boundary(self, query: Query, keep: int) -> int:
        """Return the number below which deliveries are not among the `keep` newest that match."""
        return await self._read(self._listing, pruning.boundary, query, keep)

    async def amounts(self, after: int, upto: int) -> list[Amount]:
        """Return what the records numbered above `after`, up to `upto`, come to, in parts for each endpoint."""
        return await self._read(self._listing, pruning.amounts, after, upto)

    async def room(self) -> Room:
        """Return how the database file is used."""
        return await self._read(self._listing, pruning.room)

    async def delivery(self, delivery_id: int) -> Delivery | None:
        """Return a delivery with its body."""
        return await self._read(self._single, reader.delivery, delivery_id)

    async def stored(self, delivery_id: int) -> Delivery:
        """Return a delivery with its body. Raises NotFoundError if there is none of that number."""
        delivery = await self.delivery(delivery_id)
        if delivery is None:
            raise NotFoundError(f"there is no delivery #{delivery_id}")
        return delivery

    async def body(self, delivery_id: int) -> bytes | None:
        """Return a delivery's body; None if there is no such delivery."""
        return await self._read(self._single, reader.body, delivery_id)

    async def page(
        self, *, query: Query = (), before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """Return up to `limit` deliveries numbered below `before` that match, newest first, without bodies."""
        return await self._read(self._listing, reader.page, query, before, limit)

    async def attempts(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        """Return the attempts of each of these deliveries, oldest first, without the answers' bodies."""
        return await self._read(self._single, reader.attempts, delivery_ids)

    async def verdicts(self, delivery_id: int) -> list[Verdict]:
        """Return every verdict on a delivery, that of its arrival first; none if there is no such delivery."""
        return await self._read(self._single, reader.verdicts, delivery_id)

    async def response_body(self, attempt_id: int) -> bytes | None:
        """Return the body of the answer to an attempt; None if there was none or there is no such attempt."""
        return await self._read(self._single, reader.response_body, attempt_id)

    async def records_after(self, after: int, limit: int) -> list[Record]:
        """Return the `limit` lowest-numbered records above `after`, ascending, without bodies; never with a gap."""
        return await self._read(self._listing, reader.records_after, after, limit)

    async def due(self, now_us: int, limit: int, *, skip: Collection[int] = ()) -> list[Due]:
        """Return up to `limit` deliveries that are due, longest overdue first, but none of those in `skip`."""
        return await self._read(self._single, reader.due, now_us, limit, skip)

    async def next_due_us(self, *, after_us: int = -1) -> int | None:
        """Return the earliest time later than `after_us` at which a delivery is due; None if there is none."""
        return await self._read(self._single, reader.next_due_us, after_us)

    async def endpoint_names(self) -> list[str]:
        """Return the endpoints created on first use, oldest first."""
        return await self._read(self._single, reader.endpoint_names)

    async def _read(
        self,
        connection: aiosqlite.Connection,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if self._writer.closed:
            raise StorageError(f"the store {self._path} is closed")
        try:
            return await in_thread(connection, function, *args, **kwargs)
        except sqlite3.Error as error:
            raise StorageError(f"cannot read {self._path}: {error}") from error

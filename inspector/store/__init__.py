"""The store: every delivery, attempt and verdict on disk, numbered in one sequence. Only this package knows SQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from inspector import tasks
from inspector.core.edits import Edit
from inspector.core.found import Numbers
from inspector.core.marks import Mark, MarkOrder
from inspector.core.model import Attempt, Delivery, Record, Verdict
from inspector.core.query import EVERYTHING, Query
from inspector.datadir import DataDir
from inspector.errors import NotFoundError, StorageError
from inspector.store import (
    content,
    lock,
    marks,
    numbers,
    parked,
    pruning,
    reader,
    search,
    tallies,
    textindex,
    writes,
)
from inspector.store.connection import in_thread
from inspector.store.database import is_damage, open_reader, open_writer, put_away
from inspector.store.indexer import Indexer
from inspector.store.longlog import LogWatch, log_bytes
from inspector.store.pruning import Amount, Candidate, Room, Selection
from inspector.store.reader import NEVER_US, Due
from inspector.store.rows import size_bytes
from inspector.store.rows.attempts import attempt_row, edit_row
from inspector.store.rows.deliveries import delivery_row
from inspector.store.rows.verdicts import verdict_row
from inspector.store.search import Found
from inspector.store.space import Space, Usage
from inspector.store.tallies import Tally
from inspector.store.writer import Writer

__all__ = [
    "NEVER_US",
    "Amount",
    "Candidate",
    "Due",
    "Found",
    "Room",
    "Selection",
    "Store",
    "Tally",
    "Usage",
]

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
        self._indexer = Indexer(path, lambda: writer.newest)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, data_dir: DataDir, *, on_commit: Callable[[Sequence[Record]], None]
    ) -> AsyncIterator["Store"]:
        """Open the store of a prepared data directory, made if need be, until the block ends.

        `on_commit` is called on the event loop after each commit, in order, with the records it numbered, before
        their appends return. It must not raise: that stops the store, after what was committed is acknowledged.
        Raises UnreachableError if another inspector uses the directory, DamagedError if its database is damaged,
        HooktapError if it is not ours, from a newer version, or cannot be written; the file is then as it was.
        """
        path = data_dir.database
        async with AsyncExitStack() as stack:
            stack.enter_context(lock.held(data_dir))
            connection = await stack.enter_async_context(open_writer(path))
            listing = await stack.enter_async_context(open_reader(path))
            await in_thread(listing, content.register)
            single = await stack.enter_async_context(open_reader(path))
            writer = await stack.enter_async_context(Writer.running(connection, path, on_commit))
            space = Space(data_dir.path, log_watch=LogWatch(path))
            yield cls(path, writer, listing, single, space)

    @property
    def newest(self) -> int:
        """The highest number committed so far; 0 before the first."""
        return self._writer.newest

    @property
    def log_bytes(self) -> int:
        """How long the write-ahead log is: more than 64 MiB for long, and somebody keeps it from being put away."""
        return log_bytes(self._path)

    @property
    def holds_damage(self) -> bool:
        """Whether a damaged database was put away, and nobody has looked into it yet."""
        return bool(put_away(self._path))

    @property
    def usage(self) -> Usage:
        """What the store takes of its disk, and what is left there."""
        return self._space.usage(self._path)

    async def append_delivery(
        self, delivery: Delivery, *, due_at_us: int | None = None, hold_duplicate: bool = False
    ) -> Delivery:
        """Store a delivery and return it with its number, marked if its event came before.

        With `due_at_us` its first forward is scheduled in the same commit; with `hold_duplicate` it is not, if the
        target has got this event already or is about to get it, and the delivery returned says so. A caller that is
        cancelled leaves the delivery in the queue. Raises StoreBusyError at once when too much waits already, and
        StorageError while the disk is all but full.
        """
        self._space.refuse_if_low()
        row = delivery_row(delivery)
        write = partial(
            writes.insert_delivery, delivery, row, due_at_us, hold_duplicate=hold_duplicate
        )
        return await self._writer.write(write, size_bytes(row))

    async def append_attempt(
        self, attempt: Attempt, *, retry_at_us: int | None = None, edit: Edit | None = None
    ) -> Attempt:
        """Store an attempt and return it with its number in the sequence and among its delivery's attempts.

        A forward or a retry ends its delivery's place in the schedule, or moves it to `retry_at_us`; a replay leaves
        it. With `edit`, of which the attempt has the parts, what was changed before it was sent is kept beside it.
        Raises NotFoundError if there is no such delivery, StoreBusyError like `append_delivery`.
        """
        numbered = await self._write_attempt(attempt, retry_at_us, edit)
        if numbered is None:
            raise NotFoundError(f"there is no delivery #{attempt.delivery_id}")
        return numbered

    def queue_attempt(
        self, attempt: Attempt, *, retry_at_us: int | None = None
    ) -> asyncio.Future[Attempt | None]:
        """Do the same for a caller with better things to do than wait: a moment later, with what others wait for."""
        return self._write_attempt(attempt, retry_at_us, may_linger=True)

    def _write_attempt(
        self,
        attempt: Attempt,
        retry_at_us: int | None = None,
        edit: Edit | None = None,
        *,
        may_linger: bool = False,
    ) -> asyncio.Future[Attempt | None]:
        row = attempt_row(attempt)
        changed = edit_row(edit) if edit and edit.parts else ()
        write = partial(writes.insert_attempt, attempt, row, retry_at_us, edit=changed)
        return self._writer.write(write, size_bytes((*row, *changed)), may_linger=may_linger)

    async def append_verdicts(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Store what later checks of deliveries came to, all in one commit; return them with their numbers.

        A verdict of a delivery that is gone is left out. Raises StoreBusyError like `append_delivery`.
        """
        if not verdicts:
            return []
        stored = [verdict_row(verdict) for verdict in verdicts]
        write = partial(writes.insert_verdicts, verdicts, stored)
        return await self._writer.write(write, sum(map(size_bytes, stored)))

    async def settled(self) -> None:
        """Wait until everything that was appended so far is on disk."""
        await self._writer.write(lambda _: None)

    async def mark(self, delivery_id: int, order: MarkOrder) -> Mark:
        """Change what a person made of a delivery; return what it is now. Raises NotFoundError."""
        marked = await self._writer.write(partial(marks.mark, delivery_id, order))
        if marked is None:
            raise NotFoundError(f"there is no delivery #{delivery_id}")
        return marked

    async def add_endpoint(self, name: str, created_at_us: int) -> None:
        """Remember an endpoint created on first use; one that is known already stays as it is."""
        await self._writer.write(partial(writes.insert_endpoint, name, created_at_us))

    async def endpoint_names(self) -> list[str]:
        """Return the endpoints created on first use, oldest first."""
        return await self._read(self._single, reader.endpoint_names)

    async def unschedule(self, delivery_id: int) -> None:
        """Take a delivery from the schedule, if it is there."""
        await self._writer.write(partial(writes.unschedule, delivery_id))

    async def due(
        self,
        now_us: int,
        limit: int,
        *,
        skip: Collection[int] = (),
        without: Collection[str] = (),
    ) -> list[Due]:
        """Return up to `limit` deliveries that are due, longest overdue first.

        None of those in `skip`, and none of the endpoints in `without`.
        """
        return await self._read(self._single, reader.due, now_us, limit, skip, tuple(without))

    async def next_due_us(self, *, after_us: int = -1) -> int | None:
        """Return the earliest time later than `after_us` at which a delivery is due; None if there is none."""
        return await self._read(self._single, reader.next_due_us, after_us)

    async def pause(self, endpoint: str, at_us: int) -> None:
        """Note that an endpoint is paused since `at_us`, and put by what its target is still to get."""
        await self._writer.write(partial(parked.pause, endpoint, at_us))

    async def resume(self, endpoint: str) -> None:
        """Note that an endpoint is no longer paused. What was put by stays so until it is sent."""
        await self._writer.write(partial(parked.resume, endpoint))

    async def paused(self) -> dict[str, int]:
        """Return since when each paused endpoint is."""
        return await self._read(self._single, parked.paused)

    async def parked(self, endpoint: str, limit: int, *, skip: Collection[int] = ()) -> list[Due]:
        """Return up to `limit` of an endpoint's deliveries that are put by, in the order of their arrival."""
        return await self._read(self._single, parked.first, endpoint, limit, skip)

    async def parked_counts(self) -> dict[str, int]:
        """Return by endpoint how many deliveries are put by, where there are any."""
        return await self._read(self._listing, parked.counts)

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

    async def attempts(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        """Return the attempts of each of these deliveries, oldest first, without the answers' bodies."""
        return await self._read(self._single, reader.attempts, delivery_ids)

    async def verdicts(self, delivery_id: int) -> list[Verdict]:
        """Return every verdict on a delivery, that of its arrival first; none if there is no such delivery."""
        return await self._read(self._single, reader.verdicts, delivery_id)

    async def response_body(self, attempt_id: int) -> bytes | None:
        """Return the body of the answer to an attempt; None if there was none or there is no such attempt."""
        return await self._read(self._single, reader.response_body, attempt_id)

    async def edit(self, attempt_id: int) -> Edit | None:
        """Return what was changed before an attempt was sent; None if nothing was or there is no such attempt."""
        return await self._read(self._single, reader.edit, attempt_id)

    async def records_after(self, after: int, limit: int) -> list[Record]:
        """Return the `limit` lowest-numbered records above `after`, ascending, without bodies; never with a gap."""
        return await self._read(self._listing, reader.records_after, after, limit)

    async def tallies(self, endpoints: Sequence[str], since_us: int) -> dict[str, Tally]:
        """Count what came to each of these endpoints, and apart what came since a time."""
        return await self._read(self._listing, tallies.tallies, endpoints, since_us)

    @asynccontextmanager
    async def indexing(self) -> AsyncIterator[None]:
        """Build the text index behind the commits until the block ends."""
        async with tasks.owned() as group:
            task = group.create_task(self._indexer.run(), name="text index")
            try:
                yield
            finally:
                task.cancel()

    async def search(
        self,
        query: Query = EVERYTHING,
        *,
        before: int | None = None,
        limit: int = 100,
        among: Sequence[int] | None = None,
    ) -> Found:
        """Return up to `limit` deliveries numbered below `before` that match, newest first, without bodies.

        As many as are found in a moment: it says where it stopped. Only of those numbered in `among`, if it is given.
        """
        page = partial(search.page, query=query, before=before, limit=limit, among=among)
        # A few by their keys need not wait for a search.
        if query == EVERYTHING and among is not None:
            return await self._read(self._single, page, None)
        return await self._read_with_index(page)

    async def numbers(
        self,
        query: Query = EVERYTHING,
        *,
        before: int | None = None,
        limit: int = 100,
        among: Sequence[int] | None = None,
    ) -> Numbers:
        """Return the numbers of the same; of all deliveries, a great many at once."""
        if query == EVERYTHING and among is None:
            below = reader.NO_LIMIT if before is None else before
            return await self._read(self._listing, numbers.page, below, limit)
        page = partial(search.numbers, query=query, before=before, limit=limit, among=among)
        return await self._read_with_index(page)

    async def page(
        self, *, query: Query = EVERYTHING, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """Return the same, however long it takes."""
        deliveries: list[Delivery] = []
        while True:
            found = await self.search(query, before=before, limit=limit - len(deliveries))
            deliveries += found.deliveries
            if found.reach.stopped is None:
                return deliveries
            before = found.reach.stopped.at

    async def delete(self, delivery_ids: Sequence[int]) -> None:
        """Take deliveries away with their attempts and verdicts, but none marked or that its target is still to get.

        All in one commit, which others wait for: let them be few.
        """
        await self._writer.write(partial(pruning.delete, delivery_ids))

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

    async def shrink(self, pages: int) -> None:
        """Give up to so many unused pages of the database back to the disk, in one commit."""
        await self._writer.write(partial(pruning.shrink, pages))

    async def more(self, size_bytes: int) -> None:
        """Wait until about so much more is stored. For one who waits at a time."""
        await self._writer.more(size_bytes)

    async def _read_with_index(self, page: Callable[[sqlite3.Connection, Path | None], T]) -> T:
        try:
            return await self._read(self._listing, page, self._indexer.path)
        except textindex.Unusable:
            self._indexer.distrust()
            return await self._read(self._listing, page, None)

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
            hint = " (stop the inspector; `hooktap doctor --repair` keeps what can be read)"
            raise StorageError(
                f"cannot read {self._path}: {error}{hint if is_damage(error) else ''}"
            ) from error

"""What is kept and what goes: by age, count and bytes for each endpoint, and when a person asks.

Oldest first, a slice at a time through the one writer, with a rest after each: whoever waits for an acknowledgement
waits for one slice at most. What a target is still to get stays.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from inspector import tasks
from inspector.config import Keep
from inspector.core import query
from inspector.core.pruning import Pruned, PruneOrder, Reclaimed
from inspector.errors import StorageError, StoreBusyError
from inspector.retention.choice import (
    Kept,
    excess,
    next_slice,
    not_owed,
    summary,
    total_bytes,
    within,
)
from inspector.store import Candidate, Selection, Store
from inspector.store.pruning import WINDOW

log = logging.getLogger(__name__)

SLICE_DELIVERIES = 200
SLICE_PAGES = 128
"""What one commit takes away at most, and what one gives back to the disk (1 MiB)."""
REST_S = 0.02
"""After each of them."""
FAR = 1.02
"""So many times what is to be kept, and there is no rest: a flood comes faster than that."""
ROUND_S = 1.0
"""Between two looks at how much there is."""
MORE_SHARE = 0.01
"""Of the least that is to be kept: when so much more has come, the next look does not wait."""
MORE_BYTES = 256 * 1024
"""But not for less."""
SMALL_BYTES = 32 * 1024 * 1024
"""Of a database that is smaller what it takes besides its records does not count."""
AGES_S = 60.0
"""Between two at how old it is."""
RECOUNT_S = 3600.0
"""After which it is counted from the beginning: sizes are taken as they were when counted."""
SPARE_BYTES = 8 * 1024 * 1024
SPARE_SHARE = 0.05
"""What may lie unused in the database: the next deliveries go there."""
NEVER_US = -1
"""Nothing came before it: nothing is too old."""
DAY_US = 86_400_000_000


class Retention:
    """Lets deliveries go, a slice after the other; never two at once."""

    def __init__(
        self,
        store: Store,
        *,
        default: Keep | None = None,
        endpoints: Mapping[str, Keep | None] | None = None,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        round_s: float | None = None,
    ) -> None:
        self._store = store
        self._default = default
        self._endpoints = endpoints or {}
        self._clock_us = clock_us
        self._round_s = ROUND_S if round_s is None else round_s
        budgets = [
            each.bytes for each in (default, *self._endpoints.values()) if each and each.bytes
        ]
        self._soon_bytes = max(int(MORE_SHARE * min(budgets, default=0)), MORE_BYTES)
        self._turn = asyncio.Lock()
        self._kept: dict[str, Kept] = {}
        self._counted = 0
        """The number up to which there is a count."""
        self._recount_at_s = self._ages_at_s = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep no more than was configured until the block ends; then finish the slice at hand."""
        async with tasks.owned() as group:
            task = group.create_task(self._run(), name="retention")
            try:
                yield
            finally:
                # Between two slices: one that was cancelled would still be deleted, and not be counted.
                async with self._turn:
                    task.cancel()

    async def count(self, order: PruneOrder) -> Pruned:
        """Look through the next deliveries and say what would go. Raises QueryError."""
        selection, found, after = await self._look(order, WINDOW)
        return summary(not_owed(found), found, selection.below, after)

    async def prune(self, order: PruneOrder) -> Pruned:
        """Take the next slice away. Raises QueryError."""
        async with self._turn:
            selection, found, after = await self._look(order, SLICE_DELIVERIES)
            chosen, rest = next_slice(found)
            await self._delete(chosen)
            if rest:
                after = chosen[-1].id
                found = [candidate for candidate in found if candidate.id <= after]
            return summary(chosen, found, selection.below, after)

    async def reclaim(self) -> Reclaimed:
        """Give a slice of what lies unused in the database back to the disk."""
        async with self._turn:
            before = await self._store.room()
            if before.free_bytes:
                await self._store.shrink(SLICE_PAGES)
            now = await self._store.room()
            return Reclaimed(max(before.bytes - now.bytes, 0), now.free_bytes)

    async def enforce(self) -> bool:
        """Let everything go that is more or older than what is to be kept; return whether anything did."""
        await self._count_new()
        now_s = time.monotonic()
        ages = now_s >= self._ages_at_s
        if ages:
            self._ages_at_s = now_s + AGES_S
        pruned = False
        overhead = await self._overhead()
        for endpoint, kept in list(self._kept.items()):
            keep = self._endpoints.get(endpoint, self._default)
            if keep is not None:
                keep = within(keep, overhead)
                too_old_us = self._too_old_us(keep) if ages else NEVER_US
                pruned |= await self._shorten(endpoint, kept, keep, too_old_us)
        if pruned:
            await self._shrink()
        return pruned

    async def _run(self) -> None:
        if self._default is None and not any(self._endpoints.values()):
            return
        while True:
            pruned = False
            try:
                pruned = await self.enforce()
            except StoreBusyError:  # senders come first; the next round begins where this one ended
                pass
            except StorageError as error:
                log.warning("what is to go stays for now: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(REST_S, self._round_s) if pruned else self._round_s):
                    await self._store.more(self._soon_bytes)

    async def _overhead(self) -> float:
        """Return how many bytes of the disk a byte of what is kept takes: pages are not full, and there is the log."""
        room = await self._store.room()
        taken = room.bytes - room.free_bytes + self._store.log_bytes
        counted = sum(kept.bytes for kept in self._kept.values())
        return taken / counted if taken > SMALL_BYTES and counted else 1.0

    async def _look(
        self, order: PruneOrder, limit: int
    ) -> tuple[Selection, list[Candidate], int | None]:
        terms = query.parse(order.query)
        below = order.below
        if below is None:
            newest = self._store.newest
            below = await self._store.boundary(terms, order.keep) if order.keep else newest + 1
        selection = Selection(terms, order.received_before_us, below)
        return selection, *await self._store.candidates(selection, after=order.after, limit=limit)

    async def _count_new(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._recount_at_s:
            self._recount_at_s = now_s + RECOUNT_S
            self._kept.clear()
            self._counted = 0
        newest = self._store.newest
        while self._counted < newest:
            upto = min(self._counted + WINDOW, newest)
            for amount in await self._store.amounts(self._counted, upto):
                kept = self._kept.setdefault(amount.endpoint, Kept())
                kept.deliveries += amount.deliveries
                kept.bytes += amount.bytes
            self._counted = upto
            await asyncio.sleep(0)

    def _too_old_us(self, keep: Keep) -> int:
        return NEVER_US if keep.days is None else self._clock_us() - int(keep.days * DAY_US)

    async def _shorten(self, endpoint: str, kept: Kept, keep: Keep, too_old_us: int) -> bool:
        """Let an endpoint's oldest go until the rest is neither too much nor too old; whether any went."""
        terms = query.Term(query.Key.ENDPOINT, endpoint)
        after: int | None = kept.after
        pruned = passed_owed = False
        while after is not None:
            if too_old_us == NEVER_US and not kept.exceeds(keep):
                break
            async with self._turn:
                found, further = await self._store.candidates(
                    Selection(terms, below=self._counted + 1), after=after, limit=SLICE_DELIVERIES
                )
                chosen, rest = next_slice(excess(found, kept, keep, too_old_us))
                await self._delete(chosen, kept)
            pruned = pruned or bool(chosen)
            passed_owed = passed_owed or any(candidate.is_owed for candidate in found)
            if len(chosen) < len(not_owed(found)) and not rest:
                break  # the next one stays
            after = chosen[-1].id if rest else further
            if after is not None and not passed_owed:
                kept.after = after
            await asyncio.sleep(REST_S if chosen and not kept.exceeds(keep, FAR) else 0)
        return pruned

    async def _delete(self, chosen: Sequence[Candidate], kept: Kept | None = None) -> None:
        if not chosen:
            return
        await self._store.delete([candidate.id for candidate in chosen])
        if kept is None:  # a person's choice, of endpoints unknown here
            self._recount_at_s = 0.0
            return
        kept.deliveries -= len(chosen)
        kept.bytes -= total_bytes(chosen)

    async def _shrink(self) -> None:
        while True:
            room = await self._store.room()
            if room.free_bytes <= max(SPARE_BYTES, int(room.bytes * SPARE_SHARE)):
                return
            if self._store.newest - self._counted > SLICE_DELIVERIES:  # they need it
                return
            if not (await self.reclaim()).freed_bytes:
                return
            await asyncio.sleep(REST_S)

"""Checking stored deliveries again: which, and how much of them is in memory at a time."""

import asyncio
import logging
from collections.abc import Iterator, Sequence

from inspector.api.parts import Recheck
from inspector.core.model import Delivery, Verdict
from inspector.core.query import Query
from inspector.core.wire import JSON, verdict_to_json
from inspector.errors import DamagedRecordError
from inspector.store import Store
from inspector.teller import Teller

log = logging.getLogger(__name__)

PART_BYTES = 8 * 1024 * 1024
"""Of bodies read together. A longer one is read alone."""
CALL_BYTES = 256 * 1024 * 1024
"""Of bodies after which a call ends, though the page is not: its caller waits, and can go on from there."""


class Reverification:
    """Checks deliveries again, for one caller at a time: two at once would only append every verdict twice."""

    def __init__(self, store: Store, recheck: Recheck) -> None:
        self._store = store
        self._recheck = recheck
        self._turn = asyncio.Lock()
        self._teller = Teller(log, logging.WARNING)

    async def run(self, query: Query, before: int | None, limit: int) -> JSON:
        """Check up to `limit` deliveries numbered below `before` that match, newest first.

        The answer's `before` is where the next call goes on, None when there is no more.
        """
        async with self._turn:
            page = await self._store.page(query=query, before=before, limit=limit)
            chosen = _first(page, CALL_BYTES)
            has_more = len(page) == limit or len(chosen) < len(page)
            checked = changed = 0
            verdicts: list[Verdict] = []
            for part in _parts(chosen, PART_BYTES):
                found, differing, appended = await self._check([each.id for each in part])
                checked += found
                changed += differing
                verdicts += appended
        return {
            "checked": checked,
            "changed": changed,
            "verdicts": [verdict_to_json(verdict) for verdict in verdicts],
            "before": chosen[-1].id if has_more else None,
        }

    async def _check(self, numbers: Sequence[int]) -> tuple[int, int, Sequence[Verdict]]:
        """Return how many of these were there and whole, how many have another outcome now, and their verdicts."""
        read = [await self._read(number) for number in numbers]
        deliveries = [delivery for delivery in read if delivery is not None]
        outcomes = {delivery.id: delivery.verification.outcome for delivery in deliveries}
        verdicts = await self._recheck.reverify(deliveries) if deliveries else []
        differing = [
            verdict
            for verdict in verdicts
            if verdict.verification.outcome is not outcomes[verdict.delivery_id]
        ]
        return len(deliveries), len(differing), verdicts

    async def _read(self, number: int) -> Delivery | None:
        """Return a delivery with its body; None if it was deleted meanwhile, or is damaged."""
        try:
            return await self._store.delivery(number)
        except DamagedRecordError as error:  # no reason to check none of the others
            self._teller.tell(f"not checked again: {error}")
            return None


def _first(page: Sequence[Delivery], room_bytes: int) -> Sequence[Delivery]:
    """Return the first of a page whose bodies fit, at least one."""
    return next(_parts(page, room_bytes), [])


def _parts(page: Sequence[Delivery], room_bytes: int) -> Iterator[Sequence[Delivery]]:
    """Cut a page into parts whose bodies fit; one that fits nowhere is a part of its own."""
    part: list[Delivery] = []
    taken_bytes = 0
    for delivery in page:
        taken_bytes += delivery.body_bytes
        if part and taken_bytes > room_bytes:
            yield part
            part, taken_bytes = [], delivery.body_bytes
        part.append(delivery)
    if part:
        yield part

"""Which records a client of the feed is told whole, if it asked for no more than some a second: the newest."""

import asyncio
import time
from collections.abc import Callable, Sequence

from inspector.bucket import Bucket
from inspector.core.model import Delivery, Record
from inspector.feed import Batch

BURST_S = 0.5
"""So many seconds' worth may come at once."""
REST_S = 0.25
"""In a rush, so long more is gathered before the client is told of it."""
RUSH_DELIVERIES = 64
"""So many of that are told whole, with their attempts: more than stand on a screen, and others nobody would see."""


class Shortening:
    """Tokens for what comes, so many a second. More records than tokens are a rush: then the newest are told whole."""

    def __init__(
        self, whole_per_s: int | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """None: everything whole."""
        self.is_wanted = whole_per_s is not None
        self._whole_per_s = whole_per_s or 0
        self._bucket = Bucket(BURST_S * self._whole_per_s, clock)
        self._is_rush = False

    def split(self, batch: Batch) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return what is told in short, and what is told whole after that.

        As long as there is more in the store, nothing is worth being told whole: nobody sees it before the rest.
        """
        if not self.is_wanted:
            return (), batch.records
        at = len(batch.records) - (self._whole(batch.records) if batch.is_last else 0)
        return batch.records[:at], batch.records[at:]

    async def rest(self, batch: Batch) -> None:
        """Wait, in a rush, until there is more to tell of."""
        if self._is_rush and batch.is_last:
            await asyncio.sleep(REST_S)

    def _whole(self, records: Sequence[Record]) -> int:
        count = len(records)
        tokens = int(self._bucket.refill(self._whole_per_s, BURST_S * self._whole_per_s))
        was_rush, self._is_rush = self._is_rush, count > tokens
        self._bucket.left -= min(count, tokens)
        most = _newest(records) if was_rush and self._is_rush else count
        return min(tokens, most)


def _newest(records: Sequence[Record]) -> int:
    """Return how many of the last records `RUSH_DELIVERIES` deliveries come with."""
    deliveries = 0
    for count, record in enumerate(reversed(records), start=1):
        deliveries += isinstance(record, Delivery)
        if deliveries == RUSH_DELIVERIES:
            return count
    return len(records)

"""Which records a client of the feed is told whole, if it asked for no more than some a second: the newest."""

import asyncio
import time
from collections.abc import Callable, Sequence

from inspector.bucket import Bucket
from inspector.core.model import Record
from inspector.feed import Batch

BURST_S = 0.5
"""So many seconds' worth may come at once."""
REST_S = 0.1
"""Once it has had its fill, so long more is gathered before it is told of it."""


class Shortening:
    """A token for each record that is told whole; what there is no token for is told in short."""

    def __init__(
        self, whole_per_s: int | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """None: everything whole."""
        self.is_wanted = whole_per_s is not None
        self._whole_per_s = whole_per_s or 0
        self._bucket = Bucket(BURST_S * self._whole_per_s, clock)

    def split(self, batch: Batch) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return what is told in short, and what is told whole after that.

        As long as there is more in the store, nothing is worth being told whole: nobody sees it before the rest.
        """
        if not self.is_wanted:
            return (), batch.records
        whole = min(int(self._refilled()), len(batch.records)) if batch.is_last else 0
        self._bucket.left -= whole
        at = len(batch.records) - whole
        return batch.records[:at], batch.records[at:]

    async def rest(self, batch: Batch) -> None:
        """Wait, if that was more than can be told whole, until there is a worthwhile number of tokens again."""
        if self.is_wanted and batch.is_last and self._refilled() < 1:
            await asyncio.sleep(REST_S)

    def _refilled(self) -> float:
        return self._bucket.refill(self._whole_per_s, BURST_S * self._whole_per_s)

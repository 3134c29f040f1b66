"""Why deliveries failed their check, for whoever watches them come; of a flood, only of one now and then."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from inspector.core.model import Delivery, Record
from inspector.errors import HooktapError

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding

REST_S = 1.0
"""Between two: each may take 50 ms of a core that acknowledgements need."""


class Causes:
    """Finds the most likely cause of a failed check, unless it has just done so for another."""

    def __init__(
        self,
        diagnose: Callable[[int], Awaitable[Sequence["Finding"]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._diagnose = diagnose
        self._clock = clock
        self._next_s = 0.0

    async def of(self, record: Record) -> "Finding | None":
        """Return why this delivery is not verified; None if it is, nothing is proven, or there is no time to look."""
        if not isinstance(record, Delivery) or record.handshake is not None:
            return None
        if not record.verification.outcome.is_invalid or self._clock() < self._next_s:
            return None
        self._next_s = self._clock() + REST_S
        try:
            findings = await self._diagnose(record.id)
        except HooktapError:  # it is gone already, or the store is
            return None
        return findings[0] if findings else None

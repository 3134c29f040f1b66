"""How late the event loop is: who holds it keeps every sender waiting, and nothing else would tell."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from inspector.teller import Teller

log = logging.getLogger(__name__)

EVERY_S = 0.1
REMEMBERED_S = 60
HELD_S = 0.25
"""A sender would notice."""


class Lag:
    """Asks the loop to call after `every_s`, and looks how much later it did.

    It sees all but up to `every_s` of what held the loop.
    """

    def __init__(
        self, *, every_s: float = EVERY_S, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        # Not the loop's own clock: uvloop's stands still while a callback runs.
        self._clock_s = clock_s
        self._every_s = every_s
        self._recent: deque[float] = deque(maxlen=round(REMEMBERED_S / every_s))
        self._teller = Teller(log, logging.WARNING)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the running loop until the block ends."""
        self._wait(asyncio.get_running_loop())
        try:
            yield
        finally:
            self._timer.cancel()

    def worst_ms(self) -> int:
        """Return the most it was late in the last minute, in milliseconds."""
        return max(0, round(max(self._recent, default=0.0) * 1000))

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(
            self._every_s, self._look, loop, self._clock_s() + self._every_s
        )

    def _look(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._note(self._clock_s() - due_s)
        self._wait(loop)

    def _note(self, late_s: float) -> None:
        self._recent.append(late_s)
        if late_s > HELD_S:
            held = f"the event loop was held for {late_s * 1000:.0f} ms"
            self._teller.tell(f"{held}: whoever sent or asked something then had to wait")

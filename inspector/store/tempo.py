"""How fast the text index may be built beside what arrives: it wants the same processor, and nobody waits for it."""

import time
from collections.abc import Callable

FREE = 1.0
BUSY = 9.0
FLOODED = 49.0
"""So many times as long as a step took nothing is done after it; more while deliveries arrive, and more still while
they arrive faster than they could be indexed so."""
LOOK_EVERY_S = 0.5


class Tempo:
    """Looks now and then at what arrived and how long it takes to index that, and rests accordingly."""

    def __init__(
        self, newest: int, step_deliveries: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`newest` numbers what was stored last; a step indexes `step_deliveries`, where there are so many."""
        self._step_deliveries = step_deliveries
        self._clock = clock
        self._newest = newest
        self._looked_s = clock()
        self._steps = 0
        self._steps_s = 0.0
        self._rest = BUSY

    def rest_s(self, took_s: float, newest: int) -> float:
        """Return how long to rest after a step that took so long, when `newest` was stored last."""
        self._steps += 1
        self._steps_s += took_s
        now_s = self._clock()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._rest = self._chosen(newest - self._newest, now_s - self._looked_s)
            self._newest, self._looked_s = newest, now_s
            self._steps, self._steps_s = 0, 0.0
        return took_s * self._rest

    def _chosen(self, arrived: int, within_s: float) -> float:
        if not arrived:
            return FREE
        steps_s = arrived / self._step_deliveries * self._steps_s / self._steps
        return BUSY if steps_s * (1 + BUSY) <= within_s else FLOODED

"""Whether somebody listens at the targets: asked when somebody wants to know, and by no more than a connection.

No request is sent: an app's log is the developer's, and a probe in it would look like a delivery.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from inspector.core.model import Failure
from inspector.core.wire import JSON

UP_S = 15.0
DOWN_S = 5.0
"""How old an answer may be, while the target is up and while it is down."""
PATIENCE_S = 0.5
"""How long whoever asks is kept waiting: what takes no connection so long is as good as down."""
TARGETS_MAX = 500
"""More are not remembered: there are no more endpoints than this."""

Reach = Callable[[str], Awaitable[Failure | None]]
"""Says why nobody takes connections at a target, or None."""


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """What was found at a target."""

    is_up: bool
    since_us: int
    """When it was first found so, of all the times it was found so without a break."""
    checked_at_us: int
    detail: str
    """One sentence; empty while it is up."""

    def to_json(self) -> JSON:
        """Return it as the API says it."""
        return {
            "up": self.is_up,
            "since_us": self.since_us,
            "checked_at_us": self.checked_at_us,
            "detail": self.detail,
        }


class Health:
    """Looks at targets as often as somebody asks, but no oftener than is of use.

    Nobody watches, nothing is probed: there is no task of its own, and a laptop in a bag is left alone.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        clock_s: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._reach = reach
        self._clock_us = clock_us
        self._clock_s = clock_s
        self._patience_s = patience_s
        self._found: dict[str, TargetHealth] = {}
        self._next_s: dict[str, float] = {}
        self._turn = asyncio.Lock()

    async def of(self, targets: Iterable[str]) -> dict[str, TargetHealth]:
        """Return what is known of these targets, after a look at those where that is too long ago."""
        wanted = set(targets)
        # Of many who ask at once one looks, and the others hear what he found.
        async with self._turn:
            now_s = self._clock_s()
            stale = [each for each in wanted if now_s >= self._next_s.get(each, now_s)]
            if stale:
                self._forget_but(wanted)
                async with asyncio.TaskGroup() as group:
                    for target in stale:
                        group.create_task(self._probe(target))
            return {target: self._found[target] for target in wanted}

    async def _probe(self, target: str) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                failure = await self._reach(target)
            self._note(target, failure.detail if failure else "")
        except TimeoutError:
            self._note(target, f"no connection within {self._patience_s:g} s")

    def _note(self, target: str, detail: str) -> None:
        is_up = not detail
        now_us = self._clock_us()
        before = self._found.get(target)
        same = before is not None and before.is_up is is_up
        since_us = before.since_us if before is not None and same else now_us
        self._found[target] = TargetHealth(is_up, since_us, now_us, detail)
        self._next_s[target] = self._clock_s() + (UP_S if is_up else DOWN_S)

    def _forget_but(self, wanted: set[str]) -> None:
        if len(self._found) > TARGETS_MAX:
            for target in self._found.keys() - wanted:
                del self._found[target], self._next_s[target]

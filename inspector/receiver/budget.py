"""How much memory the bodies of deliveries may take together, from before they are read until they are answered."""

import asyncio
from collections import deque
from dataclasses import dataclass

from inspector.errors import StoreBusyError

BUDGET_BYTES = 256 * 1024 * 1024
SMALL_BYTES = 64 * 1024
"""A body up to this long never waits: while it did, its connection would hold as much."""
WAIT_S = 10.0
"""How long a sender waits for room. Many give up after as long."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    more_bytes: int
    grows: bool
    granted: asyncio.Future[bool]
    """False: it is never going to be."""


class Budget:
    """Gives out room, first come, first served, and takes it back.

    A big body that is alone always has room, whatever its size. One whose size is known takes all of it before it is
    read, so it comes to an end. Those that take theirs as they grow may come to a stop together, each waiting for what
    the others hold: then the last one to ask is refused, and so on until the others can grow.
    """

    def __init__(self, total_bytes: int = BUDGET_BYTES, *, wait_s: float = WAIT_S) -> None:
        self.taken_bytes = 0
        """How much room is taken. Small bodies take theirs even where there is none."""
        self._total_bytes = total_bytes
        self._wait_s = wait_s
        self._big = 0
        """How many bodies hold more than a small one."""
        self._growing: deque[_Waiting] = deque()
        """Big ones that want more. They come first, for what they hold already."""
        self._coming: deque[_Waiting] = deque()
        """Those that are not big yet."""

    @property
    def waiting(self) -> int:
        """How many bodies wait for room."""
        return len(self._growing) + len(self._coming)

    def add_small(self, size_bytes: int) -> None:
        """Count a body of at most `SMALL_BYTES`."""
        self.taken_bytes += size_bytes

    def grow(self, held_bytes: int, size_bytes: int) -> bool:
        """Let a body that holds `held_bytes`, nothing at first, hold `size_bytes`; False if it has to wait for that."""
        if size_bytes <= SMALL_BYTES:
            self.taken_bytes += size_bytes - held_bytes
            return True
        grows = held_bytes > SMALL_BYTES
        if self._growing or (self._coming and not grows):
            return False
        if not self._has_room(size_bytes - held_bytes, grows=grows):
            return False
        self._take(size_bytes - held_bytes, grows=grows)
        return True

    async def wait(self, held_bytes: int, size_bytes: int) -> None:
        """Do the same when it has to wait. Raises StoreBusyError; then, and when cancelled, it holds what it held."""
        granted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(size_bytes - held_bytes, held_bytes > SMALL_BYTES, granted)
        self._queue_of(waiting).append(waiting)
        self._grant()
        try:
            await asyncio.wait([granted], timeout=self._wait_s)
        except asyncio.CancelledError:
            self._leave(waiting)
            raise
        if not granted.done():
            self._leave(waiting)
        elif granted.result():
            return
        raise StoreBusyError(
            f"{self.taken_bytes >> 20} MiB of bodies are being received and stored: no room for {size_bytes} bytes "
            f"(more than {self._total_bytes >> 20} MiB at once have to wait)"
        )

    def give_back(self, held_bytes: int) -> None:
        """Take back all that a body holds."""
        self.taken_bytes -= held_bytes
        if held_bytes > SMALL_BYTES:
            self._big -= 1
        if self._growing or self._coming:
            self._grant()

    def _has_room(self, more_bytes: int, *, grows: bool) -> bool:
        is_alone = self._big == (1 if grows else 0)
        return is_alone or self.taken_bytes + more_bytes <= self._total_bytes

    def _take(self, more_bytes: int, *, grows: bool) -> None:
        self.taken_bytes += more_bytes
        if not grows:
            self._big += 1

    def _queue_of(self, waiting: _Waiting) -> deque[_Waiting]:
        return self._growing if waiting.grows else self._coming

    def _grant(self) -> None:
        while queue := self._growing or self._coming:
            first = queue[0]
            if not self._has_room(first.more_bytes, grows=first.grows):
                break
            self._take(first.more_bytes, grows=first.grows)
            queue.popleft().granted.set_result(True)
        if self._growing and len(self._growing) == self._big:
            # Nobody else is there who might give something back.
            self._growing.pop().granted.set_result(False)

    def _leave(self, waiting: _Waiting) -> None:
        if not waiting.granted.done():
            self._queue_of(waiting).remove(waiting)
            self._grant()
        elif waiting.granted.result():  # just then
            self.taken_bytes -= waiting.more_bytes
            if not waiting.grows:
                self._big -= 1
            self._grant()

"""When the next of many may begin, and when no more do."""

import asyncio


class Pacer:
    """Lets callers begin at a rate, several of which may wait for their turn, until it is told to stop."""

    def __init__(self, per_s: float | None) -> None:
        """With `per_s` None, each may begin at once."""
        self._per_s = per_s
        self._stopped = asyncio.Event()
        self._next_s = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether no more are to begin."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let no more begin; who waits is told at once."""
        self._stopped.set()

    async def turn(self) -> bool:
        """Wait until one more may begin; False: none is to."""
        if self._per_s is None:
            return not self.is_stopped
        now_s = asyncio.get_running_loop().time()
        wait_s = self._next_s - now_s
        self._next_s = max(self._next_s, now_s) + 1 / self._per_s
        return await self.pause(wait_s)

    async def pause(self, wait_s: float) -> bool:
        """Wait so long; False: it was told to stop."""
        if wait_s > 0:
            try:
                await asyncio.wait_for(self._stopped.wait(), wait_s)
            except TimeoutError:
                return True
        return not self.is_stopped

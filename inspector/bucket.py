"""A bucket of tokens: what may be done so often a second, and after a pause some of it at once."""

from collections.abc import Callable


class Bucket:
    """What is left is the holder's to take from."""

    def __init__(self, left: float, clock_s: Callable[[], float]) -> None:
        self.left = left
        """Tokens; a part of one is none yet."""
        self._clock_s = clock_s
        self._filled_at_s = clock_s()

    def refill(self, per_s: float, most: float) -> float:
        """Add what has come since the last time, up to `most`; return how many tokens there are."""
        now_s = self._clock_s()
        self.left = min(most, self.left + (now_s - self._filled_at_s) * per_s)
        self._filled_at_s = now_s
        return self.left

"""Gives deliveries the names that cross machines."""

import os

from inspector.core.uid import RANDOM_BYTES, uuid7

_PIECE_BYTES = 400 * RANDOM_BYTES
"""What is asked of the system at a time: each request lets the other threads in, which costs more than the bytes."""


class Uids:
    """An endless supply of UUIDv7s."""

    def __init__(self) -> None:
        self._random = b""
        self._taken = 0

    def next(self, now_us: int) -> str:
        """Return a name never given before, for something that happens at `now_us`."""
        if self._taken == len(self._random):
            self._random, self._taken = os.urandom(_PIECE_BYTES), 0
        self._taken += RANDOM_BYTES
        return uuid7(now_us // 1000, self._random[self._taken - RANDOM_BYTES : self._taken])

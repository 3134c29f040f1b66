"""How long the write-ahead log is, and a warning when somebody keeps it from being put away.

While anybody reads one moment of the database, all that is newer stays in the log: a shell left open overnight fills
the disk. Nothing else is the matter then, so nothing is refused.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

LONG_BYTES = 64 * 1024 * 1024
"""Up to this, what is left of a busy time stays for the next (`journal_size_limit`)."""
LONG_S = 10.0
"""So long it may be longer: one commit of many megabytes is no reader."""
WARN_EVERY_S = 3600.0
HELD = "somebody reads the database and does not end (a shell, or another program's connection: close it)"


def log_bytes(database: Path) -> int:
    """Return how long a database's write-ahead log is; 0 without one."""
    try:
        return database.with_name(f"{database.name}-wal").stat().st_size
    except OSError:
        return 0


class LogWatch:
    """Looks at the log whenever it is told to, and warns once an hour while it stays too long."""

    def __init__(self, database: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._long_since_s: float | None = None
        self._next_warning_s = float("-inf")

    def look(self) -> None:
        """Look, and warn if it has been too long for a while."""
        size, now_s = log_bytes(self._database), self._clock()
        if size <= LONG_BYTES:
            self._long_since_s = None
            return
        if self._long_since_s is None:
            self._long_since_s = now_s
        if now_s - self._long_since_s >= LONG_S and now_s >= self._next_warning_s:
            self._next_warning_s = now_s + WARN_EVERY_S
            log.warning(
                "the write-ahead log of %s is %d MiB long: %s", self._database, size >> 20, HELD
            )

"""Lines of the log that an outsider can provoke: a few of them, however often there is cause."""

import logging
import math
import time
from collections.abc import Callable

REST_S = 1.0
"""Between two lines. Whoever is loud does not own the log, nor the disk it is on."""


class Teller:
    """Tells of one kind of trouble at once, and then at most once a second, with how often there was more of it."""

    def __init__(
        self,
        log: logging.Logger,
        level: int = logging.ERROR,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._level = level
        self._clock_s = clock_s
        self._told_at_s = -math.inf
        self._untold = 0

    def tell(self, sentence: str, error: BaseException | None = None) -> None:
        """Write one line, or count this one for the next if the last was a moment ago.

        `error` is one that nobody foresaw: its traceback follows the line.
        """
        now_s = self._clock_s()
        if now_s - self._told_at_s < REST_S:
            self._untold += 1
            return
        others = f" (and {self._untold} more since the last)" if self._untold else ""
        self._told_at_s, self._untold = now_s, 0
        self._log.log(self._level, "%s%s", sentence, others, exc_info=error)

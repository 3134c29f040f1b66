"""The log of requests that are not HTTP: one line a second, and nothing in it that a sender chose."""

import logging
import math
import re
import time
from collections.abc import Callable

from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, TransferEncodingError

from inspector.core.text import safe, shorten

log = logging.getLogger(__name__)

REST_S = 1.0
"""Between two lines. Whoever sends rubbish does not own the log."""
_REASON_WIDTH = 120
_QUOTED = re.compile(r"[:\s]+b?(['\"]).*\1\.?\Z", re.DOTALL)
"""What the parser read, quoted at the end of its sentence: a header's value may be a secret."""


class Malformed:
    """Tells who sent what is not HTTP, and why it is none."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._told_at_s = -math.inf
        self._untold = 0

    def tell(self, peer: str, reason: str) -> None:
        """Write one line, or count this one for the next if the last was a moment ago."""
        now_s = self._clock_s()
        if now_s - self._told_at_s < REST_S:
            self._untold += 1
            return
        others = f" (and {self._untold} more since the last)" if self._untold else ""
        self._told_at_s, self._untold = now_s, 0
        sentence = shorten(safe(reason), _REASON_WIDTH)
        log.warning("malformed request from %s: %s%s", safe(peer) or "nobody", sentence, others)


def reason_of(error: HttpProcessingError) -> str:
    """Return what a parser of aiohttp's has to say, without the bytes it says it of."""
    sentence, more, _ = error.message.partition("\n")
    if isinstance(error, InvalidURLError):  # says the target and no more
        return "Invalid request target"
    if isinstance(error, TransferEncodingError) and not more:  # the Python parser's says the bytes
        return "Invalid chunked body"
    return _QUOTED.sub("", sentence).rstrip(": ")

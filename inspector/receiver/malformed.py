"""What the log says of requests that are not HTTP: nothing in it is what a sender chose."""

import logging
import re
import time
from collections.abc import Callable

from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, TransferEncodingError

from inspector.core.text import safe, shorten
from inspector.teller import Teller

log = logging.getLogger(__name__)

_REASON_WIDTH = 120
_QUOTED = re.compile(r"[:\s]+b?(['\"]).*\1\.?\Z", re.DOTALL)
"""What the parser read, quoted at the end of its sentence: a header's value may be a secret."""


class Malformed:
    """Tells who sent what is not HTTP, and why it is none."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._teller = Teller(log, logging.WARNING, clock_s=clock_s)

    def tell(self, peer: str, reason: str) -> None:
        """Tell of one, unless another was told of a moment ago."""
        sentence = shorten(safe(reason), _REASON_WIDTH)
        self._teller.tell(f"malformed request from {safe(peer) or 'nobody'}: {sentence}")


def reason_of(error: HttpProcessingError) -> str:
    """Return what a parser of aiohttp's has to say, without the bytes it says it of."""
    sentence, more, _ = error.message.partition("\n")
    if isinstance(error, InvalidURLError):  # says the target and no more
        return "Invalid request target"
    if isinstance(error, TransferEncodingError) and not more:  # the Python parser's says the bytes
        return "Invalid chunked body"
    return _QUOTED.sub("", sentence).rstrip(": ")

"""How many deliveries a second an endpoint takes, where its configuration says: more would fill the disk (T27)."""

import logging
import math
import time
from collections.abc import Callable

from inspector.bucket import Bucket
from inspector.core.model import Endpoint
from inspector.receiver.refused import Refused
from inspector.teller import Teller

log = logging.getLogger(__name__)


class Rates:
    """Counts what comes, of endpoints that have a `max_rate`."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._buckets: dict[str, Bucket] = {}
        """By endpoint: a token for each delivery it has room for; a second's worth at most, and one at least."""
        self._teller = Teller(log, logging.WARNING, clock_s=clock_s)

    def admit(self, endpoint: Endpoint) -> None:
        """Take one more, or raise Refused: 429, and when there is room again. Nothing of it is read or stored."""
        if endpoint.max_rate is None:
            return
        most = max(endpoint.max_rate, 1.0)
        bucket = self._buckets.setdefault(endpoint.name, Bucket(most, self._clock_s))
        if bucket.refill(endpoint.max_rate, most) >= 1:
            bucket.left -= 1
            return
        takes = f"endpoint '{endpoint.name}' takes {endpoint.max_rate:g} deliveries a second"
        self._teller.tell(f"{takes}: one was answered 429")
        wait_s = math.ceil((1 - bucket.left) / endpoint.max_rate)
        raise Refused(429, f"{takes}; please send it again", (b"Retry-After", b"%d" % wait_s))

"""Deliveries that come at a fixed rate until the process is ended: `python -m scripts.benches.arrivals URL RATE`.

Each is an event of its own, signed as it is sent.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from itertools import count

from scripts.benches.contestants import Contestant
from scripts.benches.deliveries import booking, wire
from scripts.benches.pace import pace
from scripts.benches.processes import running

PER_S = 500
CONNECTIONS = 8
DAY_S = 86_400


@contextlib.contextmanager
def arriving(contestant: Contestant) -> Iterator[None]:
    """Have deliveries arrive for as long as the block takes."""
    with running(sys.executable, "-m", "scripts.benches.arrivals", contestant.url, str(PER_S)):
        yield


def events(url: str) -> Iterator[bytes]:
    """Make one request after the other."""
    first = time.time_ns()
    for number in count(first):
        event_id = f"evt_{number}"
        yield wire(url, booking(event_id=event_id), event_id)


def main() -> None:
    """Send."""
    url, per_s = sys.argv[1:]
    print("sending", flush=True)
    pace(url, events(url), per_s=float(per_s), seconds=DAY_S, connections=CONNECTIONS)


if __name__ == "__main__":
    main()

"""Hooktap with a clock that can be put forward or back: `python -m tests.faults.clock FILE -- listen ...`.

FILE holds the seconds to add. Only the wall clock jumps; the monotonic one goes on, as in life.
"""

import sys
import time
from pathlib import Path

from inspector.cli import main

_real_ns = time.time_ns


def run() -> None:
    offset = Path(sys.argv[1])

    def time_ns() -> int:
        return _real_ns() + int(offset.read_text()) * 1_000_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1_000_000_000
    del sys.argv[1:3]
    main()


if __name__ == "__main__":
    run()

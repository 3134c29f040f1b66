"""Fills a data directory with realistic deliveries, by the store's own code: what looks at many needs many.

Progress goes to stderr; stdout gets one line of JSON: what was stored, and how many bytes of it were on the wire.
Ctrl-C ends it with what is stored by then. No inspector may run in the directory meanwhile.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from inspector import server
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Request, Response
from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.store import Store
from scripts.filling.month import Made, Month

ROOT = Path(__file__).parent.parent
AT_ONCE = 1024
"""Deliveries that wait for the disk while the next are made: two full commits of the store."""
TELL_EVERY_S = 1.0

Tell = Callable[[int], None]


@dataclass
class Filled:
    """What has been stored."""

    data_dir: str
    deliveries: int = 0
    attempts: int = 0
    verdicts: int = 0
    body_bytes: int = 0
    """Of the deliveries, which is what can be searched."""
    raw_bytes: int = 0
    """What was on the wire: requests as they came, the heads of those to the target, and its answers."""

    def add(self, made: Made) -> None:
        """Count one more."""
        self.deliveries += 1
        self.attempts += len(made.attempts)
        self.verdicts += made.recheck is not None
        self.body_bytes += made.delivery.body_bytes
        self.raw_bytes += request_bytes(made.delivery.request)
        self.raw_bytes += sum(map(attempt_bytes, made.attempts))


async def fill(data_dir: DataDir, count: int, *, stop: asyncio.Event, tell: Tell) -> Filled:
    """Store so many deliveries on top of what is there, or fewer once `stop` is set; return what that came to.

    `tell` is called with how many are stored, every now and then. Raises HooktapError.
    """
    data_dir.prepare()
    filled = Filled(str(data_dir.path))
    month = Month(time.time_ns() // 1000)
    waiting: deque[asyncio.Task[None]] = deque()
    async with (
        Store.open(data_dir, on_commit=lambda _records: None) as store,
        asyncio.TaskGroup() as tasks,
    ):
        for made in month.deliveries(count):
            waiting.append(tasks.create_task(_keep(store, made, filled)))
            if len(waiting) == AT_ONCE:
                for _ in range(AT_ONCE // 2):  # the other half is committed while the next are made
                    await waiting.popleft()
                tell(filled.deliveries)
                if stop.is_set():
                    break
    return filled


async def _keep(store: Store, made: Made, filled: Filled) -> None:
    number = (await store.append_delivery(made.delivery)).id
    for attempt in made.attempts:
        await store.append_attempt(replace(attempt, delivery_id=number))
    if made.recheck is not None:
        await store.append_verdicts([replace(made.recheck, delivery_id=number)])
    filled.add(made)


def request_bytes(request: Request) -> int:
    """Return the length of a request on the wire, had it come with a Content-Length."""
    start = len(f"{request.method}  HTTP/1.1\r\n") + len(request.target)
    return start + _headers_bytes(request.headers) + len(request.body)


def attempt_bytes(attempt: Attempt) -> int:
    """Return the length of an attempt on the wire, without the body, which is stored with its delivery."""
    sent = len(attempt.url) + _headers_bytes(attempt.request_headers)
    if isinstance(attempt.result, Response):
        return sent + _headers_bytes(attempt.result.headers) + len(attempt.result.body)
    return sent


def _headers_bytes(headers: Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers) + 2


def telling(count: int) -> Tell:
    """Return what shows progress towards `count` on stderr: a line that is written over, if somebody watches."""
    started_s = told_s = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s < TELL_EVERY_S or not sys.stderr.isatty():
            return
        told_s = now_s
        per_s = done / (now_s - started_s)
        left_s = (count - done) / per_s if per_s else 0
        print(
            f"\r{done:,} of {count:,} deliveries, {per_s:,.0f}/s, {left_s:.0f} s left ",
            end="\r" if done == count else "",
            file=sys.stderr,
            flush=True,
        )

    return tell


async def _fill(data_dir: DataDir, count: int) -> Filled:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await fill(data_dir, count, stop=stop, tell=telling(count))


def main() -> None:
    """Fill, and say what with."""
    parser = argparse.ArgumentParser(prog="scripts/fill", description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, metavar="N", help="deliveries to store")
    parser.add_argument(
        "--data-dir", type=Path, help="where; .data/filled in this repository if none is named"
    )
    options = parser.parse_args()
    folder = options.data_dir or ROOT / ".data" / "filled"
    try:
        filled = server.run(_fill(DataDir(folder.absolute()), options.count))
    except HooktapError as error:
        sys.exit(f"fill: {error}")
    print(json.dumps(asdict(filled)))
    print(f"\nlook at it with: ./scripts/start --data-dir {folder}", file=sys.stderr)
    sys.exit(0 if filled.deliveries == options.count else 130)


if __name__ == "__main__":
    main()

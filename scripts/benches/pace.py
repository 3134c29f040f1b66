"""A load of a fixed rate: request n is due at n / rate, whether or not those before it have been answered.

wrk sends the next request when the last is answered, so a server that stalls is asked less just then, and its slow
answers are missing from the percentiles (coordinated omission). Here the time of an answer counts from the moment its
request was due, also if every connection was busy by then or this program was late itself.
"""

import errno
import gc
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
STUCK_S = 30


@dataclass(frozen=True)
class Paced:
    """What was seen at one rate."""

    waits_ms: list[float]
    """From when each request was due to the end of its answer, ascending."""
    per_s: float
    """The rate that was reached."""


class PaceError(Exception):
    """The server answered something else than 2xx, or nothing."""


def pace(
    url: str, requests: Iterable[bytes], *, per_s: float, seconds: float, connections: int
) -> Paced:
    """Send `requests` at this rate over so many connections. Raises PaceError."""
    total = max(1, int(per_s * seconds))
    with ExitStack() as stack:
        idle = deque(stack.enter_context(_connected(url)) for _ in range(connections))
        stack.enter_context(_no_collection())
        try:
            return _run(idle, iter(requests), per_s, total)
        except OSError as error:
            raise PaceError(f"{url}: {error.strerror}") from error


def _run(idle: deque[socket.socket], requests: Iterator[bytes], per_s: float, total: int) -> Paced:
    busy: dict[socket.socket, float] = {}
    partial: dict[socket.socket, bytes] = {}
    waits_ms: list[float] = []
    sent = 0
    start_s = now_s = time.perf_counter()
    while len(waits_ms) < total:
        due_s = start_s + sent / per_s
        while sent < total and idle and due_s <= now_s:
            connection = idle.popleft()
            connection.sendall(next(requests))
            busy[connection] = due_s
            sent += 1
            due_s = start_s + sent / per_s
        wait_s = max(0.0, due_s - time.perf_counter()) if idle and sent < total else STUCK_S
        readable, _, _ = select.select(busy, (), (), wait_s)
        if not readable and wait_s == STUCK_S:
            raise PaceError(f"no answer within {STUCK_S} s")
        now_s = time.perf_counter()
        for connection in readable:
            arrived = connection.recv(65536)
            if not arrived:
                raise ConnectionResetError(errno.ECONNRESET, "the connection was closed")
            rest = answered(partial.pop(connection, b"") + arrived)
            if rest is None:
                waits_ms.append((now_s - busy.pop(connection)) * 1000)
                idle.append(connection)
            else:
                partial[connection] = rest
    return Paced(sorted(waits_ms), total / (now_s - start_s))


def answered(received: bytes) -> bytes | None:
    """Return None if this is a whole answer, what was received if it is only its beginning.

    Raises PaceError if it is not 2xx.
    """
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return received
    if head[9:10] != b"2":
        start, _, _ = head.partition(b"\r\n")
        raise PaceError(f"answered {start.decode('latin-1')}")
    length = LENGTH.search(head)
    if length is None:
        raise PaceError("an answer without Content-Length")
    return None if len(body) >= int(length[1]) else received


@contextmanager
def _connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 80), STUCK_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""How much came to each endpoint, and how much of it went wrong: told by the indices, however much is stored."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.store.reader import snapshot
from inspector.store.values import integer, text

LAST = "SELECT coalesce(max(id), 0) FROM delivery"

# What was imported has come at another time than its neighbours.
NEAREST = """
    SELECT id, received_at_us FROM delivery WHERE id >= :number AND via <> 'import' ORDER BY id LIMIT 1
"""

COUNT = """
    SELECT count(*), count(*) FILTER (WHERE id >= :first), max(id)
    FROM delivery
    WHERE endpoint = :endpoint COLLATE NOCASE
"""

RECEIVED = "SELECT received_at_us FROM delivery WHERE id = :number"

INVALID = """
    SELECT endpoint, count(*)
    FROM delivery
    WHERE outcome COLLATE NOCASE IN ('mismatch', 'stale', 'missing', 'malformed') AND id >= :first
    GROUP BY endpoint
"""

FAILED = """
    SELECT endpoint, count(DISTINCT delivery_id)
    FROM attempt JOIN delivery ON delivery.id = attempt.delivery_id
    WHERE delivery_id >= :first AND (failure IS NOT NULL OR status NOT BETWEEN 200 AND 299)
    GROUP BY endpoint
"""

RECENT = 20_000
"""So many numbers back failures are counted at most: each of them is looked at."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came to one endpoint."""

    deliveries: int = 0
    recent: int = 0
    """How many of them since the time that was asked for."""
    invalid: int = 0
    """How many of the recent ones failed their check on arrival."""
    failed: int = 0
    """How many of the recent ones met with a failed attempt."""
    last_at_us: int | None = None
    """When the newest came."""


def tallies(
    connection: sqlite3.Connection, endpoints: Sequence[str], since_us: int
) -> dict[str, Tally]:
    """Count what came to each of these endpoints, and apart what came since a time."""
    with snapshot(connection):
        return _tallies(connection, endpoints, since_us)


def _tallies(
    connection: sqlite3.Connection, endpoints: Sequence[str], since_us: int
) -> dict[str, Tally]:
    (last,) = connection.execute(LAST).fetchone()
    first = _first_since(connection, since_us, last)
    near = {"first": max(first, last - RECENT)}
    invalid = dict(connection.execute(INVALID, near).fetchall())
    failed = dict(connection.execute(FAILED, near).fetchall())
    found = {}
    for endpoint in endpoints:
        wanted = {"endpoint": text(endpoint), "first": first}
        deliveries, recent, newest = connection.execute(COUNT, wanted).fetchone()
        row = connection.execute(RECEIVED, {"number": newest}).fetchone()
        found[endpoint] = Tally(
            deliveries,
            recent,
            invalid.get(endpoint, 0),
            failed.get(endpoint, 0),
            row[0] if row else None,
        )
    return found


def _first_since(connection: sqlite3.Connection, since_us: int, last: int) -> int:
    """Return the number from which on deliveries came since a time: all but imported ones are numbered as they come."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        nearest = connection.execute(NEAREST, {"number": middle}).fetchone()
        if nearest is None or nearest[1] >= integer(since_us):
            high = middle
        else:
            low = nearest[0] + 1
    return low

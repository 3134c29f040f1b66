"""Letting deliveries go: how much there is, what would go first, and the writes that take it away.

Whoever looks goes through the deliveries in windows of their numbers, so that no single look keeps a connection, and
with it the write-ahead log, for longer than a moment.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.core.query import EVERYTHING, Query
from inspector.store.commit import Transaction
from inspector.store.filters import conditions
from inspector.store.reader import NO_LIMIT
from inspector.store.values import integer

WINDOW = 5000
"""Numbers looked through in one go: a few hundredths of a second."""

# About what a record takes on disk: what is as long as its sender made it, and what all have alike.
SIZES = {
    "delivery_bytes": "(300 + length(target) + length(headers) + body_bytes)",
    "attempt_bytes": "(200 + length(request_headers) + coalesce(length(response_headers), 0)"
    " + coalesce(length(response_body), 0)"
    " + coalesce((SELECT coalesce(length(headers), 0) + coalesce(length(body), 0) FROM edit"
    " WHERE attempt_id = attempt.id), 0))",
}

CANDIDATES = """
    SELECT
        delivery.id,
        received_at_us,
        {delivery_bytes}
            + (SELECT coalesce(sum({attempt_bytes}), 0) FROM attempt WHERE delivery_id = delivery.id),
        EXISTS (SELECT 1 FROM schedule WHERE delivery_id = delivery.id)
    FROM
        delivery
        LEFT JOIN verdict ON verdict.id = (SELECT max(id) FROM verdict WHERE delivery_id = delivery.id)
    WHERE
        delivery.id > :after AND delivery.id <= :upto AND received_at_us < :received_before_us
        AND NOT EXISTS (SELECT 1 FROM mark WHERE delivery_id = delivery.id)
        AND {conditions}
    ORDER BY delivery.id
    LIMIT :limit
"""

FIRST = "SELECT min(id) FROM delivery WHERE id > :after"

LAST = "SELECT max(id) FROM delivery WHERE id > :after"

BOUNDARY = """
    SELECT delivery.id
    FROM
        delivery
        LEFT JOIN verdict ON verdict.id = (SELECT max(id) FROM verdict WHERE delivery_id = delivery.id)
    WHERE {conditions}
    ORDER BY delivery.id DESC
    LIMIT 1 OFFSET :others
"""

AMOUNTS = """
    SELECT endpoint, count(*), sum({delivery_bytes})
    FROM delivery
    WHERE id > :after AND id <= :upto
    GROUP BY endpoint
    UNION ALL
    SELECT endpoint, 0, sum({attempt_bytes})
    FROM attempt JOIN delivery ON delivery.id = attempt.delivery_id
    WHERE attempt.id > :after AND attempt.id <= :upto
    GROUP BY endpoint
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which deliveries may go."""

    query: Query = EVERYTHING
    received_before_us: int | None = None
    below: int = NO_LIMIT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that may go."""

    id: int
    received_at_us: int
    bytes: int
    """About what it and its attempts take on disk."""
    is_owed: bool
    """Its target is still to get it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How many deliveries of an endpoint, and what they and their attempts take."""

    endpoint: str
    deliveries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """How the database file is used."""

    bytes: int
    free_bytes: int
    """Inside the file, not used by any record."""


def candidates(
    connection: sqlite3.Connection, selection: Selection, after: int, limit: int
) -> tuple[list[Candidate], int | None]:
    """Return some deliveries numbered above `after` that may go, oldest first, and where to look on; None: nowhere."""
    first, last = _span(connection, after)
    last = min(last, selection.below - 1)
    if first > last:
        return [], None
    sql, wanted = conditions(selection.query)
    upto = min(first + WINDOW - 1, last)
    before_us = selection.received_before_us
    wanted |= {
        "after": first - 1,
        "upto": upto,
        "received_before_us": NO_LIMIT if before_us is None else integer(before_us),
        "limit": limit,
    }
    rows = connection.execute(CANDIDATES.format(conditions=sql, **SIZES), wanted).fetchall()
    found = [Candidate(number, at_us, size, bool(owed)) for number, at_us, size, owed in rows]
    if len(found) == limit:
        return found, found[-1].id
    return found, upto if upto < last else None


def _span(connection: sqlite3.Connection, after: int) -> tuple[int, int]:
    wanted = {"after": integer(after)}
    (first,), (last,) = (connection.execute(sql, wanted).fetchone() for sql in (FIRST, LAST))
    return (NO_LIMIT, 0) if first is None else (first, last)


def boundary(connection: sqlite3.Connection, query: Query, keep: int) -> int:
    """Return the number below which deliveries are not among the `keep` newest that match; 0 if there are no more."""
    sql, wanted = conditions(query)
    wanted["others"] = integer(keep - 1)
    found = connection.execute(BOUNDARY.format(conditions=sql), wanted).fetchone()
    return int(found[0]) if found else 0


def amounts(connection: sqlite3.Connection, after: int, upto: int) -> list[Amount]:
    """Return what the records numbered above `after`, up to `upto`, come to; an endpoint may be there twice."""
    rows = connection.execute(AMOUNTS.format(**SIZES), {"after": after, "upto": upto})
    return [Amount(*row) for row in rows]


def room(connection: sqlite3.Connection) -> Room:
    """Return how the database file is used, as of the last commit."""
    page_bytes, pages, free = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count")
    )
    return Room(pages * page_bytes, free * page_bytes)


def delete(delivery_ids: Sequence[int], transaction: Transaction) -> None:
    """Take deliveries away with all that belongs to them, but none marked or that its target is still to get."""
    transaction.deletions += [(delivery_id,) for delivery_id in delivery_ids]


def shrink(pages: int, transaction: Transaction) -> None:
    """Give up to so many unused pages back to the disk."""
    transaction.pages_to_free += pages

"""Deliveries that are put by because their endpoint is paused: still owed, and due at a time that does not come."""

import sqlite3
from collections.abc import Collection

from inspector.store.commit import Transaction
from inspector.store.reader import NEVER_US, Due
from inspector.store.values import integer, text

PAUSE = """
    INSERT INTO paused (endpoint, paused_at_us) VALUES (:endpoint, :at_us) ON CONFLICT (endpoint) DO NOTHING
"""

# Whatever waits for its turn or for its next attempt. The schedule is short, where the deliveries may be a million.
PUT_BY = """
    UPDATE schedule SET due_at_us = :never
    WHERE due_at_us < :never AND (SELECT endpoint FROM delivery WHERE id = delivery_id) = :endpoint
"""

RESUME = "DELETE FROM paused WHERE endpoint = :endpoint"

PAUSED = "SELECT endpoint, paused_at_us FROM paused ORDER BY paused_at_us, endpoint"

COUNTS = """
    SELECT delivery.endpoint, count(*)
    FROM schedule JOIN delivery ON delivery.id = schedule.delivery_id
    WHERE schedule.due_at_us = :never
    GROUP BY delivery.endpoint
"""

# An index ends in the rowid, which is the delivery's number: they come in the order of arrival, without a sort.
NEXT = """
    SELECT schedule.delivery_id, schedule.due_at_us, delivery.endpoint, delivery.body_bytes
    FROM schedule JOIN delivery ON delivery.id = schedule.delivery_id
    WHERE schedule.due_at_us = :never AND delivery.endpoint = :endpoint
    ORDER BY schedule.delivery_id
    LIMIT :limit
"""


def pause(endpoint: str, at_us: int, transaction: Transaction) -> None:
    """Note that an endpoint is paused, and put by whatever waits there; the first time counts."""
    transaction.switches += [
        (PAUSE, {"endpoint": text(endpoint), "at_us": integer(at_us)}),
        (PUT_BY, {"endpoint": text(endpoint), "never": NEVER_US}),
    ]


def resume(endpoint: str, transaction: Transaction) -> None:
    """Note that an endpoint is no longer paused. What was put by stays so until it is sent."""
    transaction.switches.append((RESUME, {"endpoint": text(endpoint)}))


def paused(connection: sqlite3.Connection) -> dict[str, int]:
    """Return since when each paused endpoint is."""
    return dict(connection.execute(PAUSED).fetchall())


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return by endpoint how many deliveries are put by, where there are any."""
    return dict(connection.execute(COUNTS, {"never": NEVER_US}).fetchall())


def first(
    connection: sqlite3.Connection, endpoint: str, limit: int, skip: Collection[int]
) -> list[Due]:
    """Return up to `limit` of an endpoint's deliveries that are put by, oldest first, without those in `skip`."""
    wanted = {"endpoint": text(endpoint), "never": NEVER_US, "limit": limit + len(skip)}
    rows = connection.execute(NEXT, wanted)
    return [Due(*row) for row in rows if row[0] not in skip][:limit]

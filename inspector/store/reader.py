"""What can be asked of the store: plain functions, each one hop to a reading connection's thread."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from inspector.core.model import Attempt, Delivery, Record
from inspector.core.query import Query
from inspector.store.filters import conditions
from inspector.store.rows import (
    SELECT_ATTEMPTS,
    SELECT_DELIVERIES,
    attempt_from_row,
    delivery_from_row,
    integer,
)

DELIVERY = SELECT_DELIVERIES + "WHERE id = :id"

BODY = "SELECT body FROM delivery WHERE id = :id"

PAGE = SELECT_DELIVERIES + "WHERE id < :before AND {conditions} ORDER BY id DESC LIMIT :limit"

DELIVERIES_AFTER = SELECT_DELIVERIES + "WHERE id > :after ORDER BY id LIMIT :limit"

ATTEMPTS_AFTER = SELECT_ATTEMPTS + "WHERE id > :after ORDER BY id LIMIT :limit"

ATTEMPTS = SELECT_ATTEMPTS + "WHERE delivery_id = :delivery_id ORDER BY number"

RESPONSE_BODY = "SELECT response_body FROM attempt WHERE id = :id"

DUE = """
    SELECT schedule.delivery_id, schedule.due_at_us, delivery.endpoint
    FROM schedule JOIN delivery ON delivery.id = schedule.delivery_id
    WHERE schedule.due_at_us <= :now_us
    ORDER BY schedule.due_at_us, schedule.delivery_id
    LIMIT :limit
"""

NEXT_DUE = "SELECT min(due_at_us) FROM schedule WHERE due_at_us > :after_us"

ENDPOINT_NAMES = "SELECT name FROM endpoint ORDER BY created_at_us, name"

NO_LIMIT = 2**63 - 1
"""Above every number of a record."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come to be handed to its target."""

    delivery_id: int
    due_at_us: int
    endpoint: str


def delivery(connection: sqlite3.Connection, delivery_id: int) -> Delivery | None:
    """Return a delivery with its body."""
    wanted = {"id": integer(delivery_id)}
    row = connection.execute(DELIVERY, wanted).fetchone()
    stored = connection.execute(BODY, wanted).fetchone()
    return delivery_from_row(row, stored[0]) if row and stored else None


def body(connection: sqlite3.Connection, delivery_id: int) -> bytes | None:
    """Return a delivery's body."""
    row = connection.execute(BODY, {"id": integer(delivery_id)}).fetchone()
    return row[0] if row else None


def page(
    connection: sqlite3.Connection, query: Query, before: int | None, limit: int
) -> list[Delivery]:
    """Return up to `limit` deliveries below `before` that match, newest first, without bodies."""
    sql, parameters = conditions(query)
    parameters |= {
        "before": NO_LIMIT if before is None else integer(before),
        "limit": max(limit, 0),
    }
    rows = connection.execute(PAGE.format(conditions=sql), parameters)
    return [delivery_from_row(row) for row in rows]


def records_after(connection: sqlite3.Connection, after: int, limit: int) -> list[Record]:
    """Return the `limit` lowest-numbered records above `after`, ascending, without bodies."""
    wanted = {"after": integer(after), "limit": max(limit, 0)}
    # One snapshot for both tables: what is committed between the two would leave a gap.
    connection.execute("BEGIN")
    try:
        deliveries = connection.execute(DELIVERIES_AFTER, wanted).fetchall()
        attempts = connection.execute(ATTEMPTS_AFTER, wanted).fetchall()
    finally:
        connection.execute("ROLLBACK")
    records: list[Record] = [delivery_from_row(row) for row in deliveries]
    records += [attempt_from_row(row) for row in attempts]
    records.sort(key=attrgetter("id"))
    return records[: wanted["limit"]]


def attempts(
    connection: sqlite3.Connection, delivery_ids: Sequence[int]
) -> dict[int, list[Attempt]]:
    """Return each delivery's attempts, oldest first, without the answers' bodies."""
    return {delivery_id: _attempts_of(connection, delivery_id) for delivery_id in delivery_ids}


def _attempts_of(connection: sqlite3.Connection, delivery_id: int) -> list[Attempt]:
    found = connection.execute(ATTEMPTS, {"delivery_id": integer(delivery_id)})
    return [attempt_from_row(row) for row in found]


def response_body(connection: sqlite3.Connection, attempt_id: int) -> bytes | None:
    """Return what the target answered to an attempt, None if it did not or there is no such attempt."""
    row = connection.execute(RESPONSE_BODY, {"id": integer(attempt_id)}).fetchone()
    return row[0] if row else None


def due(
    connection: sqlite3.Connection, now_us: int, limit: int, skip: Collection[int]
) -> list[Due]:
    """Return up to `limit` deliveries that are due, longest overdue first, without those in `skip`."""
    wanted = {"now_us": now_us, "limit": max(limit, 0) + len(skip)}
    rows = connection.execute(DUE, wanted)
    return [Due(*row) for row in rows if row[0] not in skip][: max(limit, 0)]


def next_due_us(connection: sqlite3.Connection, after_us: int) -> int | None:
    """Return the earliest time after `after_us` at which a delivery is due."""
    (earliest,) = connection.execute(NEXT_DUE, {"after_us": after_us}).fetchone()
    return None if earliest is None else int(earliest)


def endpoint_names(connection: sqlite3.Connection) -> list[str]:
    """Return the endpoints created on first use, oldest first."""
    return [name for (name,) in connection.execute(ENDPOINT_NAMES)]

"""What can be asked of the store: plain functions, each one hop to a reading connection's thread."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from inspector.core.model import Attempt, Delivery, Record, Verdict
from inspector.core.query import Query
from inspector.store.filters import Parameters, conditions, indexed
from inspector.store.rows import (
    SELECT_ATTEMPTS,
    SELECT_DELIVERIES,
    SELECT_FIRST_VERDICTS,
    SELECT_RECHECKED,
    SELECT_VERDICTS,
    Row,
    attempt_from_row,
    delivery_from_row,
    verdict_from_row,
)
from inspector.store.values import integer

DELIVERY = SELECT_DELIVERIES + "WHERE delivery.id = :id"

BODY = "SELECT body FROM delivery WHERE id = :id"

PAGE = (
    SELECT_DELIVERIES
    + "WHERE delivery.id < :before AND {conditions} ORDER BY delivery.id DESC LIMIT :limit"
)

# The same in two halves, for a filter that an index answers: those that were checked again, and the others.
PAGE_RECHECKED = SELECT_RECHECKED + (
    "WHERE verdict.delivery_id < :before AND {conditions} "
    "ORDER BY verdict.delivery_id DESC LIMIT :limit"
)
PAGE_INDEXED = SELECT_DELIVERIES + (
    "WHERE {indexed} AND verdict.id IS NULL AND delivery.id < :before AND delivery.id > :above AND {conditions} "
    "ORDER BY delivery.id DESC LIMIT :limit"
)

DELIVERIES_AFTER = (
    SELECT_DELIVERIES + "WHERE delivery.id > :after ORDER BY delivery.id LIMIT :limit"
)

ATTEMPTS_AFTER = SELECT_ATTEMPTS + "WHERE id > :after ORDER BY id LIMIT :limit"

VERDICTS_AFTER = SELECT_VERDICTS + "WHERE id > :after ORDER BY id LIMIT :limit"

ATTEMPTS = SELECT_ATTEMPTS + "WHERE delivery_id = :delivery_id ORDER BY number"

FIRST_VERDICT = SELECT_FIRST_VERDICTS + "WHERE id = :delivery_id"

LATER_VERDICTS = SELECT_VERDICTS + "WHERE delivery_id = :delivery_id ORDER BY id"

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
    if limit <= 0:
        return []
    sql, wanted = conditions(query)
    wanted |= {"before": NO_LIMIT if before is None else integer(before), "limit": limit}
    by = indexed(query)
    if by is None:
        rows = connection.execute(PAGE.format(conditions=sql), wanted).fetchall()
    else:
        rows = _indexed_page(connection, sql, by, wanted, limit)
    return [delivery_from_row(row) for row in rows]


def _indexed_page(
    connection: sqlite3.Connection, sql: str, by: str, wanted: Parameters, limit: int
) -> list[Row]:
    with _snapshot(connection):
        rows: list[Row] = connection.execute(
            PAGE_RECHECKED.format(conditions=sql), wanted
        ).fetchall()
        # Once a page is full, only what is newer than its last can still take a place in it.
        wanted["above"] = rows[-1][0] if len(rows) == limit else 0
        rows += connection.execute(PAGE_INDEXED.format(conditions=sql, indexed=by), wanted)
    rows.sort(key=itemgetter(0), reverse=True)
    return rows[:limit]


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read the same state throughout: what is committed between two reads would else be missed by both."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def records_after(connection: sqlite3.Connection, after: int, limit: int) -> list[Record]:
    """Return the `limit` lowest-numbered records above `after`, ascending, without bodies."""
    wanted = {"after": integer(after), "limit": max(limit, 0)}
    with _snapshot(connection):
        deliveries = connection.execute(DELIVERIES_AFTER, wanted).fetchall()
        attempts = connection.execute(ATTEMPTS_AFTER, wanted).fetchall()
        verdicts = connection.execute(VERDICTS_AFTER, wanted).fetchall()
    records: list[Record] = [delivery_from_row(row) for row in deliveries]
    records += [attempt_from_row(row) for row in attempts]
    records += [verdict_from_row(row) for row in verdicts]
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


def verdicts(connection: sqlite3.Connection, delivery_id: int) -> list[Verdict]:
    """Return every verdict on a delivery, that of its arrival first."""
    wanted = {"delivery_id": integer(delivery_id)}
    found = connection.execute(FIRST_VERDICT, wanted).fetchall()
    found += connection.execute(LATER_VERDICTS, wanted).fetchall()
    return [verdict_from_row(row) for row in found]


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

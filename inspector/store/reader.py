"""What can be asked of the store: plain functions, each one hop to a reading connection's thread."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter

from inspector.core.edits import Edit
from inspector.core.model import Attempt, Delivery, Record, Verdict
from inspector.errors import StorageError
from inspector.store import bodies, listed
from inspector.store.rows.attempts import (
    SELECT_ATTEMPTS,
    SELECT_EDIT,
    SELECT_RESPONSE_BODY,
    attempt_from_row,
    edit_from_row,
)
from inspector.store.rows.deliveries import (
    SELECT_BODY,
    SELECT_DELIVERIES,
    delivery_from_row,
    first_verdict_from_row,
)
from inspector.store.rows.guard import body_from_row
from inspector.store.rows.verdicts import SELECT_VERDICTS, verdict_from_row
from inspector.store.schema import SCRIPTS, version
from inspector.store.values import Row, integer

DELIVERY = SELECT_DELIVERIES + "WHERE delivery.id = :id"

DELIVERIES_AFTER = (
    SELECT_DELIVERIES + "WHERE delivery.id > :after ORDER BY delivery.id LIMIT :limit"
)

ATTEMPTS_AFTER = SELECT_ATTEMPTS + "WHERE id > :after ORDER BY id LIMIT :limit"

VERDICTS_AFTER = SELECT_VERDICTS + "WHERE id > :after ORDER BY id LIMIT :limit"

ATTEMPTS = SELECT_ATTEMPTS + "WHERE delivery_id = :delivery_id ORDER BY number"

LATER_VERDICTS = SELECT_VERDICTS + "WHERE delivery_id = :delivery_id ORDER BY id"

DUE = """
    SELECT schedule.delivery_id, schedule.due_at_us, delivery.endpoint, delivery.body_bytes
    FROM schedule JOIN delivery ON delivery.id = schedule.delivery_id
    WHERE schedule.due_at_us <= :now_us
        AND delivery.endpoint NOT IN (SELECT value FROM json_each(:without))
    ORDER BY schedule.due_at_us, schedule.delivery_id
    LIMIT :limit
"""

NEXT_DUE = "SELECT min(due_at_us) FROM schedule WHERE due_at_us > :after_us AND due_at_us < :never"

ENDPOINT_NAMES = "SELECT name FROM endpoint ORDER BY created_at_us, name"

PART = 500
"""Records looked at together, where all are."""

NEVER_US = 2**62
"""When a delivery is due that was put by: after whatever a clock says."""

NO_LIMIT = 2**63 - 1
"""Above every number of a record."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come to be handed to its target."""

    delivery_id: int
    due_at_us: int
    endpoint: str
    body_bytes: int


def delivery(connection: sqlite3.Connection, delivery_id: int) -> Delivery | None:
    """Return a delivery with its body. Raises StorageError if it is damaged."""
    rows = listed.all_rows(connection, DELIVERY, {"id": integer(delivery_id)})
    stored = body(connection, delivery_id)
    return delivery_from_row(rows[0], stored) if rows and stored is not None else None


def body(connection: sqlite3.Connection, delivery_id: int) -> bytes | None:
    """Return a delivery's body. Raises StorageError if it is damaged."""
    wanted = {"id": integer(delivery_id), "big": bodies.BIG_BYTES}
    with snapshot(connection):
        row = connection.execute(SELECT_BODY, wanted).fetchone()
        if row and row[0] is None:
            row = (bodies.read(connection, delivery_id), *row[1:])
    return body_from_row("delivery", delivery_id, row) if row else None


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read the same state throughout: what is committed between two reads would else be missed by both."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def records_after(connection: sqlite3.Connection, after: int, limit: int) -> list[Record]:
    """Return the `limit` lowest-numbered records above `after`, ascending, without bodies."""
    wanted = {"after": integer(after), "limit": max(limit, 0)}
    with snapshot(connection):
        deliveries = listed.all_rows(connection, DELIVERIES_AFTER, wanted)
        attempts = listed.all_rows(connection, ATTEMPTS_AFTER, wanted)
        verdicts = listed.all_rows(connection, VERDICTS_AFTER, wanted)
    records: list[Record] = [listed.delivery(row) for row in deliveries]
    records += [listed.attempt(row) for row in attempts]
    records += [listed.verdict(row) for row in verdicts]
    records.sort(key=attrgetter("id"))
    return records[: wanted["limit"]]


def damaged_records(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Yield the table and the number of each record that is not what was stored. Reads the whole database.

    That of an older version is not looked through.
    """
    if version(connection) < len(SCRIPTS):
        return
    for table, read, check in (
        ("delivery", DELIVERIES_AFTER, _check_delivery),
        ("attempt", ATTEMPTS_AFTER, _check_attempt),
        ("verdict", VERDICTS_AFTER, _check_verdict),
    ):
        after = 0
        while rows := listed.all_rows(connection, read, {"after": after, "limit": PART}):
            after = rows[-1][0]
            for row in rows:
                try:
                    check(connection, row)
                except StorageError:
                    yield table, row[0]


def _check_delivery(connection: sqlite3.Connection, row: Row) -> None:
    first_verdict_from_row(row)  # not the newest, which is a record of its own
    body(connection, row[0])


def _check_attempt(connection: sqlite3.Connection, row: Row) -> None:
    attempt_from_row(row)
    response_body(connection, row[0])
    edit(connection, row[0])


def _check_verdict(_: sqlite3.Connection, row: Row) -> None:
    verdict_from_row(row)


def attempts(
    connection: sqlite3.Connection, delivery_ids: Sequence[int]
) -> dict[int, list[Attempt]]:
    """Return each delivery's attempts, oldest first, without the answers' bodies."""
    return {delivery_id: _attempts_of(connection, delivery_id) for delivery_id in delivery_ids}


def _attempts_of(connection: sqlite3.Connection, delivery_id: int) -> list[Attempt]:
    found = listed.all_rows(connection, ATTEMPTS, {"delivery_id": integer(delivery_id)})
    return [listed.attempt(row, delivery_id) for row in found]


def verdicts(connection: sqlite3.Connection, delivery_id: int) -> list[Verdict]:
    """Return every verdict on a delivery, that of its arrival first. Raises StorageError if one is damaged."""
    first = listed.all_rows(connection, DELIVERY, {"id": integer(delivery_id)})
    later = listed.all_rows(connection, LATER_VERDICTS, {"delivery_id": integer(delivery_id)})
    return [
        *(first_verdict_from_row(row) for row in first),
        *(verdict_from_row(row) for row in later),
    ]


def response_body(connection: sqlite3.Connection, attempt_id: int) -> bytes | None:
    """Return what the target answered to an attempt, None if it did not or there is no such attempt.

    Raises StorageError if it is damaged.
    """
    row = connection.execute(SELECT_RESPONSE_BODY, {"id": integer(attempt_id)}).fetchone()
    return body_from_row("attempt", attempt_id, row) if row else None


def edit(connection: sqlite3.Connection, attempt_id: int) -> Edit | None:
    """Return what was changed before an attempt was sent, if anything was. Raises StorageError if it is damaged."""
    row = connection.execute(SELECT_EDIT, {"id": integer(attempt_id)}).fetchone()
    return edit_from_row(attempt_id, row) if row else None


def due(
    connection: sqlite3.Connection,
    now_us: int,
    limit: int,
    skip: Collection[int],
    without: Collection[str] = (),
) -> list[Due]:
    """Return up to `limit` deliveries that are due, longest overdue first.

    Without those in `skip`, and without those of the endpoints in `without`, all of which are walked through.
    """
    wanted = {
        "now_us": now_us,
        "limit": max(limit, 0) + len(skip),
        "without": json.dumps(list(without)),
    }
    rows = connection.execute(DUE, wanted)
    return [Due(*row) for row in rows if row[0] not in skip][: max(limit, 0)]


def next_due_us(connection: sqlite3.Connection, after_us: int) -> int | None:
    """Return the earliest time after `after_us` at which a delivery is due."""
    (earliest,) = connection.execute(NEXT_DUE, {"after_us": after_us, "never": NEVER_US}).fetchone()
    return None if earliest is None else int(earliest)


def endpoint_names(connection: sqlite3.Connection) -> list[str]:
    """Return the endpoints created on first use, oldest first."""
    return [name for (name,) in connection.execute(ENDPOINT_NAMES)]

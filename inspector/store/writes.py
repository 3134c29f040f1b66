"""What a group commit holds: functions that each store one thing, run together in the writing connection's thread."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from inspector.core.model import Attempt, Delivery, Record, Trigger
from inspector.store.rows import INSERT_ATTEMPT, INSERT_DELIVERY, Row, integer, text

READ_NEWEST = """
    SELECT max(
        (SELECT coalesce(max(newest), 0) FROM sequence),
        (SELECT coalesce(max(id), 0) FROM delivery),
        (SELECT coalesce(max(id), 0) FROM attempt)
    )
"""

WRITE_NEWEST = "UPDATE sequence SET newest = :newest"

NEXT_ATTEMPT_NUMBER = """
    SELECT 1 + (SELECT coalesce(max(number), 0) FROM attempt WHERE delivery_id = :delivery_id)
    FROM delivery
    WHERE id = :delivery_id
"""

SCHEDULE = """
    INSERT INTO schedule (delivery_id, due_at_us) VALUES (:delivery_id, :due_at_us)
    ON CONFLICT (delivery_id) DO UPDATE SET due_at_us = :due_at_us
"""

UNSCHEDULE = "DELETE FROM schedule WHERE delivery_id = :delivery_id"

INSERT_ENDPOINT = """
    INSERT INTO endpoint (name, created_at_us) VALUES (:name, :created_at_us)
    ON CONFLICT (name) DO NOTHING
"""


@dataclass(slots=True)
class Transaction:
    """One open group commit, as the writes in it see it."""

    connection: sqlite3.Connection
    newest: int
    """The highest number given out so far."""
    records: list[Record] = field(default_factory=list)
    """What was given a number in it, in ascending order."""

    def next_id(self) -> int:
        """Give out the next number of the sequence."""
        self.newest += 1
        return self.newest


T = TypeVar("T")
Write = Callable[[Transaction], T]
"""Stores one thing. It may raise sqlite3.Error, which fails the whole commit."""


def commit(
    connection: sqlite3.Connection, newest: int, writes: Sequence[Write[Any]]
) -> tuple[Transaction, list[Any]]:
    """Commit all the writes or none, and return what each returned. `newest` is the highest number before them."""
    transaction = Transaction(connection, newest)
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [write(transaction) for write in writes]
        if transaction.records:
            connection.execute(WRITE_NEWEST, {"newest": transaction.newest})
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has made SQLite roll back by itself, and then there is nothing to roll back.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return transaction, results


def insert_delivery(
    delivery: Delivery, row: Row, due_at_us: int | None, transaction: Transaction
) -> Delivery:
    """Store a delivery and, with `due_at_us`, its place in the schedule; return it with its number."""
    numbered = replace(delivery, id=transaction.next_id())
    transaction.connection.execute(INSERT_DELIVERY, (numbered.id, *row))
    if due_at_us is not None:
        _schedule(transaction, numbered.id, due_at_us)
    transaction.records.append(numbered)
    return numbered


def insert_attempt(
    attempt: Attempt, row: Row, retry_at_us: int | None, transaction: Transaction
) -> Attempt | None:
    """Store an attempt and what it does to the schedule; return it with its numbers, None if its delivery is gone."""
    delivery_id = integer(attempt.delivery_id)
    found = transaction.connection.execute(
        NEXT_ATTEMPT_NUMBER, {"delivery_id": delivery_id}
    ).fetchone()
    if found is None:
        return None
    numbered = replace(attempt, id=transaction.next_id(), number=found[0])
    transaction.connection.execute(INSERT_ATTEMPT, (numbered.id, numbered.number, *row))
    if attempt.trigger is not Trigger.REPLAY:
        if retry_at_us is None:
            unschedule(attempt.delivery_id, transaction)
        else:
            _schedule(transaction, attempt.delivery_id, retry_at_us)
    transaction.records.append(numbered)
    return numbered


def unschedule(delivery_id: int, transaction: Transaction) -> None:
    """Take a delivery from the schedule, if it is there."""
    transaction.connection.execute(UNSCHEDULE, {"delivery_id": integer(delivery_id)})


def insert_endpoint(name: str, created_at_us: int, transaction: Transaction) -> None:
    """Remember an endpoint; the first time it was created counts."""
    values = {"name": text(name), "created_at_us": integer(created_at_us)}
    transaction.connection.execute(INSERT_ENDPOINT, values)


def _schedule(transaction: Transaction, delivery_id: int, due_at_us: int) -> None:
    values = {"delivery_id": delivery_id, "due_at_us": integer(due_at_us)}
    transaction.connection.execute(SCHEDULE, values)


def read_newest(connection: sqlite3.Connection) -> int:
    """Return the highest number that was ever given out, also when its record is gone."""
    (newest,) = connection.execute(READ_NEWEST).fetchone()
    return int(newest)

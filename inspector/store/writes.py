"""What a group commit holds: functions that each note one thing, and the few statements that store it all.

Few, because every statement lets go of the interpreter lock and has to get it back from the event loop's thread: a
statement for each row would spend more on that than on SQLite.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from inspector.core.model import Attempt, Delivery, Record, Trigger, Verdict
from inspector.store.rows import (
    ATTEMPT_COLUMNS,
    DELIVERY_COLUMNS,
    HANDSHAKE_COLUMNS,
    INSERT_ATTEMPTS,
    INSERT_DELIVERIES,
    INSERT_HANDSHAKES,
    INSERT_VERDICTS,
    VERDICT_COLUMNS,
    Row,
)
from inspector.store.values import integer, text

READ_NEWEST = """
    SELECT max(
        (SELECT deleted FROM sequence),
        (SELECT coalesce(max(id), 0) FROM delivery),
        (SELECT coalesce(max(id), 0) FROM attempt),
        (SELECT coalesce(max(id), 0) FROM verdict)
    )
"""

READ_COUNT = """
    SELECT (SELECT coalesce(max(number), 0) FROM attempt WHERE delivery_id = :delivery_id)
    FROM delivery
    WHERE id = :delivery_id
"""

READ_KNOWN = "SELECT id FROM delivery WHERE id IN (VALUES {rows})"

SCHEDULE = """
    INSERT INTO schedule (delivery_id, due_at_us) VALUES {rows}
    ON CONFLICT (delivery_id) DO UPDATE SET due_at_us = excluded.due_at_us
"""

DELETE = """
    DELETE FROM delivery
    WHERE id IN (VALUES {rows}) AND NOT EXISTS (SELECT 1 FROM schedule WHERE delivery_id = delivery.id)
"""

SHRINK = "PRAGMA incremental_vacuum(1)"
"""For more than one page it wants to be stepped on and on, which Python does not do: it has no rows to fetch."""

UNSCHEDULE = "DELETE FROM schedule WHERE delivery_id IN (VALUES {rows})"

INSERT_ENDPOINTS = """
    INSERT INTO endpoint (name, created_at_us) VALUES {rows}
    ON CONFLICT (name) DO NOTHING
"""

ROWS_PER_STATEMENT = 64
"""The more, the fewer statements; but each count of rows is a statement of its own, which has to be compiled once."""
COUNTS_KEPT = 10_000

Statement = tuple[str, Sequence[Any]]
T = TypeVar("T")


class Counts:
    """How many attempts recent deliveries have, so that numbering the next one takes no query."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def next_number(self, connection: sqlite3.Connection, delivery_id: int) -> int | None:
        """Count one more attempt at a delivery and return its number; None if there is no such delivery."""
        count = self._counts.get(delivery_id)
        if count is None:
            found = connection.execute(READ_COUNT, {"delivery_id": delivery_id}).fetchone()
            if found is None:
                return None
            (count,) = found
        self._counts[delivery_id] = count + 1
        return count + 1

    def start(self, delivery_id: int) -> None:
        """Note a delivery that has no attempt yet."""
        if len(self._counts) >= COUNTS_KEPT:
            self._counts.clear()
        self._counts[delivery_id] = 0

    def drop(self, delivery_ids: Iterable[int]) -> None:
        """Forget deliveries that are gone: an attempt numbered without asking would fail a whole commit."""
        for delivery_id in delivery_ids:
            self._counts.pop(delivery_id, None)

    def forget(self) -> None:
        """Know nothing any more: what was counted was not committed."""
        self._counts.clear()


class Transaction:
    """One group commit in the making."""

    def __init__(self, connection: sqlite3.Connection, newest: int, counts: Counts) -> None:
        self.connection = connection
        self.newest = newest
        """The highest number given out so far."""
        self.counts = counts
        self.records: list[Record] = []
        """What was given a number in it, in ascending order."""
        self.deliveries: list[Row] = []
        self.handshakes: list[Row] = []
        self.attempts: list[Row] = []
        self.verdicts: list[Row] = []
        self.due: dict[int, int | None] = {}
        """When a delivery is due from now on; None: it no longer is."""
        self.endpoints: list[Row] = []
        self.deletions: list[Row] = []
        """Deliveries to take away, unless they are still owed to their target."""
        self.pages_to_free = 0
        """How many unused pages go back to the disk."""

    def next_id(self) -> int:
        """Give out the next number of the sequence."""
        self.newest += 1
        return self.newest

    def statements(self) -> list[Statement]:
        """Return what stores it all, in an order that no reference runs ahead of."""
        due = [(number, at_us) for number, at_us in self.due.items() if at_us is not None]
        settled = [(number,) for number, at_us in self.due.items() if at_us is None]
        return [
            *_batched(INSERT_DELIVERIES, DELIVERY_COLUMNS, self.deliveries),
            *_batched(INSERT_HANDSHAKES, HANDSHAKE_COLUMNS, self.handshakes),
            *_batched(INSERT_ATTEMPTS, ATTEMPT_COLUMNS, self.attempts),
            *_batched(INSERT_VERDICTS, VERDICT_COLUMNS, self.verdicts),
            *_batched(SCHEDULE, 2, due),
            *_batched(UNSCHEDULE, 1, settled),
            *_batched(INSERT_ENDPOINTS, 2, self.endpoints),
            # Last, so that it sees what the others made owed, and takes along what they added to what goes.
            *_batched(DELETE, 1, self.deletions),
        ]


Write = Callable[[Transaction], T]
"""Notes one thing in the transaction. It may raise sqlite3.Error, which fails the whole commit."""


def commit(
    connection: sqlite3.Connection, newest: int, counts: Counts, writes: Sequence[Write[Any]]
) -> tuple[Transaction, list[Any]]:
    """Commit all the writes or none, and return what each returned. `newest` is the highest number before them."""
    transaction = Transaction(connection, newest, counts)
    try:
        results = [write(transaction) for write in writes]
        statements = transaction.statements()
        if len(statements) == 1 and not transaction.pages_to_free:  # commits itself
            connection.execute(*statements[0])
        elif statements or transaction.pages_to_free:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(*statement)
            for _ in range(transaction.pages_to_free):
                connection.execute(SHRINK)
            connection.execute("COMMIT")
    except BaseException:
        counts.forget()
        if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    counts.drop(delivery_id for (delivery_id,) in transaction.deletions)
    return transaction, results


def insert_delivery(
    delivery: Delivery, row: Row, due_at_us: int | None, transaction: Transaction
) -> Delivery:
    """Store a delivery and, with `due_at_us`, its place in the schedule; return it with its number."""
    numbered = delivery.numbered(transaction.next_id())
    transaction.deliveries.append((numbered.id, *row))
    transaction.counts.start(numbered.id)
    if delivery.handshake is not None:
        transaction.handshakes.append((numbered.id, text(delivery.handshake)))
    if due_at_us is not None:
        transaction.due[numbered.id] = integer(due_at_us)
    transaction.records.append(numbered)
    return numbered


def insert_attempt(
    attempt: Attempt, row: Row, retry_at_us: int | None, transaction: Transaction
) -> Attempt | None:
    """Store an attempt and what it does to the schedule; return it with its numbers, None if its delivery is gone."""
    delivery_id = integer(attempt.delivery_id)
    number = transaction.counts.next_number(transaction.connection, delivery_id)
    if number is None:
        return None
    numbered = attempt.numbered(transaction.next_id(), number)
    transaction.attempts.append((numbered.id, number, *row))
    if attempt.trigger is not Trigger.REPLAY:
        transaction.due[delivery_id] = integer(retry_at_us)
    transaction.records.append(numbered)
    return numbered


def insert_verdicts(
    verdicts: Sequence[Verdict], rows: Sequence[Row], transaction: Transaction
) -> list[Verdict]:
    """Store verdicts on deliveries committed before; return those of deliveries that are there, with their numbers."""
    known = _known(transaction.connection, {row[0] for row in rows})
    stored: list[Verdict] = []
    for verdict, row in zip(verdicts, rows, strict=True):
        if row[0] in known:
            numbered = replace(verdict, id=transaction.next_id())
            transaction.verdicts.append((numbered.id, *row))
            stored.append(numbered)
    transaction.records += stored
    return stored


def _known(connection: sqlite3.Connection, delivery_ids: Collection[int]) -> set[int]:
    wanted = [(delivery_id,) for delivery_id in delivery_ids]
    return {
        found
        for sql, parameters in _batched(READ_KNOWN, 1, wanted)
        for (found,) in connection.execute(sql, parameters)
    }


def unschedule(delivery_id: int, transaction: Transaction) -> None:
    """Take a delivery from the schedule, if it is there."""
    transaction.due[integer(delivery_id)] = None


def insert_endpoint(name: str, created_at_us: int, transaction: Transaction) -> None:
    """Remember an endpoint; the first time it was created counts."""
    transaction.endpoints.append((text(name), created_at_us))


def read_newest(connection: sqlite3.Connection) -> int:
    """Return the highest number that was ever given out, also when its record is gone."""
    (newest,) = connection.execute(READ_NEWEST).fetchone()
    return int(newest)


def _batched(sql: str, columns: int, rows: Sequence[Row]) -> Iterator[Statement]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        part = rows[start : start + ROWS_PER_STATEMENT]
        yield _for_rows(sql, columns, len(part)), list(chain.from_iterable(part))


@lru_cache(maxsize=8 * ROWS_PER_STATEMENT)
def _for_rows(sql: str, columns: int, count: int) -> str:
    row = "(" + ", ".join("?" * columns) + ")"
    return sql.format(rows=", ".join([row] * count))

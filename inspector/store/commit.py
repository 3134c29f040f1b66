"""The group commit: what is noted in it, and the few statements that store it all.

Few, because every statement lets go of the interpreter lock and has to get it back from the event loop's thread: a
statement for each row would spend more on that than on SQLite.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from inspector.core.marks import Mark
from inspector.core.model import Record
from inspector.store import bodies
from inspector.store.duplicates import Firsts, Marking
from inspector.store.rows.attempts import (
    ATTEMPT_COLUMNS,
    EDIT_COLUMNS,
    INSERT_ATTEMPTS,
    INSERT_EDITS,
)
from inspector.store.rows.deliveries import (
    DELIVERY_COLUMNS,
    DUPLICATE_COLUMNS,
    HANDSHAKE_COLUMNS,
    INSERT_DELIVERIES,
    INSERT_DUPLICATES,
    INSERT_HANDSHAKES,
)
from inspector.store.rows.verdicts import INSERT_VERDICTS, VERDICT_COLUMNS
from inspector.store.seals import read_salt
from inspector.store.values import Row

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

SCHEDULE = """
    INSERT INTO schedule (delivery_id, due_at_us) VALUES {rows}
    ON CONFLICT (delivery_id) DO UPDATE SET due_at_us = excluded.due_at_us
"""

DELETE = """
    DELETE FROM delivery
    WHERE id IN (VALUES {rows})
        AND NOT EXISTS (SELECT 1 FROM schedule WHERE delivery_id = delivery.id)
        AND NOT EXISTS (SELECT 1 FROM mark WHERE delivery_id = delivery.id)
"""

SHRINK = "PRAGMA incremental_vacuum(1)"
"""For more than one page it wants to be stepped on and on, which Python does not do: it has no rows to fetch."""

UNSCHEDULE = "DELETE FROM schedule WHERE delivery_id IN (VALUES {rows})"

INSERT_ENDPOINTS = """
    INSERT INTO endpoint (name, created_at_us) VALUES {rows}
    ON CONFLICT (name) DO NOTHING
"""

ROWS_PER_STATEMENT = 64
"""A power of two, as every count of rows is: each is a statement of its own, which is compiled once and keeps a copy of
the rows it was given last. With all the counts from 1 to 64 that was 9 MB."""
COUNTS_KEPT = 2_000

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
T = TypeVar("T")


class Counts:
    """How many attempts recent deliveries have, so that numbering the next one takes no query."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._salt: int | None = None

    def salt(self, connection: sqlite3.Connection) -> int:
        """Return what this database's checksums are mixed with, asked for once."""
        if self._salt is None:
            self._salt = read_salt(connection)
        return self._salt

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

    def __init__(
        self, connection: sqlite3.Connection, newest: int, counts: Counts, firsts: Firsts
    ) -> None:
        self.connection = connection
        self.newest = newest
        """The highest number given out so far."""
        self.counts = counts
        self.salt = counts.salt(connection)
        self.marking = Marking(connection, firsts)
        self.records: list[Record] = []
        """What was given a number in it, in ascending order."""
        self.deliveries: list[Row] = []
        self.big_bodies: list[tuple[int, bytes]] = []
        """Those of deliveries whose rows are without them."""
        self.handshakes: list[Row] = []
        self.duplicates: list[Row] = []
        self.attempts: list[Row] = []
        self.edits: list[Row] = []
        self.verdicts: list[Row] = []
        self.due: dict[int, int | None] = {}
        """When a delivery is due from now on; None: it no longer is."""
        self.endpoints: list[Row] = []
        self.deletions: list[Row] = []
        """Deliveries to take away, unless they are marked or still owed to their target."""
        self.switches: list[Statement] = []
        """What a person changes: it stops and starts the forwarding of an endpoint, and marks deliveries."""
        self.marks: dict[int, Mark] = {}
        """What was made of some."""
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
            *batched(INSERT_DELIVERIES, DELIVERY_COLUMNS, self.deliveries),
            *batched(INSERT_HANDSHAKES, HANDSHAKE_COLUMNS, self.handshakes),
            *batched(INSERT_DUPLICATES, DUPLICATE_COLUMNS, self.duplicates),
            *batched(INSERT_ATTEMPTS, ATTEMPT_COLUMNS, self.attempts),
            *batched(INSERT_EDITS, EDIT_COLUMNS, self.edits),
            *batched(INSERT_VERDICTS, VERDICT_COLUMNS, self.verdicts),
            *batched(SCHEDULE, 2, due),
            *batched(UNSCHEDULE, 1, settled),
            *batched(INSERT_ENDPOINTS, 2, self.endpoints),
            *self.switches,  # after what they made due, which a pause puts by
            # Last, so that it sees what the others made owed, and takes along what they added to what goes.
            *batched(DELETE, 1, self.deletions),
        ]


Write = Callable[[Transaction], T]
"""Notes one thing in the transaction. It may raise sqlite3.Error, which fails the whole commit."""


def commit(
    connection: sqlite3.Connection,
    newest: int,
    counts: Counts,
    firsts: Firsts,
    writes: Sequence[Write[Any]],
) -> tuple[Transaction, list[Any]]:
    """Commit all the writes or none, and return what each returned. `newest` is the highest number before them."""
    transaction = Transaction(connection, newest, counts, firsts)
    try:
        results = [write(transaction) for write in writes]
        statements = transaction.statements()
        if len(statements) == 1 and not (transaction.big_bodies or transaction.pages_to_free):
            connection.execute(*statements[0])  # commits itself
        elif statements or transaction.pages_to_free:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(*statement)
            for delivery_id, body in transaction.big_bodies:
                bodies.write(connection, delivery_id, body)
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
    transaction.marking.committed()
    return transaction, results


def read_newest(connection: sqlite3.Connection) -> int:
    """Return the highest number that was ever given out, also when its record is gone."""
    (newest,) = connection.execute(READ_NEWEST).fetchone()
    return int(newest)


def batched(sql: str, columns: int, rows: Sequence[Row]) -> Iterator[Statement]:
    """Yield the statements that take all these rows: they stand where it says `{rows}`."""
    start = 0
    while (left := len(rows) - start) > 0:
        count = min(ROWS_PER_STATEMENT, 1 << left.bit_length() - 1)
        part = rows[start : start + count]
        yield _for_rows(sql, columns, count), list(chain.from_iterable(part))
        start += count


@lru_cache(maxsize=128)
def _for_rows(sql: str, columns: int, count: int) -> str:
    row = "(" + ", ".join("?" * columns) + ")"
    return sql.format(rows=", ".join([row] * count))

"""Reading what can be read of a damaged database, row by row, into another one."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspector.store.database import read_only
from inspector.store.reader import damaged_records
from inspector.store.rows.deliveries import SELECT_DELIVERIES, salt_from_row
from inspector.store.values import SEAL

TABLES: Mapping[str, str] = {
    "delivery": "id",
    "handshake": "delivery_id",
    "duplicate": "delivery_id",
    "mark": "delivery_id",
    "attempt": "id",
    "edit": "attempt_id",
    "verdict": "id",
    "schedule": "delivery_id",
    "endpoint": "rowid",
    "paused": "rowid",
}
"""Each with the number its rows are found by; those that others refer to come first."""
NAMES = {"endpoint", "paused"}
"""Whose rows may be in the other database already."""
BEYOND = 100_000
"""Numbers looked through past the last row that could be read, where the end cannot be."""
ROWS_PER_COMMIT = 500

LOWEST = "SELECT min({key}) FROM {table}"

HIGHEST = "SELECT max({key}) FROM {table}"

KNOWN = "SELECT name FROM sqlite_schema WHERE type = 'table'"

READ = "SELECT {columns} FROM {table} WHERE {key} BETWEEN :low AND :high ORDER BY {key}"

INSERT = "INSERT INTO {table} ({columns}) VALUES ({marks})"

DELETE = "DELETE FROM {table} WHERE id = :id"

COUNT = "SELECT count(*) FROM {table}"

READ_SEAL = "SELECT salt, unsealed FROM seal"

DELETED = "SELECT deleted FROM sequence"

NEWEST = SELECT_DELIVERIES + "ORDER BY delivery.id DESC LIMIT 200"

WRITE_SEAL = "UPDATE seal SET salt = :salt, unsealed = :unsealed"

HIGHEST_UNSEALED = """
    SELECT coalesce(max(id), 0)
    FROM (
        SELECT id, headers FROM delivery
        UNION ALL SELECT id, request_headers FROM attempt
    )
    WHERE substr(headers, 1, 2) <> :seal
"""

KEEP_NUMBERS = "UPDATE sequence SET deleted = max(deleted, :highest)"


@dataclass(slots=True)
class Repaired:
    """What a repair found, and what it saved."""

    moved_to: Path | None = None
    """Where the damaged files are now; None: there was no damage."""
    recovered: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    unreadable: int = 0
    """How many places could not be read, or held what cannot be stored again; a lost page is many rows."""
    set_aside: int = 0
    """Records that could be read and are not what was stored. They, too, are only in the damaged files now."""


def opened(path: Path) -> sqlite3.Connection:
    """Open a damaged database, to be read. Where it is none at all, there is nothing in it."""
    try:
        damaged = read_only(path)
    except sqlite3.Error:
        damaged = sqlite3.connect(":memory:")
    # Text that is no text any more is better than none.
    damaged.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return damaged


def copy(damaged: sqlite3.Connection, target: sqlite3.Connection, repaired: Repaired) -> None:
    """Copy what can be read, under the numbers it has."""
    for table in _tables(damaged, repaired):
        _copy(damaged, target, table, repaired)


def _tables(damaged: sqlite3.Connection, repaired: Repaired) -> list[str]:
    """Return which tables there are to look into: an older version has fewer."""
    try:
        known = {name for (name,) in damaged.execute(KNOWN)}
    except sqlite3.Error:
        known = set()
    if not known:
        repaired.unreadable += 1
    return [table for table in TABLES if table in known]


def _copy(
    damaged: sqlite3.Connection, target: sqlite3.Connection, table: str, repaired: Repaired
) -> None:
    """Copy what can be read of a table."""
    columns = _columns(target, table)
    with suppress(sqlite3.Error):  # an older version may have fewer
        columns = [name for name in columns if name in _columns(damaged, table)]
    insert = INSERT.format(
        table=table, columns=", ".join(columns), marks=", ".join("?" * len(columns))
    )
    highest = 0
    target.execute("BEGIN")
    for row in _readable(damaged, table, columns, repaired):
        highest = max(highest, row[0])
        values = row[1:]
        # Its body may be another's, or cut.
        if table == "delivery" and values[-2] != len(values[-1] or b""):
            repaired.unreadable += 1
            continue
        try:
            target.execute(insert, values)
        except sqlite3.IntegrityError:
            # Of another type, twice the same, or of a delivery that is lost.
            repaired.unreadable += table not in NAMES
            continue
        repaired.recovered[table] = count = repaired.recovered.get(table, 0) + 1
        if count % ROWS_PER_COMMIT == 0:
            target.execute("COMMIT")
            target.execute("BEGIN")
    if TABLES[table] == "id":  # what was lost keeps its number, too
        target.execute(KEEP_NUMBERS, {"highest": highest})
    target.execute("COMMIT")


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def copy_seal(
    damaged: sqlite3.Connection, target: sqlite3.Connection, rows: sqlite3.Connection
) -> None:
    """Take over what the checksums are mixed with. Where it is lost, or is damaged itself, `rows` tell it."""
    salt = upto = None
    with suppress(sqlite3.Error, TypeError):  # TypeError: there is no row
        salt, upto = damaged.execute(READ_SEAL).fetchone()
    votes: Counter[int | None] = Counter()
    with suppress(sqlite3.Error):
        votes.update(filter(None, map(salt_from_row, rows.execute(NEWEST))))
    if votes and salt not in votes:
        salt = votes.most_common(1)[0][0]
    if upto is None:
        (upto,) = target.execute(HIGHEST_UNSEALED, {"seal": SEAL}).fetchone()
    if salt is not None:
        target.execute(WRITE_SEAL, {"salt": salt, "unsealed": upto})


def highest(damaged: sqlite3.Connection) -> int:
    """Return a number that is not below any that was given out."""
    known = [_bound(damaged, HIGHEST, table) for table, key in TABLES.items() if key == "id"]
    with suppress(sqlite3.Error, TypeError):
        known.append(int(damaged.execute(DELETED).fetchone()[0]))
    found = [number for number in known if number is not None]
    return max(found, default=0) + (BEYOND if len(found) < len(known) or not found else 0)


def set_aside(target: sqlite3.Connection, repaired: Repaired) -> None:
    """Leave out what was copied and is not what was stored."""
    found = list(damaged_records(target))
    target.execute("BEGIN")
    for table, number in found:
        target.execute(DELETE.format(table=table), {"id": number})
    target.execute("COMMIT")
    repaired.set_aside = len(found)
    for table in repaired.recovered:  # with a delivery goes what belongs to it
        (repaired.recovered[table],) = target.execute(COUNT.format(table=table)).fetchone()


def _readable(
    damaged: sqlite3.Connection, table: str, columns: list[str], repaired: Repaired
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that can be read, each with its number in front.

    Where reading fails, the rest of the range is halved until it holds either only rows or a single bad place.
    """
    key = TABLES[table]
    read = READ.format(columns=", ".join([key, *columns]), table=table, key=key)
    end = _bound(damaged, HIGHEST, table)
    start = _bound(damaged, LOWEST, table) or 1
    ranges = [(start, start + BEYOND if end is None else end)]
    last_bad = -1
    while ranges:
        begun, high = ranges.pop()
        low = begun
        try:
            for row in damaged.execute(read, {"low": low, "high": high}):
                low = row[0] + 1
                yield row
        except sqlite3.Error:
            if low >= high:
                # A bad page is many numbers, and one place.
                repaired.unreadable += low > last_bad + 1
                last_bad = low
            else:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]
        if end is None and not ranges and low > begun:
            ranges.append((high + 1, high + BEYOND))


def _bound(damaged: sqlite3.Connection, sql: str, table: str) -> int | None:
    try:
        (number,) = damaged.execute(sql.format(key=TABLES[table], table=table)).fetchone()
    except sqlite3.Error:
        return None
    return int(number or 0)

"""Recovering what can be read of a damaged database into a new one, row by row. The damaged one is kept beside it."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.store import lock
from inspector.store.database import MAGIC, prepare, read_only
from inspector.store.files import open_private
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
    """Where the damaged files are now; None: the database was not damaged."""
    recovered: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    unreadable: int = 0
    """How many places could not be read, or held what cannot be stored again; a lost page is many rows."""
    set_aside: int = 0
    """Records that could be read and are not what was stored. They, too, are only in the damaged files now."""


def repair(data_dir: DataDir, stamp: str) -> Repaired:
    """Recover the database if it is damaged; its files go into `damaged-<stamp>` and stay there.

    Raises UnreachableError while an inspector uses the directory, HooktapError if files cannot be moved.
    """
    path = data_dir.database
    with lock.held(data_dir):
        if not path.exists():
            raise HooktapError(f"there is no database at {path}: nothing was received yet")
        if is_whole(path):
            return Repaired()
        made = path.with_name(f"recovered-{stamp}.db")
        repaired = Repaired(moved_to=data_dir.path / f"damaged-{stamp}")
        try:
            open_private(made).close()
            _recover(path, made, repaired)
            _move_aside(path, repaired.moved_to or data_dir.path)
            made.rename(path)
        except OSError as error:
            raise HooktapError(f"cannot repair {path}: {error.strerror}") from error
        except sqlite3.Error as error:  # of the new one: the damaged one is where it was
            raise HooktapError(f"cannot write {made}: {error}") from error
    return repaired


def is_whole(path: Path) -> bool:
    """Whether every page, index, reference and record of a database is as it should be."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) not in (MAGIC, b""):
            return False
    try:
        with closing(read_only(path)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return found == ("ok",) and not any(damaged_records(connection))
    except sqlite3.Error:
        return False


def _move_aside(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    # The database last: without it they would be taken for another's.
    for suffix in ("-wal", "-shm", ""):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(folder / file.name)


def _recover(path: Path, made: Path, repaired: Repaired) -> None:
    with closing(sqlite3.connect(made, isolation_level=None)) as target:
        prepare(target)
        with closing(_opened(path)) as damaged:
            for table in _tables(damaged, repaired):
                _copy(damaged, target, table, repaired)
            _copy_seal(damaged, target)
        _set_aside(target, repaired)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        target.execute("PRAGMA journal_mode = delete").fetchall()  # one file to move


def _opened(path: Path) -> sqlite3.Connection:
    try:
        damaged = read_only(path)
    except sqlite3.Error:  # no database at all: there is nothing to find
        damaged = sqlite3.connect(":memory:")
    # Text that is no text any more is better than none.
    damaged.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return damaged


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
            repaired.unreadable += 1
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


def _copy_seal(damaged: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Take over what the checksums are mixed with. Where it is lost, or is damaged itself, the rows tell it."""
    salt = upto = None
    with suppress(sqlite3.Error, TypeError):  # TypeError: there is no row
        salt, upto = damaged.execute(READ_SEAL).fetchone()
    rows = target.execute(SELECT_DELIVERIES + "ORDER BY delivery.id DESC LIMIT 200")
    votes = Counter(filter(None, map(salt_from_row, rows)))
    if votes and salt not in votes:
        salt = votes.most_common(1)[0][0]
    if upto is None:
        (upto,) = target.execute(HIGHEST_UNSEALED, {"seal": SEAL}).fetchone()
    target.execute(WRITE_SEAL, {"salt": salt or 0, "unsealed": upto})


def _set_aside(target: sqlite3.Connection, repaired: Repaired) -> None:
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

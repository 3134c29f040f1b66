"""Opening the database: recognise the file, set every connection up, put the write-ahead log away at the end."""

import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import aiosqlite

from inspector.errors import DamagedError, HooktapError
from inspector.store import schema
from inspector.store.connection import in_thread
from inspector.store.files import close_to_others, open_private
from inspector.store.reader import damaged_records

log = logging.getLogger(__name__)

SQLITE_VERSION = sqlite3.sqlite_version
SQLITE_MINIMUM = (3, 37, 0)
"""The first with STRICT tables."""
MAGIC = b"SQLite format 3\0"
STATEMENTS_KEPT = 256
"""Compiled statements a connection keeps: those of a group commit come in one for each power of two of rows."""

# https://sqlite.org/pragma.html. Each is read back after it is set: SQLite ignores what it does not like.
NEW_FILE: Mapping[str, int] = {
    "page_size": 16384,  # deliveries of 2 KB leave a sixth of a smaller page empty; what is written stays the same
    "auto_vacuum": 2,  # INCREMENTAL: space comes back without a VACUUM of everything
    "application_id": schema.APPLICATION_ID,  # the first write, before WAL: in the file itself from the beginning
}
EVERY_CONNECTION: Mapping[str, int | str] = {
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "temp_store": 2,  # MEMORY
    "mmap_size": 0,
}
WRITER: Mapping[str, int | str] = {
    **EVERY_CONNECTION,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is fsynced before it returns, which is what an acknowledgement promises
    "fullfsync": 1,  # macOS: flush the drive's cache too; nothing elsewhere
    "checkpoint_fullfsync": 1,
    "foreign_keys": 1,
    "journal_size_limit": 64 * 1024 * 1024,
    # Enough for a commit: the pages that are written to are few, at the end of each table. And it has to be said: in a
    # new file SQLite would keep as many pages as if they were of 4 KiB, four times the memory.
    "cache_size": -1000,
}
READER: Mapping[str, int | str] = {**EVERY_CONNECTION, "query_only": 1}

_INSTEAD = "move it away, or choose another directory with --data-dir"
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
LOOK = "SELECT {what} FROM {table}"
NEEDED = {"endpoint", "paused", "schedule", "seal", "sequence"}
PUT_AWAY = "put-away-"
"""How folders begin that hold a damaged database which nobody has looked into yet."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""What SQLite says of a file that is no good."""


@asynccontextmanager
async def open_writer(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open the one connection that writes, its database made or brought to this version.

    Raises HooktapError, the file untouched, if it is not ours to write: no database, another program's, or a newer
    version's. DamagedError if what is read at the start, or written to first, is damaged, or something was found to be
    the last time.
    """
    _recognise(path)
    if suspicion(path).exists():
        raise DamagedError(
            f"the database {path} is damaged: something could not be stored in it "
            "(`hooktap doctor --repair` keeps what can be read of it)"
        )
    await _recognise_log(path)
    async with _connected(path, "rw") as connection:
        with explained(path):
            await in_thread(connection, prepare)
            await in_thread(connection, _look)
        try:
            yield connection
        finally:
            await _put_log_away(connection, path)


@asynccontextmanager
async def open_reader(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection that can neither write nor checkpoint. Raises HooktapError."""
    async with _connected(path, "ro") as connection:
        with explained(path):
            await in_thread(connection, _set, READER)
        yield connection


def read_only(path: Path) -> sqlite3.Connection:
    """Open a connection that changes nothing, for whoever works outside of an event loop. Raises sqlite3.Error."""
    connection = sqlite3.connect(_uri(path, "ro"), uri=True, isolation_level=None)
    try:
        _set(connection, READER)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


async def read_version(path: Path) -> int:
    """Return which version of its schema a database has, and change nothing. Raises HooktapError."""
    async with open_reader(path) as connection:
        with explained(path):
            return await in_thread(connection, schema.version)


def find_damage(path: Path, *, limit_s: float) -> str | None:
    """Return what is wrong inside a database, None if nothing is, and change nothing.

    Raises TimeoutError if it is too large to be read in that time, HooktapError if it cannot be opened.
    """
    until_s = time.monotonic() + limit_s
    damaged = 0
    with explained(path), closing(read_only(path)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > until_s, 10_000)
        try:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                return str(found)
            for _ in damaged_records(connection):
                damaged += 1
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            if not damaged:
                raise TimeoutError from None
    if not damaged:
        return None
    return f"{damaged} {'record is' if damaged == 1 else 'records are'} not what was stored"


@asynccontextmanager
async def _connected(path: Path, mode: str) -> AsyncIterator[aiosqlite.Connection]:
    with explained(path):
        connection = await aiosqlite.connect(
            _uri(path, mode), uri=True, isolation_level=None, cached_statements=STATEMENTS_KEPT
        )
    try:
        yield connection
    finally:
        await connection.close()  # or its thread would keep the process from ending


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _recognise(path: Path) -> None:
    """Refuse what is not ours by its first bytes, because SQLite may write to a file it is only asked about."""
    if sqlite3.sqlite_version_info < SQLITE_MINIMUM:
        needed = ".".join(map(str, SQLITE_MINIMUM))
        raise HooktapError(
            f"this Python has SQLite {sqlite3.sqlite_version}; {needed} or newer is needed"
        )
    with open_private(path) as file:
        header = file.read(100)  # https://sqlite.org/fileformat.html#the_database_header
    if not header:
        return
    if len(header) < 100 or not header.startswith(MAGIC):
        raise HooktapError(f"{path} is not an SQLite database ({_INSTEAD})")
    if int.from_bytes(header[68:72], "big") != schema.APPLICATION_ID:
        raise HooktapError(f"{path} is the database of another program ({_INSTEAD})")
    _refuse_newer(path, int.from_bytes(header[60:64], "big"))
    for suffix in ("", "-wal", "-shm"):
        close_to_others(path.with_name(path.name + suffix))


async def _recognise_log(path: Path) -> None:
    """Refuse a newer version that was killed, and so left its number in the write-ahead log only."""
    if not path.with_name(path.name + "-wal").exists():
        return
    # Read-only: a writing connection that is closed moves the log into the database, which is not ours to touch.
    async with open_reader(path) as connection:
        with explained(path):
            version = await in_thread(connection, schema.version)
    _refuse_newer(path, version)


def _refuse_newer(path: Path, version: int) -> None:
    known = len(schema.SCRIPTS)
    if version > known:
        raise HooktapError(
            f"{path} was written by a newer hooktap: its version is {version}, this one knows {known} "
            "(install the newer hooktap again, or choose another directory with --data-dir)"
        )


def prepare(connection: sqlite3.Connection) -> None:
    """Set the writing connection up, its database made or brought to this version."""
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        _set(connection, NEW_FILE)
    _set(connection, WRITER)
    schema.migrate(connection)


def _look(connection: sqlite3.Connection) -> None:
    """Read what a start needs, and of other tables the end, where the next row is written. Raises sqlite3.Error."""
    for (table,) in connection.execute(TABLES).fetchall():
        look = "count(*)" if table in NEEDED else "max(rowid)"
        connection.execute(LOOK.format(what=look, table=table)).fetchall()


def _set(connection: sqlite3.Connection, pragmas: Mapping[str, int | str]) -> None:
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if row is not None and row[0] != value:  # no row: built without it, as mmap may be
            raise sqlite3.NotSupportedError(f"{name} is {row[0]} and cannot be set to {value}")


async def _put_log_away(connection: aiosqlite.Connection, path: Path) -> None:
    # Only the writer ever checkpoints (two at once is what SQLite's WAL-reset bug needs), and once more at its end.
    try:
        await in_thread(connection, _truncate_log)
    except sqlite3.Error as error:
        log.warning("the write-ahead log of %s stays beside it: %s", path, error)


def _truncate_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what SQLite says of a database as a HooktapError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise DamagedError(
                f"the database {path} is damaged: {error} (`hooktap doctor --repair` keeps what can be read of it)"
            ) from error
        raise HooktapError(
            f"the database {path} cannot be opened: {error} (choose another directory with --data-dir)"
        ) from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether that is what SQLite says of a file that is no good."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def put_away(path: Path) -> list[Path]:
    """Return such folders beside a database, the oldest first."""
    return sorted(path.parent.glob(f"{PUT_AWAY}*"))


def suspicion(path: Path) -> Path:
    """Return the file that stands beside a database in which something could not be stored because it is damaged."""
    return path.with_name(f"{path.name}-damaged")


def suspect(path: Path) -> None:
    """Note that about a database, for the next start."""
    with suppress(OSError):
        suspicion(path).touch(mode=0o600)

"""The SQLite file behind a ledger: made, recognised, and kept from everybody else while it is open."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import aiosqlite

from inspector.errors import StorageError
from inspector.store.connection import in_thread

APPLICATION_ID: Final = 0x484B5453
"""`HKTS`: what says that a database is a stand-in's (SQLite's `PRAGMA application_id`)."""
BUSY_S: Final = 1.0
"""For another stand-in of the same state to let go of it."""

# Exclusive: two that send from one state would send everything twice. A process that is killed lets go of it.
SCRIPT = f"""
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA locking_mode = exclusive;
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS webhook (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL,
        format TEXT NOT NULL, secret TEXT, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
        enabled INTEGER NOT NULL, version INTEGER NOT NULL, failures INTEGER NOT NULL, extra TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS parcel (
        id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, event TEXT NOT NULL, event_id TEXT NOT NULL,
        headers TEXT NOT NULL, made_us INTEGER NOT NULL, due_us INTEGER NOT NULL, attempts INTEGER NOT NULL,
        state TEXT NOT NULL, last TEXT, body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS door (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1), provider TEXT NOT NULL, token TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS parcel_due ON parcel (due_us) WHERE state = 'pending';
"""


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open the file, or make one that only its owner can read.

    Raises StorageError where it is damaged, in use, or another program's, which is left as it is.
    """
    with explained(path):
        await asyncio.to_thread(path.touch, 0o600)
        connection = await aiosqlite.connect(path, timeout=BUSY_S)
    try:
        with explained(path):
            connection.row_factory = sqlite3.Row
            await in_thread(connection, _recognise)
            await connection.executescript(SCRIPT)
        yield connection
    finally:
        await connection.close()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise StorageError for whatever goes wrong with the file at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise StorageError(f"the state of the stand-in, {path}, cannot be used: {error}") from error


def _recognise(connection: sqlite3.Connection) -> None:
    ((application_id,),) = connection.execute("PRAGMA application_id")
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    if application_id != APPLICATION_ID and (application_id or tables):
        raise ValueError("it is another program's database")

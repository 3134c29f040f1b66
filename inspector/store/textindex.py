"""The text index: a file beside the database by which words, columns and times are found without reading every row.

Nothing in it is evidence: damaged, or made for another database, it is thrown away and built anew. Its tables keep no
text (`content=''`), only which numbers have which word: those of deliveries that are gone stay until it is built anew,
and find nothing. What fills it is the `indexer`.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import aiosqlite

from inspector.store.connection import in_thread
from inspector.store.database import DAMAGED, EVERY_CONNECTION, read_only
from inspector.store.files import open_private
from inspector.store.seals import read_salt
from inspector.store.values import Row

APPLICATION_ID = 0x484B5458
"""`HKTX`."""
VERSION = 1
"""Of what stands in it. Another version's is built anew."""
MANY_VALUES = 64
TOO_MANY_GONE = 10_000
"""And more than half of all: the index is built anew."""

# Measured: words without their positions take a quarter of the bodies' bytes; with them, a half; trigrams of bodies,
# three quarters, and seven times as long to build. Trigrams of the names, which are short, take a twentieth.
SCRIPT = f"""
    CREATE VIRTUAL TABLE word USING fts5(said, content='', columnsize=0, detail=none, tokenize='ascii');
    CREATE VIRTUAL TABLE name USING fts5(said, content='', columnsize=0, detail=none, tokenize='trigram');
    -- What some numbers in a row have in common, so that a filter can leave them out together.
    CREATE TABLE zone (
        upto INTEGER PRIMARY KEY,
        above INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        oldest_us INTEGER,
        newest_us INTEGER,
        smallest_bytes INTEGER,
        largest_bytes INTEGER
    ) STRICT;
    -- What columns hold, as words.
    CREATE TABLE value (entry TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    -- One row, by which it knows its database: the number drawn for that, and the last delivery.
    CREATE TABLE origin (salt INTEGER, delivery_id INTEGER NOT NULL, uid TEXT NOT NULL) STRICT;
    INSERT INTO origin VALUES (NULL, 0, '');
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {VERSION};
"""  # noqa: S608 - constants

VALUES = "SELECT entry FROM value WHERE entry >= :entry AND entry < :entry || :last LIMIT :limit"

ORIGIN = "SELECT salt, delivery_id, uid FROM origin"

SET_SALT = "UPDATE origin SET salt = :salt"

UPTO = "SELECT coalesce(max(upto), 0), coalesce(sum(deliveries), 0) FROM zone"

UID = """
    SELECT
        (SELECT uid FROM delivery WHERE id = :id),
        max((SELECT coalesce(max(id), 0) FROM delivery), (SELECT deleted FROM sequence))
"""

COUNT = "SELECT count(*) FROM delivery"


class Unusable(Exception):
    """The file is damaged, or another's: it is to be built anew."""


@cache
def available() -> bool:
    """Whether this SQLite can do it at all."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = [option for (option,) in connection.execute("PRAGMA compile_options")]
    return "ENABLE_FTS5" in options


def path_beside(database: Path) -> Path:
    """Return where the index of a database stands."""
    return database.with_name("text.db")


class TextIndex(NamedTuple):
    """One that is being read."""

    connection: sqlite3.Connection
    upto: int
    """Every delivery up to this number is in it."""


@contextmanager
def reading(path: Path | None) -> Iterator[TextIndex | None]:
    """Open the index to look something up, for a moment; None if there is none to be read.

    Raises Unusable if it is damaged.
    """
    connection = _connected(path) if path is not None and available() and path.exists() else None
    if connection is None:
        yield None
        return
    with closing(connection):
        with told():
            connection.execute("BEGIN")  # what is added meanwhile is not seen
            upto = indexed_upto(connection)
        yield TextIndex(connection, upto)


def _connected(path: Path) -> sqlite3.Connection | None:
    try:
        connection = read_only(path)
    except sqlite3.Error:  # just being made, or being put away
        return None
    try:
        if connection.execute("PRAGMA user_version").fetchone() == (VERSION,):
            return connection
    except sqlite3.Error:
        pass
    connection.close()
    return None


def indexed_upto(connection: sqlite3.Connection) -> int:
    """Return the number up to which every delivery is in the index."""
    return int(connection.execute(UPTO).fetchone()[0])


def values(connection: sqlite3.Connection, beginning: str) -> list[str] | None:
    """Return what columns hold that begins so; None if it is a great deal."""
    wanted = {"entry": beginning, "last": "\U0010ffff", "limit": MANY_VALUES + 1}
    with told():
        found = [entry for (entry,) in connection.execute(VALUES, wanted)]
    return found if len(found) <= MANY_VALUES else None


_CACHE_KIB = 500
"""Little: what is read to be indexed is read once, and what is merged is merged from end to end."""

_SETTINGS = {
    **EVERY_CONNECTION,
    "page_size": 8192,
    "journal_mode": "wal",
    "synchronous": 1,  # NORMAL: what a power cut takes is indexed again
    "journal_size_limit": 16 * 1024 * 1024,
    "cache_size": -_CACHE_KIB,
}


@asynccontextmanager
async def opened(
    path: Path, database: Path
) -> AsyncIterator[tuple[aiosqlite.Connection, sqlite3.Connection]]:
    """Open the index to fill it, made if need be, and the database to read it. Raises Unusable."""
    open_private(path).close()
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        rows = await in_thread(connection, _prepare, database)
        try:
            yield connection, rows
        finally:
            await in_thread(connection, lambda _: rows.close())
    finally:
        await connection.close()


def _prepare(connection: sqlite3.Connection, database: Path) -> sqlite3.Connection:
    """Make the tables, or check that they are those of this database; return a connection to read it with."""
    with told():
        _set_up(connection)
    rows = read_only(database)
    rows.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    # A flipped bit may have left what is no text: that is for others to tell.
    rows.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        with told():
            known = connection.execute(ORIGIN).fetchone()
            _, counted = connection.execute(UPTO).fetchone()
        salt = read_salt(rows)
        _compare(rows, salt, known, counted)
        connection.execute(SET_SALT, {"salt": salt})
    except BaseException:
        rows.close()
        raise
    return rows


def _set_up(connection: sqlite3.Connection) -> None:
    for name, value in _SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {value}")
    if connection.execute("PRAGMA page_count").fetchone()[0] <= 1:
        connection.executescript(f"BEGIN; {SCRIPT} COMMIT;")
    (application_id,), (version,) = (
        connection.execute(f"PRAGMA {name}").fetchone()
        for name in ("application_id", "user_version")
    )
    if (application_id, version) != (APPLICATION_ID, VERSION):
        raise Unusable("another program's or version's")


def _compare(rows: sqlite3.Connection, salt: int, known: Row, counted: int) -> None:
    """Raise Unusable if an index that knows this much is not the database's, or for the most part of what is gone."""
    known_salt, number, uid = known
    found, newest = rows.execute(UID, {"id": number}).fetchone()
    if known_salt not in (None, salt) or found not in (None, uid) or number > newest:
        raise Unusable("it is not of this database")
    (count,) = rows.execute(COUNT).fetchone()
    if counted > 2 * count + TOO_MANY_GONE:
        raise Unusable("most of what it finds is gone")


_USELESS = DAMAGED | {sqlite3.SQLITE_ERROR}
"""The latter for what is missing in it."""


@contextmanager
def told() -> Iterator[None]:
    """Raise Unusable where SQLite says that the file is no good."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _USELESS:
            raise Unusable(str(error)) from error
        raise


def discard(path: Path) -> None:
    """Throw the index away."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

"""The text index: a file beside the database by which words, columns and times are found without reading every row.

Nothing in it is evidence. It is built behind the commits by a task of its own, in a thread and a file of its own, so
no acknowledgement waits for it; damaged, or made for another database, it is thrown away and built anew. Its tables
keep no text (`content=''`), only which numbers have which word: those of deliveries that are gone stay until it is
built anew, and find nothing.
"""

import asyncio
import errno
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import cache
from pathlib import Path

import aiosqlite

from inspector.core.query import Key
from inspector.errors import HooktapError
from inspector.store import tokens
from inspector.store.connection import in_thread
from inspector.store.content import HEAD_BYTES, head
from inspector.store.database import DAMAGED, EVERY_CONNECTION, read_only
from inspector.store.files import open_private
from inspector.store.seals import read_salt
from inspector.store.space import Disk
from inspector.store.values import Row

log = logging.getLogger(__name__)

APPLICATION_ID = 0x484B5458
"""`HKTX`."""
VERSION = 1
"""Of what stands in it. Another version's is built anew."""
SLICE_DELIVERIES = 200
SLICE_BYTES = 4 * 1024 * 1024
"""What one commit indexes: some hundredths of a second of its thread."""
ZONE_DELIVERIES = 1000
LOOK_EVERY_S = 0.5
AGAIN_S = 30.0
"""After what should not happen."""
REST = 1.0
REST_BUSY = 9.0
REST_FLOODED = 49.0
"""So many times as long as a slice took nothing is done after it; more while deliveries arrive, and more still while
they arrive faster than they could be indexed."""
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

READ = f"""
    SELECT
        id, uid, received_at_us, body_bytes, endpoint, provider, outcome, event, method, event_id, attempt_id,
        iif(body_bytes <= {HEAD_BYTES}, body, NULL)
    FROM delivery
    WHERE id > :after AND id <= :upto
    ORDER BY id
    LIMIT {SLICE_DELIVERIES}
"""  # noqa: S608 - constants

INSERT_WORDS = "INSERT INTO word (rowid, said) VALUES (?, CAST(? AS TEXT))"

INSERT_VALUES = "INSERT INTO value (entry) VALUES (?) ON CONFLICT (entry) DO NOTHING"

VALUES = "SELECT entry FROM value WHERE entry >= :entry AND entry < :entry || :last LIMIT :limit"

INSERT_NAMES = "INSERT INTO name (rowid, said) VALUES (?, ?)"

LAST_ZONE = "SELECT upto, deliveries FROM zone ORDER BY upto DESC LIMIT 1"

INSERT_ZONE = """
    INSERT INTO zone (upto, above, deliveries, oldest_us, newest_us, smallest_bytes, largest_bytes)
    VALUES (:upto, :above, :deliveries, :oldest_us, :newest_us, :smallest_bytes, :largest_bytes)
"""

# min() and max() of nothing known are what is known.
WIDEN_ZONE = """
    UPDATE zone SET
        upto = :upto,
        deliveries = deliveries + :deliveries,
        oldest_us = min(coalesce(oldest_us, :oldest_us), coalesce(:oldest_us, oldest_us)),
        newest_us = max(coalesce(newest_us, :newest_us), coalesce(:newest_us, newest_us)),
        smallest_bytes = min(coalesce(smallest_bytes, :smallest_bytes), coalesce(:smallest_bytes, smallest_bytes)),
        largest_bytes = max(coalesce(largest_bytes, :largest_bytes), coalesce(:largest_bytes, largest_bytes))
    WHERE upto = :last
"""

ORIGIN = "SELECT salt, delivery_id, uid FROM origin"

SET_SALT = "UPDATE origin SET salt = :salt"

SET_ORIGIN = "UPDATE origin SET delivery_id = :delivery_id, uid = :uid"

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


@contextmanager
def reading(path: Path | None) -> Iterator[sqlite3.Connection | None]:
    """Open the index to look something up, for a moment; None if there is none to be read."""
    connection = _connected(path) if path is not None and available() and path.exists() else None
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


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


class Indexer:
    """Follows the commits."""

    def __init__(self, database: Path, newest: Callable[[], int]) -> None:
        self._database = database
        self._path = path_beside(database)
        self._newest = newest
        self._is_trusted = False

    @property
    def path(self) -> Path | None:
        """Where it is, once it is known to be of this database; None: it is not to be read."""
        return self._path if self._is_trusted else None

    def distrust(self) -> None:
        """Build it anew: somebody could not read it."""
        self._is_trusted = False

    async def run(self) -> None:
        """Index what is committed, for ever."""
        if not available():
            log.info("this SQLite has no FTS5: `body:` looks into the bodies themselves")
            return
        while True:
            try:
                async with _opened(self._path, self._database) as parts:
                    self._is_trusted = True
                    await self._follow(*parts)
            except Unusable as problem:
                log.info("the text index %s is built anew: %s", self._path, problem)
                await asyncio.to_thread(_discard, self._path)
                await asyncio.sleep(LOOK_EVERY_S)
            except (sqlite3.Error, OSError, HooktapError) as error:
                log.warning("the text index %s rests for %g s: %s", self._path, AGAIN_S, error)
                await asyncio.sleep(AGAIN_S)
            finally:
                self._is_trusted = False

    async def _follow(self, connection: aiosqlite.Connection, rows: sqlite3.Connection) -> None:
        upto = -1
        while True:
            if not self._is_trusted:
                raise Unusable("it could not be read")
            newest = self._newest()
            if newest == upto:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            began_s = time.monotonic()
            is_last = await in_thread(connection, index_slice, rows, newest)
            upto = newest if is_last else upto
            took_s = time.monotonic() - began_s
            await asyncio.sleep(took_s * _rest(self._newest() - newest))


def _rest(arrived: int) -> float:
    if not arrived:
        return REST
    return REST_BUSY if arrived < SLICE_DELIVERIES else REST_FLOODED


def index_slice(connection: sqlite3.Connection, rows: sqlite3.Connection, newest: int) -> bool:
    """Index the next deliveries, numbered up to `newest`; whether they were the last."""
    with told():
        after = indexed_upto(connection)
    if after >= newest:
        return True
    if Disk.of(_directory_of(connection)).is_low:
        raise OSError(errno.ENOSPC, "the disk is all but full")
    part = _Slice()
    found = rows.execute(READ, {"after": after, "upto": newest})
    for row in found:
        part.add(row, head(rows, row[0]) if row[-1] is None else row[-1])
        if part.bytes > SLICE_BYTES:
            break
    is_last = part.bytes <= SLICE_BYTES and len(part.words) < SLICE_DELIVERIES
    found.close()
    with told(), _transaction(connection):
        part.write(connection, after, newest if is_last else part.words[-1][0])
    return is_last


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


class _Slice:
    """Some deliveries in a row, as the index has them."""

    def __init__(self) -> None:
        self.words: list[tuple[int, bytes]] = []
        self.bytes = 0
        self._values: set[str] = set()
        self._names: list[tuple[int, str]] = []
        self._times: list[int] = []
        self._sizes: list[int] = []
        self._uid = ""

    def add(self, row: Row, content: bytes) -> None:
        """Take a row of `READ`, and the beginning of its body."""
        number, self._uid, at_us, body_bytes, *columns, event_id, attempt_id, _ = row
        endpoint, _, _, event, _ = columns
        values = tokens.entries(zip(_KEYS, columns, strict=True))
        self._values.update(values)
        self.words.append((number, tokens.document(values, content)))
        self._names.append((number, tokens.names((endpoint, event, event_id, attempt_id))))
        self._times.append(at_us)
        self._sizes.append(body_bytes)
        self.bytes += len(content)

    def write(self, connection: sqlite3.Connection, above: int, upto: int) -> None:
        """Note it all; `upto` is how far the index then is."""
        connection.executemany(INSERT_WORDS, self.words)
        connection.executemany(INSERT_NAMES, self._names)
        connection.executemany(INSERT_VALUES, [(entry,) for entry in self._values])
        if self.words:
            wanted = {"delivery_id": self.words[-1][0], "uid": self._uid}
            connection.execute(SET_ORIGIN, wanted)
        zone = {
            "upto": upto,
            "above": above,
            "deliveries": len(self.words),
            "oldest_us": min(self._times, default=None),
            "newest_us": max(self._times, default=None),
            "smallest_bytes": min(self._sizes, default=None),
            "largest_bytes": max(self._sizes, default=None),
        }
        last = connection.execute(LAST_ZONE).fetchone()
        if last is None or last[1] >= ZONE_DELIVERIES:
            connection.execute(INSERT_ZONE, zone)
        else:
            connection.execute(WIDEN_ZONE, zone | {"last": last[0]})


_KEYS = (Key.ENDPOINT, Key.PROVIDER, Key.OUTCOME, Key.EVENT, Key.METHOD)


_SETTINGS = {
    **EVERY_CONNECTION,
    "page_size": 8192,
    "journal_mode": "wal",
    "synchronous": 1,  # NORMAL: what a power cut takes is indexed again
    "journal_size_limit": 16 * 1024 * 1024,
}


@asynccontextmanager
async def _opened(
    path: Path, database: Path
) -> AsyncIterator[tuple[aiosqlite.Connection, sqlite3.Connection]]:
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


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _directory_of(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent

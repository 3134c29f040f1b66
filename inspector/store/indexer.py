"""The task that fills the text index behind the commits, in a thread and a file of its own: nothing waits for it."""

import asyncio
import errno
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiosqlite

from inspector.core.query import Key
from inspector.errors import HooktapError
from inspector.store import textindex, tokens
from inspector.store.connection import in_thread
from inspector.store.content import HEAD_BYTES, head
from inspector.store.space import Disk
from inspector.store.tempo import Tempo
from inspector.store.textindex import Unusable, indexed_upto, told
from inspector.store.values import Row

log = logging.getLogger(__name__)

SLICE_DELIVERIES = 200
SLICE_BYTES = 4 * 1024 * 1024
"""What one commit indexes."""
PART_DELIVERIES = 10
"""What is read at once. It keeps the interpreter lock from whoever acknowledges deliveries: were a whole slice read at
once, one of a hundred would wait for it twice as long as without an index."""
ZONE_DELIVERIES = 1000
LOOK_EVERY_S = 0.5
AGAIN_S = 30.0
"""After what should not happen."""

READ = f"""
    SELECT
        id, uid, received_at_us, body_bytes, endpoint, provider, outcome, event, method, event_id, attempt_id,
        iif(body_bytes <= {HEAD_BYTES}, body, NULL)
    FROM delivery
    WHERE id > :after AND id <= :upto
    ORDER BY id
    LIMIT {PART_DELIVERIES}
"""  # noqa: S608 - constants

INSERT_WORDS = "INSERT INTO word (rowid, said) VALUES (?, CAST(? AS TEXT))"

INSERT_VALUES = "INSERT INTO value (entry) VALUES (?) ON CONFLICT (entry) DO NOTHING"

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

SET_ORIGIN = "UPDATE origin SET delivery_id = :delivery_id, uid = :uid"


class Indexer:
    """Follows the commits."""

    def __init__(self, database: Path, newest: Callable[[], int]) -> None:
        self._database = database
        self._path = textindex.path_beside(database)
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
        if not textindex.available():
            log.info("this SQLite has no FTS5: `body:` looks into the bodies themselves")
            return
        while True:
            try:
                async with textindex.opened(self._path, self._database) as parts:
                    self._is_trusted = True
                    await self._follow(*parts)
            except Unusable as problem:
                log.info("the text index %s is built anew: %s", self._path, problem)
                await asyncio.to_thread(textindex.discard, self._path)
                await asyncio.sleep(LOOK_EVERY_S)
            except (sqlite3.Error, OSError, HooktapError) as error:
                log.warning("the text index %s rests for %g s: %s", self._path, AGAIN_S, error)
                await asyncio.sleep(AGAIN_S)
            finally:
                self._is_trusted = False

    async def _follow(self, connection: aiosqlite.Connection, rows: sqlite3.Connection) -> None:
        upto, tempo = -1, Tempo(self._newest(), PART_DELIVERIES)
        while True:
            newest = self._newest()
            if newest == upto:
                self._insist()
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            steps = await in_thread(connection, index, rows, newest)
            has_more = True
            while has_more:
                self._insist()
                began_s = time.monotonic()
                has_more = await in_thread(connection, _step, steps)
                await asyncio.sleep(tempo.rest_s(time.monotonic() - began_s, self._newest()))
            upto = newest

    def _insist(self) -> None:
        if not self._is_trusted:
            raise Unusable("it could not be read")


def _step(_: sqlite3.Connection, steps: Iterator[bool]) -> bool:
    return next(steps, False)


def index(connection: sqlite3.Connection, rows: sqlite3.Connection, newest: int) -> Iterator[bool]:
    """Index the deliveries numbered up to `newest`, in steps after each of which others may have their turn."""
    with told():
        upto = indexed_upto(connection)
    while upto < newest:
        if Disk.of(_directory_of(connection)).is_low:
            raise OSError(errno.ENOSPC, "the disk is all but full")
        gathered = _Slice(upto)
        while not gathered.is_full and gathered.read(rows, newest):
            yield True
        above, upto = upto, gathered.upto if gathered.is_full else newest
        with told(), _transaction(connection):
            gathered.write(connection, above, upto)
        yield True


def _directory_of(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


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

    def __init__(self, above: int) -> None:
        self.upto = above
        """The number of the last of them."""
        self._words: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._values: set[str] = set()
        self._names: list[tuple[int, str]] = []
        self._times: list[int] = []
        self._sizes: list[int] = []
        self._uid = ""

    @property
    def is_full(self) -> bool:
        """Whether it is to be written."""
        return len(self._words) >= SLICE_DELIVERIES or self._bytes > SLICE_BYTES

    def read(self, rows: sqlite3.Connection, newest: int) -> bool:
        """Take the next few, numbered up to `newest`; whether there were any."""
        before = len(self._words)
        found = rows.execute(READ, {"after": self.upto, "upto": newest})
        for row in found:
            self._add(row, head(rows, row[0]) if row[-1] is None else row[-1])
            if self.is_full:
                break
        found.close()
        return len(self._words) > before

    def _add(self, row: Row, content: bytes) -> None:
        self.upto, self._uid, at_us, body_bytes, *columns, event_id, attempt_id, _ = row
        endpoint, _, _, event, _ = columns
        values = tokens.entries(zip(_KEYS, columns, strict=True))
        self._values.update(values)
        self._words.append((self.upto, tokens.document(values, content)))
        self._names.append((self.upto, tokens.names((endpoint, event, event_id, attempt_id))))
        self._times.append(at_us)
        self._sizes.append(body_bytes)
        self._bytes += len(content)

    def write(self, connection: sqlite3.Connection, above: int, upto: int) -> None:
        """Note it all; `upto` is how far the index then is."""
        connection.executemany(INSERT_WORDS, self._words)
        connection.executemany(INSERT_NAMES, self._names)
        connection.executemany(INSERT_VALUES, [(entry,) for entry in self._values])
        if self._words:
            connection.execute(SET_ORIGIN, {"delivery_id": self.upto, "uid": self._uid})
        zone = {
            "upto": upto,
            "above": above,
            "deliveries": len(self._words),
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

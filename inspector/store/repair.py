"""Recovering what can be read of a damaged database into a new one. The damaged one is kept beside it.

Without waiting for that, an inspector that starts can begin `anew`: what it puts away then is put back later.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.store import lock, salvage
from inspector.store.database import MAGIC, PUT_AWAY, prepare, put_away, read_only, suspicion
from inspector.store.files import open_private
from inspector.store.reader import damaged_records
from inspector.store.salvage import Repaired

DAMAGED = "damaged-"
"""How those begin from which everything was recovered that can be read."""


def repair(data_dir: DataDir, stamp: str) -> Repaired:
    """Recover the database if it is damaged, and what was put away before; damaged files go into `damaged-<stamp>`.

    Raises UnreachableError while an inspector uses the directory, HooktapError if files cannot be moved.
    """
    path = data_dir.database
    with lock.held(data_dir):
        if not path.exists():
            raise HooktapError(f"there is no database at {path}: nothing was received yet")
        repaired = Repaired()
        try:
            if not is_whole(path):
                _replace(path, data_dir.path / f"{DAMAGED}{stamp}", repaired)
            for folder in put_away(path):
                _put_back(path, folder, repaired)
            suspicion(path).unlink(missing_ok=True)
        except OSError as error:
            raise HooktapError(f"cannot repair {path}: {error.strerror}") from error
    return repaired


def begin_anew(data_dir: DataDir, stamp: str) -> Path:
    """Put the damaged database away and begin a new one, which numbers on; return the folder it is in now.

    Raises UnreachableError while an inspector uses the directory, HooktapError if files cannot be moved or written.
    """
    path = data_dir.database
    folder = data_dir.path / f"{PUT_AWAY}{stamp}"
    made = path.with_name(f"new-{stamp}.db")
    with lock.held(data_dir):
        try:
            with closing(_made(made)) as target, closing(salvage.opened(path)) as damaged:
                target.execute(salvage.KEEP_NUMBERS, {"highest": salvage.highest(damaged)})
                salvage.copy_seal(damaged, target, damaged)
                _finish(target)
            _move_aside(path, folder)
            made.rename(path)
            suspicion(path).unlink(missing_ok=True)
        except OSError as error:
            raise HooktapError(f"cannot put {path} away: {error.strerror}") from error
        except sqlite3.Error as error:
            raise HooktapError(f"cannot write {made}: {error}") from error
    return folder


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


def _replace(path: Path, folder: Path, repaired: Repaired) -> None:
    """Put a new database with what can be read of the damaged one in its place."""
    made = path.with_name(f"recovered-{folder.name.removeprefix(DAMAGED)}.db")
    try:
        with closing(_made(made)) as target:
            with closing(salvage.opened(path)) as damaged:
                salvage.copy(damaged, target, repaired)
                salvage.copy_seal(damaged, target, target)
            salvage.set_aside(target, repaired)
            _finish(target)
    except sqlite3.Error as error:  # of the new one: the damaged one is where it was
        raise HooktapError(f"cannot write {made}: {error}") from error
    repaired.moved_to = folder
    _move_aside(path, folder)
    made.rename(path)


def _put_back(path: Path, folder: Path, repaired: Repaired) -> None:
    """Add what can be read of a database that was put away."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as target:
            prepare(target)
            with closing(salvage.opened(folder / path.name)) as damaged:
                salvage.copy(damaged, target, repaired)
            salvage.set_aside(target, repaired)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise HooktapError(f"cannot write {path}: {error}") from error
    repaired.moved_to = folder.with_name(DAMAGED + folder.name.removeprefix(PUT_AWAY))
    folder.rename(repaired.moved_to)


def _made(path: Path) -> sqlite3.Connection:
    open_private(path).close()
    made = sqlite3.connect(path, isolation_level=None)
    try:
        prepare(made)
    except sqlite3.Error:
        made.close()
        raise
    return made


def _finish(made: sqlite3.Connection) -> None:
    made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    made.execute("PRAGMA journal_mode = delete").fetchall()  # one file to move


def _move_aside(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    # The database last: without it they would be taken for another's.
    for suffix in ("-wal", "-shm", ""):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(folder / file.name)

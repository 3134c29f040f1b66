"""A copy of the database while it is written to: one consistent moment of it, in one file."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import HooktapError
from inspector.store.database import explained, read_only

PAGES = 1024
"""Copied between two calls of `progress`: 8 MiB."""

COUNT = "SELECT count(*), coalesce(max(id), 0) FROM delivery"


@dataclass(frozen=True, slots=True)
class Copied:
    """What is in a copy."""

    deliveries: int
    newest: int
    """The highest number of a delivery in it."""
    bytes: int


def copy(source: Path, to: Path, *, replace: bool, progress: Callable[[int, int], None]) -> Copied:
    """Copy a database, with what its write-ahead log holds, into a file of its owner's only, and check the copy.

    `progress` is called with the pages copied and their total; what it raises ends it. `to` appears when all is done,
    or not at all. Raises HooktapError.
    """
    if not source.exists():
        raise HooktapError(f"there is no database at {source}: nothing was received yet")
    if to.exists() and not replace:
        raise HooktapError(f"{to} exists already (choose another name, or replace it with --force)")
    if to.exists() and not to.is_file():
        raise HooktapError(f"{to} is not a file that could be replaced")
    try:
        if to.exists() and to.samefile(source):
            raise HooktapError(f"{to} is the database itself (choose another name)")
        descriptor, name = tempfile.mkstemp(dir=to.parent, prefix=".hooktap-backup-")  # 0600
        os.close(descriptor)
        made = Path(name)
        try:
            with explained(source):
                copied = _copy(source, made, progress)
            _put(made, to, replace=replace)
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                made.with_name(made.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise HooktapError(f"cannot write {to}: {error.strerror}") from error
    return copied


def _copy(source: Path, made: Path, progress: Callable[[int, int], None]) -> Copied:
    with (
        closing(read_only(source)) as origin,
        closing(sqlite3.connect(made, isolation_level=None)) as target,
    ):
        # One read transaction throughout: a backup would else begin anew whenever another process commits.
        origin.execute("BEGIN")
        origin.execute(COUNT).fetchone()
        origin.backup(
            target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total)
        )
        target.execute("PRAGMA journal_mode = delete")  # one file, also for whoever opens it
        found = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is not whole: {found}")
        deliveries, newest = target.execute(COUNT).fetchone()
    return Copied(deliveries, newest, made.stat().st_size)


def _put(made: Path, to: Path, *, replace: bool) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    if replace:
        made.replace(to)
    else:
        try:
            _name(made, to)
        except FileExistsError:
            raise HooktapError(f"{to} exists already (replace it with --force)") from None
    with suppress(OSError):  # not every system opens directories
        directory = os.open(to.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _name(made: Path, to: Path) -> None:
    """Give a file a name that none has. Raises FileExistsError for what has come to be there meanwhile."""
    try:
        os.link(made, to)  # unlike a rename, it replaces nothing
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        to.open("xb").close()  # empty for a moment, and ours: a rename replaces whatever is there
        try:
            made.replace(to)
        except OSError:
            to.unlink()
            raise

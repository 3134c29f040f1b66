"""One inspector per data directory: the operating system holds the lock, and lets go of it even after `kill -9`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from inspector.store.files import open_private

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        # Windows keeps others from reading what is locked: lock a byte far behind the pid.
        file.seek(1 << 30)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def held(data_dir: DataDir) -> Iterator[None]:
    """Keep other inspectors out of the data directory. Raises UnreachableError, naming the one that holds it."""
    with open_private(data_dir.lock) as file:
        try:
            taken = not _try_lock(file)
        except OSError as error:
            raise HooktapError(f"cannot lock {data_dir.lock}: {error.strerror}") from error
        file.seek(0)
        if taken:
            raise UnreachableError(
                f"another inspector{_pid(file)} uses the data directory {data_dir.path} "
                "(stop it, or choose another with --data-dir)"
            )
        file.truncate()
        file.write(b"%d\n" % os.getpid())
        try:
            yield
        finally:
            file.truncate(0)


def _pid(file: BinaryIO) -> str:
    pid = file.read(20).strip()
    return f" (process {pid.decode()})" if pid.isdigit() else ""

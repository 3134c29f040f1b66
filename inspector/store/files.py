"""The store's files as the operating system sees them: private, ours, and never reached through a link."""

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from inspector.errors import HooktapError

# Windows knows no O_NOFOLLOW, the others no O_BINARY.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_private(path: Path) -> BinaryIO:
    """Open a file of the data directory for reading and writing, made if need be, for its owner only.

    Raises HooktapError for a symbolic link, for what is not a file, and when the operating system says no.
    """
    try:
        # Created 0600, not tightened afterwards: SQLite gives -wal and -shm the mode of the database it finds.
        descriptor = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        raise _unusable(
            path, "it is a symbolic link" if path.is_symlink() else error.strerror
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # reading a pipe would wait for ever
        os.close(descriptor)
        raise _unusable(path, "it is not a file")
    return os.fdopen(descriptor, "r+b", buffering=0)


def close_to_others(path: Path) -> None:
    """Take a file from other users that an earlier program or a copy left open to them."""
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_mode & 0o077:
            path.chmod(0o600)


def _unusable(path: Path, reason: str | None) -> HooktapError:
    return HooktapError(
        f"cannot use {path}: {reason} (check the file, or choose another directory with --data-dir)"
    )

"""Files that hold what a sender wrote: nobody else on the machine may read them."""

import os
from pathlib import Path

from inspector.errors import HooktapError

FILES_MAX = 100
"""Of one delivery and format in one folder."""


def write_new(path: Path, content: bytes) -> bool:
    """Write a file with mode 0600, whatever the umask; return whether none of that name was there.

    Raises HooktapError if it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        return False
    except OSError as error:
        raise HooktapError(f"cannot write {path}: {error.strerror}") from error
    return True


def write_numbered(folder: Path, name: str, suffix: str, content: bytes) -> Path:
    """Write a file for this user only, of a name that nothing in `folder` has yet; return its path.

    Raises HooktapError.
    """
    for number in range(1, FILES_MAX + 1):
        path = folder / (f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")
        if write_new(path, content):
            return path
    raise HooktapError(f"{folder} has {FILES_MAX} files {name}{suffix} already")


def write_private(path: Path, text: str) -> Path:
    """Write `text` to `path` with mode 0600, whatever the umask; return the path. Raises HooktapError."""
    try:
        path.unlink(missing_ok=True)
        # O_EXCL: neither another's file nor a planted link is written to.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise HooktapError(f"cannot write {path}: {error.strerror}") from error
    return path

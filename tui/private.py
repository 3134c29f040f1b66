"""Files that hold what a sender wrote: nobody else on the machine may read them."""

import os
from pathlib import Path

from inspector.errors import HooktapError


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

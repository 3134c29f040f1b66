"""How `hooktap listen` says that it is ready: a line of JSON, and the same in a file for whoever waits for one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import Addresses, DataDir, write_private
from inspector.errors import ConfigError


def ready_line(addresses: Addresses, data_dir: DataDir) -> str:
    """Return the first line of `listen --json`."""
    ready = {
        "type": "ready",
        "ingress": addresses.ingress,
        "api": addresses.api,
        "data_dir": str(data_dir.path),
        "pid": addresses.pid,
    }
    return dumps(ready)


@contextmanager
def announced(path: Path | None, line: str) -> Iterator[None]:
    """Leave `line` in the file at `path` until the block ends; what a killed run left there is replaced.

    It is there as a whole or not at all, for its owner only. Raises ConfigError where it cannot be written.
    """
    if path is None:
        yield
        return
    content = line.encode() + b"\n"
    try:
        write_private(path, content)
    except OSError as error:
        raise ConfigError(
            f"cannot write the --ready-file {safe(str(path))}: {error.strerror}"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # somebody took it away, or put a directory there
            if (
                path.read_bytes() == content
            ):  # and not that of an inspector which was told the same file
                path.unlink()

"""Noticing that files change and that a target comes back: by looking, which works on every file system."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from inspector.core.forwarding import Origin

FILES_MAX = 5000
"""Looked at every time; of more, the first found."""
IGNORED = frozenset({".git", "node_modules", "__pycache__"})
CONNECT_S = 1.0

_State = tuple[int, int]


class Files:
    """The files among and below some paths, as they were last seen."""

    def __init__(self, paths: Sequence[Path], most: int = FILES_MAX) -> None:
        """Take a first look; the files there are now have not changed."""
        self._paths = paths
        self._most = most
        self._seen = self._look()
        self._written: set[str] = set()
        self._noisy: set[str] = set()

    @property
    def count(self) -> int:
        """How many files are watched."""
        return len(self._seen)

    @property
    def is_partial(self) -> bool:
        """Whether there may be more files than are watched."""
        return self.count >= self._most

    def changed(self) -> set[str]:
        """Return which files were changed, added or removed since the last look."""
        now = self._look()
        before, self._seen = self._seen, now
        either = before.keys() | now.keys()
        return {path for path in either if before.get(path) != now.get(path)} - self._noisy

    def changed_meanwhile(self) -> set[str]:
        """Return what changed while the app was handling a delivery, but nothing that changes each time it does.

        Its log, say: every replay would else bring about the next one.
        """
        changed = self.changed()
        self._noisy |= changed & self._written
        self._written = changed
        return changed - self._noisy

    def _look(self) -> dict[str, _State]:
        found: dict[str, _State] = {}
        for name, state in _files(self._paths):
            if len(found) == self._most:
                break
            found[name] = state
        return found


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, _State]]:
    """Yield the files among and below `paths`, following no link that is found there."""
    waiting = [os.fspath(path) for path in reversed(paths)]
    while waiting:
        path = waiting.pop()
        with suppress(OSError):  # not there, not there any more, or not ours to see
            status = os.stat(path)  # noqa: PTH116 - for thousands of files, twice a second
            if not stat.S_ISDIR(status.st_mode):
                yield path, (status.st_mtime_ns, status.st_size)
                continue
            with os.scandir(path) as entries:
                inside = [
                    entry.path
                    for entry in entries
                    if entry.name not in IGNORED and not entry.is_symlink()
                ]
            waiting += sorted(inside, reverse=True)


async def is_accepting(origin: Origin) -> bool:
    """Whether something accepts connections there now."""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(origin.host, origin.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True

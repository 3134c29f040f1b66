"""How much of the disk is left, and the floor below which nothing new is taken.

A full disk would be worse than a closed door: SQLite cannot even delete on one (reference/reliability.md, M9), so what
is left is what a prune works with.
"""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import StorageError
from inspector.store.longlog import LogWatch, log_bytes

log = logging.getLogger(__name__)

FLOOR_BYTES = 256 * 1024 * 1024
FLOOR_SHARE = 0.05
"""Of a small disk, on which the floor is lower."""
NEAR = 4
"""So many times the floor, and a warning is due."""
LOOK_EVERY_S = 1.0
WARN_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that a directory is on."""

    total_bytes: int
    free_bytes: int

    @classmethod
    def of(cls, path: Path) -> "Disk":
        """Ask the operating system. Raises OSError."""
        usage = shutil.disk_usage(path)
        return cls(usage.total, usage.free)

    @property
    def floor_bytes(self) -> int:
        """What has to stay free."""
        return min(FLOOR_BYTES, int(self.total_bytes * FLOOR_SHARE))

    @property
    def is_low(self) -> bool:
        """Whether nothing new is taken."""
        return self.free_bytes < self.floor_bytes

    @property
    def is_near(self) -> bool:
        """Whether it soon will be low."""
        return self.free_bytes < NEAR * self.floor_bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a store takes of its disk, and what is left there."""

    store_bytes: int
    disk_free_bytes: int | None
    """None: the operating system does not say."""
    disk_is_scarce: bool
    """Whether deliveries will soon be refused."""


class Space:
    """Looks at the disk now and then: one system call a second, however much arrives."""

    def __init__(
        self,
        path: Path,
        *,
        look: Callable[[Path], Disk] = Disk.of,
        clock: Callable[[], float] = time.monotonic,
        log_watch: LogWatch | None = None,
    ) -> None:
        self._path = path
        self._log_watch = log_watch
        self._look = look
        self._clock = clock
        self._next_look_s = self._next_warning_s = float("-inf")
        self._refusal: str | None = None

    def refuse_if_low(self) -> None:
        """Raise StorageError while less is free than the floor."""
        now_s = self._clock()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_EVERY_S
            self._refresh(now_s)
        if self._refusal is not None:
            raise StorageError(self._refusal)

    def usage(self, database: Path) -> Usage:
        """Look now."""
        store_bytes = _size(database) + log_bytes(database)
        try:
            disk = self._look(self._path)
        except OSError:
            return Usage(store_bytes, None, disk_is_scarce=False)
        return Usage(store_bytes, disk.free_bytes, disk_is_scarce=disk.is_near)

    def _refresh(self, now_s: float) -> None:
        if self._log_watch is not None:
            self._log_watch.look()
        try:
            disk = self._look(self._path)
        except OSError:  # the commit will say what is wrong
            self._refusal = None
            return
        told = describe(disk)
        self._refusal = f"nothing is stored in {self._path}: {told}" if disk.is_low else None
        if disk.is_near and now_s >= self._next_warning_s:
            self._next_warning_s = now_s + WARN_EVERY_S
            log.warning("the disk of %s fills up: %s", self._path, told)


def _size(database: Path) -> int:
    try:
        return database.stat().st_size
    except OSError:  # somebody has taken it away
        return 0


def describe(disk: Disk) -> str:
    """Say how much is left, where the floor is, and what helps."""
    return (
        f"{disk.free_bytes >> 20} MiB are free; below {disk.floor_bytes >> 20} MiB deliveries are answered 503 "
        "(`hooktap prune` makes room)"
    )

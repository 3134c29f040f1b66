import logging
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.store import Store
from inspector.store.space import FLOOR_BYTES, LOOK_EVERY_S, WARN_EVERY_S, Disk, Space
from tests.factories import attempt, delivery

TERABYTE = 10**12
PLENTY, NEAR, LOW = (Disk(TERABYTE, FLOOR_BYTES * share // 10) for share in (50, 20, 9))


class _Disk:
    """A disk that a test fills, and a clock that it turns."""

    def __init__(self) -> None:
        self.found: Disk | OSError = PLENTY
        self.looks = 0
        self.now_s = 1000.0
        self.space = Space(Path("/data"), look=self._look, clock=lambda: self.now_s)

    def _look(self, _: Path) -> Disk:
        self.looks += 1
        if isinstance(self.found, OSError):
            raise self.found
        return self.found

    def after(self, seconds: float) -> None:
        self.now_s += seconds
        self.space.refuse_if_low()


def test_one_look_a_second() -> None:
    disk = _Disk()
    for _ in range(1000):
        disk.after(LOOK_EVERY_S / 1000)
    assert disk.looks <= 2


def test_below_the_floor_everything_is_refused_until_there_is_room() -> None:
    disk = _Disk()
    disk.after(0)
    disk.found = LOW
    disk.after(LOOK_EVERY_S / 2)
    for _ in range(3):
        with pytest.raises(StorageError, match=r"230 MiB are free; below 256 MiB .*hooktap prune"):
            disk.after(LOOK_EVERY_S)
    disk.found = PLENTY
    disk.after(LOOK_EVERY_S)


def test_near_the_floor_one_line_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    disk = _Disk()
    disk.after(0)
    assert caplog.records == []
    disk.found = NEAR
    for _ in range(100):
        disk.after(WARN_EVERY_S / 50)
    assert len(caplog.records) == 2
    assert "512 MiB are free" in caplog.messages[0]


def test_a_disk_that_cannot_be_asked_refuses_nothing() -> None:
    disk = _Disk()
    disk.found = OSError("gone")
    disk.after(0)


def test_a_small_disk_has_a_lower_floor() -> None:
    assert Disk(100 << 20, 6 << 20).is_low is False
    assert Disk(100 << 20, 4 << 20).is_low is True
    assert Disk(0, 0).is_low is False


async def test_what_is_under_way_is_still_stored(store: Store) -> None:
    """Below the floor no delivery is taken; attempts, verdicts and deletions are."""
    await store.append_delivery(delivery())
    store._space = Space(Path("/data"), look=lambda _: LOW)
    with pytest.raises(StorageError, match="nothing is stored"):
        await store.append_delivery(delivery())

    await store.append_attempt(attempt(delivery_id=1))
    await store.delete([1])
    assert await store.page() == []


async def test_a_database_that_is_gone_takes_no_room(store: Store, data_dir: DataDir) -> None:
    """Somebody has deleted the files under us: who asks how we are gets an answer."""
    await store.append_delivery(delivery())
    assert store.usage.store_bytes > 0
    for file in data_dir.path.glob("hooktap.db*"):
        file.unlink()

    usage = store.usage

    assert usage.store_bytes == 0
    assert usage.disk_free_bytes

import logging
import os
from pathlib import Path

import pytest

from inspector.store import Store, longlog
from inspector.store.longlog import LONG_BYTES, LONG_S, WARN_EVERY_S, LogWatch, log_bytes
from inspector.store.space import Disk, Space
from tests.factories import delivery


class _Log:
    """A write-ahead log as long as a test wants it, and a clock that it turns."""

    def __init__(self, path: Path) -> None:
        self.database = path / "hooktap.db"
        self.now_s = 1000.0
        self.watch = LogWatch(self.database, clock=lambda: self.now_s)

    def set(self, size_bytes: int) -> None:
        log = self.database.with_name("hooktap.db-wal")
        log.touch()
        os.truncate(log, size_bytes)

    def after(self, seconds: float) -> None:
        self.now_s += seconds
        self.watch.look()


@pytest.fixture
def log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> _Log:
    caplog.set_level(logging.WARNING)
    return _Log(tmp_path)


def test_a_long_log_is_told_once_an_hour(log: _Log, caplog: pytest.LogCaptureFixture) -> None:
    log.set(LONG_BYTES + 1)
    for _ in range(100):
        log.after(WARN_EVERY_S / 50)
    assert len(caplog.records) == 2
    assert "is 64 MiB long: somebody reads the database and does not end" in caplog.messages[0]


def test_one_great_commit_is_no_reader(log: _Log, caplog: pytest.LogCaptureFixture) -> None:
    """Only what stays long is told: it begins anew whenever the log was put away."""
    for _ in range(20):
        log.set(LONG_BYTES * 2)
        log.after(LONG_S / 2)
        log.set(LONG_BYTES)
        log.after(LONG_S)
    assert caplog.records == []


def test_no_log_at_all(log: _Log, caplog: pytest.LogCaptureFixture) -> None:
    log.after(LONG_S)
    log.after(LONG_S)
    assert (log_bytes(log.database), caplog.records) == (0, [])


async def test_the_store_watches_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It looks when it looks at the disk, as deliveries arrive; nothing is refused."""
    monkeypatch.setattr(longlog, "LONG_BYTES", 0)
    monkeypatch.setattr(longlog, "LONG_S", 0)
    caplog.set_level(logging.WARNING)
    await store.append_delivery(delivery())
    assert store.log_bytes > 0
    store._space._next_look_s = 0
    await store.append_delivery(delivery())
    assert [record.name for record in caplog.records] == ["inspector.store.longlog"]


def test_the_disk_is_looked_at_all_the_same(log: _Log) -> None:
    log.set(LONG_BYTES * 2)
    space = Space(Path("/data"), look=lambda _: Disk(2**40, 2**39), log_watch=log.watch)
    space.refuse_if_low()

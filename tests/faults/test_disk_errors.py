"""F4, F6, F7, F23: the disk is full, fails, may not be written, or is slow; a real inspector under load meanwhile."""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import process
from tests.faults import strace
from tests.load import Load, lost, stored
from tests.process import Running

SENDERS = 32
EIO = "fdatasync:error=EIO"
ENOSPC = "pwrite64:error=ENOSPC"
SLOW = "fdatasync:delay_enter=200000"
MOUNT = """mount -t tmpfs -o size=16m,mode=700 tmpfs "$0" && head -c 12m /dev/zero >"$0/ballast" && exec "$@" """
READ_ONLY = """mount -t tmpfs -o mode=700 tmpfs "$0" && mount -o remount,ro "$0" && exec "$@" """


@dataclass(frozen=True)
class Endured:
    """What senders saw of a fault that came and went."""

    acknowledged: int
    refused: int
    lost: int
    refused_but_stored: int


async def endured(
    running: Running, fault: AbstractAsyncContextManager[object], answers: int, status: int
) -> Endured:
    """Let a fault come under load, wait for so many answers of `status`, let it go, and wait for as many of 200."""
    load = Load(running.ingress, body_bytes=2000)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(load.run(SENDERS))
        await load.answers(answers)
        async with fault:
            await load.answers(answers, status)
        await load.answers(answers)
        sending.cancel()
    assert load.statuses.keys() <= {200, 503}
    database = running.data_dir.database
    found = stored(database)
    return Endured(
        len(load.acknowledged),
        load.statuses[503],
        len(lost(load.acknowledged, database)),
        len(found) - len(load.acknowledged) - len(load.unanswered & found.keys()),
    )


@asynccontextmanager
async def files_limited(pid: int) -> AsyncIterator[None]:
    """Let no file of a process grow, as a quota does."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("fault", [ENOSPC, EIO])
async def test_a_disk_that_fails_loses_nothing_and_is_used_again(
    tmp_path: Path, fault: str
) -> None:
    """503 while it lasts, never a 2xx without its row; then the same process goes on."""
    strace.require()
    async with process.inspector(tmp_path, program=strace.altered()) as running:
        found = await endured(running, strace.injected(running.pid, fault), 100, status=503)

    assert found.refused >= 100
    assert found.lost == 0
    assert found.refused_but_stored == 0


async def test_a_quota_loses_nothing_and_may_be_raised(tmp_path: Path) -> None:
    async with process.inspector(tmp_path) as running:
        found = await endured(running, files_limited(running.pid), 100, status=503)

    assert found.lost == 0
    assert found.refused_but_stored == 0


async def full_disk(folder: Path) -> tuple[int, int, int]:
    """Fill a small disk of the inspector's own, then make room; return acknowledged, refused and lost."""
    (folder / "data").mkdir()
    program = (*mounted(MOUNT, folder / "data"), *process.PROGRAM)
    async with process.inspector(folder, program=program) as running:
        disk = Path(f"/proc/{running.pid}/root{running.data_dir.path}")
        load = Load(running.ingress, body_bytes=20_000)
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(load.run(SENDERS))
            await load.answers(100, 503)
            (disk / "ballast").unlink()
            await load.answers(100)
            sending.cancel()
        # SQLite follows the link to where the disk is not mounted: it gets the files as they are.
        for file in disk.glob("hooktap.db*"):
            shutil.copy(file, folder)
        missing = lost(load.acknowledged, folder / "hooktap.db")
    assert load.statuses.keys() == {200, 503}
    return len(load.acknowledged), load.statuses[503], len(missing)


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """A disk of 16 MiB, really full; once somebody has made room, the same process stores again."""
    acknowledged, refused, missing = await full_disk(tmp_path)

    assert acknowledged >= 100
    assert refused >= 100
    assert missing == 0


def test_a_disk_that_may_not_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    command = (
        *mounted(READ_ONLY, tmp_path),
        *process.PROGRAM,
        "listen",
        "--data-dir",
        str(tmp_path),
    )
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert str(tmp_path) in ended.stderr
    assert "Read-only file system" in ended.stderr
    assert "--data-dir" in ended.stderr
    assert "Traceback" not in ended.stderr


def mounted(script: str, place: Path) -> tuple[str, ...]:
    """Return what runs a program that alone sees a mount at `place`; skip the test where that is not allowed."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"]).returncode:
        pytest.skip(
            "this needs leave to make a namespace (unshare -rm), which containers seldom give"
        )
    return ("unshare", "-rm", "sh", "-c", script, str(place))


async def slow_disk(folder: Path, answers: int) -> tuple[float, int]:
    """Store with every sync delayed by 200 ms; return the longest wait in seconds, and how many were lost."""
    async with process.inspector(folder, program=strace.altered()) as running:
        load = Load(running.ingress, body_bytes=2000)
        async with strace.injected(running.pid, SLOW), asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(load.run(SENDERS))
            await load.answers(answers)
            sending.cancel()
        missing = lost(load.acknowledged, running.data_dir.database)
    assert load.statuses.keys() == {200}
    return max(load.waits_s), len(missing)


async def test_a_slow_disk_is_waited_for(tmp_path: Path) -> None:
    """Many share each sync: all are acknowledged, later, and none is lost. The queue's bound: tests/store."""
    strace.require()

    slowest_s, missing = await slow_disk(tmp_path, answers=200)

    assert slowest_s >= 0.2
    assert missing == 0


async def long_reader(folder: Path, answers: int) -> tuple[int, int]:
    """Let somebody's shell read one moment for long; return the log's bytes then, and after the stop."""
    async with process.inspector(folder) as running:
        load = Load(running.ingress, body_bytes=20_000)
        log = running.data_dir.database.with_name("hooktap.db-wal")
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(load.run(SENDERS))
            await load.answers(1)
            with reading(running.data_dir.database):
                await load.answers(answers)
                during_bytes = log.stat().st_size
            await load.answers(answers)
            sending.cancel()
        assert lost(load.acknowledged, running.data_dir.database) == set()
    assert load.statuses.keys() == {200}
    return during_bytes, log.stat().st_size if log.exists() else 0


@contextmanager
def reading(database: Path) -> Iterator[None]:
    """Hold a transaction that reads open: nothing of the log that is newer can be put away."""
    uri = f"{database.as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM delivery").fetchone()
        yield


async def test_a_long_reader_delays_nobody_and_its_log_is_cut_afterwards(tmp_path: Path) -> None:
    """While it reads the log only grows; everything is acknowledged all the same, and a stop leaves no log behind."""
    during_bytes, after_bytes = await long_reader(tmp_path, 600)

    assert during_bytes > 600 * 20_000
    assert after_bytes == 0

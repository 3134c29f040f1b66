import asyncio
import hashlib
import os
import shutil
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.errors import HooktapError, StorageError
from inspector.store import Store, database
from inspector.store.connection import in_thread
from tests.factories import delivery

ROOT = Path(__file__).parents[2]


def _ignore(_: object) -> None:
    pass


async def _open(data_dir: DataDir) -> list[Record]:
    async with Store.open(data_dir, on_commit=_ignore) as store:
        return await store.records_after(0, 100)


async def _refusal(data_dir: DataDir) -> str:
    """Open what cannot be opened; return the sentence, having checked that no file changed."""
    before = _digests(data_dir)
    with pytest.raises(HooktapError) as refused:
        await _open(data_dir)
    assert _digests(data_dir) == before
    assert str(data_dir.database) in str(refused.value)
    assert "--data-dir" in str(refused.value) or "doctor --repair" in str(refused.value)
    return str(refused.value)


def _digests(data_dir: DataDir) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data_dir.path.glob("hooktap.db*")
        if path.name != "hooktap.db-shm" and path.stat().st_size
    }


async def test_writer_waits_for_the_disk(data_dir: DataDir) -> None:
    """FULL, or an acknowledged delivery is lost with the power (reference/reliability.md, M6)."""
    async with database.open_writer(data_dir.database) as connection:
        found = await in_thread(connection, _pragmas, [*database.WRITER, *database.NEW_FILE])

    assert found == {**database.WRITER, **database.NEW_FILE}
    assert (found["journal_mode"], found["synchronous"]) == ("wal", 2)


async def test_reader_cannot_write(data_dir: DataDir) -> None:
    await _open(data_dir)

    async with database.open_reader(data_dir.database) as connection:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await in_thread(connection, lambda raw: raw.execute("DELETE FROM delivery"))


def test_setting_that_does_not_take_is_an_error() -> None:
    """SQLite answers a setting that it cannot follow with silence: a memory database has no write-ahead log."""
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.Error, match="journal_mode is memory and cannot be set to wal"),
    ):
        database._set(connection, {"journal_mode": "wal"})


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_files_are_private_under_any_umask(data_dir: DataDir, umask: int) -> None:
    with _umask(umask):
        async with Store.open(data_dir, on_commit=_ignore) as store:
            await store.append_delivery(delivery())
            modes = {path.name: _mode(path) for path in data_dir.path.iterdir()}

    assert modes == dict.fromkeys(
        ["hooktap.db", "hooktap.db-wal", "hooktap.db-shm", "inspector.lock"], 0o600
    )


async def test_files_left_open_to_others_are_closed(data_dir: DataDir) -> None:
    await _open(data_dir)
    data_dir.database.chmod(0o644)

    await _open(data_dir)

    assert _mode(data_dir.database) == 0o600


async def test_database_of_another_program_is_left_alone(data_dir: DataDir) -> None:
    with closing(sqlite3.connect(data_dir.database)) as other:
        other.execute("PRAGMA journal_mode = wal")
        other.execute("CREATE TABLE precious (n)")

    data_dir.database.chmod(0o644)

    assert "database of another program" in await _refusal(data_dir)
    assert _mode(data_dir.database) == 0o644


async def test_database_of_a_newer_version_is_left_alone(data_dir: DataDir) -> None:
    await _open(data_dir)
    with closing(sqlite3.connect(data_dir.database)) as newer:
        newer.execute("PRAGMA user_version = 999")

    assert "newer hooktap: its version is 999" in await _refusal(data_dir)


async def test_newer_version_is_seen_in_the_log(data_dir: DataDir, tmp_path: Path) -> None:
    """A newer hooktap was killed: its version number is in the write-ahead log only."""
    await _open(data_dir)
    crashed = DataDir(tmp_path / "crashed")
    crashed.prepare()
    with closing(sqlite3.connect(data_dir.database)) as newer:
        newer.execute("PRAGMA user_version = 999")
        for path in data_dir.path.glob("hooktap.db*"):
            shutil.copy(path, crashed.path)

    assert "newer hooktap: its version is 999" in await _refusal(crashed)


@pytest.mark.parametrize(
    "content", [b"\0", b"garbage\x1b[2J" * 500, b"SQLite format 3\0", b"SQLite format 3\0" * 3]
)
async def test_what_is_no_database_is_left_alone(data_dir: DataDir, content: bytes) -> None:
    data_dir.database.write_bytes(content)

    assert "is not an SQLite database" in await _refusal(data_dir)


async def test_damaged_database_is_left_alone(data_dir: DataDir) -> None:
    await _open(data_dir)
    with data_dir.database.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)

    assert "is damaged" in await _refusal(data_dir)


async def test_empty_file_becomes_a_database(data_dir: DataDir) -> None:
    """What a first start leaves that was killed before it wrote anything."""
    data_dir.database.touch()

    assert await _open(data_dir) == []


async def test_first_start_killed_in_its_first_write(data_dir: DataDir) -> None:
    """What it leaves is a journal that only a writing connection can roll back: to an empty file."""
    with closing(sqlite3.connect(data_dir.database)) as connection:
        database._set(connection, database.NEW_FILE)
    magic = bytes.fromhex(
        "d9d505f920a163d7"
    )  # https://sqlite.org/fileformat.html#the_rollback_journal
    records, nonce, original_pages, sector_bytes = 0, 1, 0, 512
    page_bytes = database.NEW_FILE["page_size"]
    head = struct.pack(">5I", records, nonce, original_pages, sector_bytes, page_bytes)
    journal = data_dir.database.with_name("hooktap.db-journal")
    journal.write_bytes((magic + head).ljust(sector_bytes, b"\0"))

    assert await _open(data_dir) == []
    assert not journal.exists()


async def test_link_is_not_followed(data_dir: DataDir, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    data_dir.database.symlink_to(victim)

    with pytest.raises(HooktapError, match="symbolic link"):
        await _open(data_dir)

    assert not victim.exists()


async def test_what_is_no_file_is_refused(data_dir: DataDir) -> None:
    data_dir.database.mkdir()
    with pytest.raises(HooktapError, match=r"cannot use .*hooktap\.db: Is a directory"):
        await _open(data_dir)

    data_dir.database.rmdir()
    os.mkfifo(data_dir.database)
    with pytest.raises(HooktapError, match=r"cannot use .*hooktap\.db: it is not a file"):
        await _open(data_dir)


async def test_directory_that_cannot_be_written(bound_by_permissions: DataDir) -> None:
    bound_by_permissions.path.chmod(0o500)

    with pytest.raises(HooktapError, match=r"Permission denied.*--data-dir") as refused:
        await _open(bound_by_permissions)

    assert str(bound_by_permissions.path) in str(refused.value)


async def test_file_that_cannot_be_written(bound_by_permissions: DataDir) -> None:
    await _open(bound_by_permissions)
    bound_by_permissions.database.chmod(0o400)

    assert "Permission denied" in await _refusal(bound_by_permissions)


async def test_close_leaves_one_file(data_dir: DataDir) -> None:
    """The log is written back, nothing is left to recover, and no thread keeps the process."""
    threads = set(threading.enumerate())

    async with Store.open(data_dir, on_commit=_ignore) as store:
        await store.append_delivery(delivery())

    _assert_ended_since(threads)
    assert sorted(path.name for path in data_dir.path.iterdir()) == [
        "hooktap.db",
        "inspector.lock",
    ]


async def test_close_empties_the_log_while_others_read(data_dir: DataDir) -> None:
    """Somebody's open shell would otherwise keep SQLite from writing the log back."""
    await _open(data_dir)
    with closing(sqlite3.connect(data_dir.database)) as other:
        other.execute("SELECT count(*) FROM delivery").fetchall()
        async with Store.open(data_dir, on_commit=_ignore) as store:
            await store.append_delivery(delivery())

        assert data_dir.database.with_name("hooktap.db-wal").stat().st_size == 0


async def test_closed_store_says_so(data_dir: DataDir) -> None:
    async with Store.open(data_dir, on_commit=_ignore) as store:
        pass

    with pytest.raises(StorageError, match="is closed"):
        await store.append_delivery(delivery())
    with pytest.raises(StorageError, match="is closed"):
        await store.page()


async def test_error_in_the_block_comes_out_as_it_is(data_dir: DataDir) -> None:
    threads = set(threading.enumerate())

    with pytest.raises(ZeroDivisionError):
        async with Store.open(data_dir, on_commit=_ignore):
            raise ZeroDivisionError

    _assert_ended_since(threads)
    assert await _open(data_dir) == []


async def test_cancelled_block_commits_what_was_queued(data_dir: DataDir) -> None:
    threads = set(threading.enumerate())
    opened = asyncio.Event()

    async def run() -> None:
        async with Store.open(data_dir, on_commit=_ignore) as store, asyncio.TaskGroup() as tasks:
            tasks.create_task(store.append_delivery(delivery()))
            opened.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run())
        await opened.wait()
        await _turns()
        task.cancel()

    assert task.cancelled()
    _assert_ended_since(threads)
    assert [record.id for record in await _open(data_dir)] == [1]


async def test_impatient_owner_still_ends(data_dir: DataDir) -> None:
    """Cancelled again while the last commit waits for the disk: nothing hangs, and the commit is whole or absent."""
    threads = set(threading.enumerate())
    opened = asyncio.Event()

    async def run() -> None:
        async with Store.open(data_dir, on_commit=_ignore) as store:
            opened.set()
            await store.append_delivery(delivery())

    with closing(sqlite3.connect(data_dir.database, isolation_level=None)) as other:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(run())
            await opened.wait()
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                task.cancel()
                await _turns()
            other.execute("ROLLBACK")

    assert task.cancelled()
    _assert_ended_since(threads)
    assert len(await _open(data_dir)) <= 1


@pytest.mark.parametrize("ending", ["raise SystemExit(7)", "raise KeyboardInterrupt", "1 / 0"])
def test_process_ends(data_dir: DataDir, ending: str) -> None:
    """aiosqlite's threads are no daemons: an open connection would keep the interpreter for ever."""
    script = f"""
import asyncio, sys
from pathlib import Path
from inspector.datadir import DataDir
from inspector.store import Store

async def main():
    async with Store.open(DataDir(Path(sys.argv[1])), on_commit=lambda records: None):
        {ending}

asyncio.run(main())
"""
    subprocess.run(
        [sys.executable, "-c", script, data_dir.path],
        cwd=ROOT,
        timeout=60,
        check=False,
        stderr=subprocess.DEVNULL,
    )

    assert not data_dir.database.with_name("hooktap.db-wal").exists()


async def _turns() -> None:
    """Let what was just started come to where it waits."""
    for _ in range(3):
        await asyncio.sleep(0)


def _assert_ended_since(before: set[threading.Thread]) -> None:
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)  # told to stop: about to end by itself
        assert not thread.is_alive()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _pragmas(connection: sqlite3.Connection, names: list[str]) -> dict[str, object]:
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from inspector.core import query
from inspector.core.model import Delivery
from inspector.datadir import DataDir
from inspector.store import Store, indexer, textindex
from inspector.store.space import Disk
from tests.factories import delivery

WANTED = query.parse("body:JNK-TEST00")


@asynccontextmanager
async def opened(data_dir: DataDir) -> AsyncIterator[Store]:
    """A store whose index is built as in the inspector."""
    async with Store.open(data_dir, on_commit=lambda _: None) as store, store.indexing():
        yield store


async def caught_up(store: Store) -> None:
    """Wait until the index has everything."""
    async with asyncio.timeout(60):
        while True:
            index = (await store.search(WANTED, limit=1)).reach.index
            assert index is not None
            if index.is_whole:
                return


async def numbers(store: Store, text: str = "body:JNK-TEST00") -> list[int]:
    return [each.id for each in await store.page(query=query.parse(text))]


def saying(text: str) -> Delivery:
    return delivery(body=text.encode())


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "LOOK_EVERY_S", 0.005)
    monkeypatch.setattr(indexer, "AGAIN_S", 0.01)


async def test_index_follows_the_commits(data_dir: DataDir) -> None:
    async with opened(data_dir) as store:
        for part in range(3):
            for _ in range(3):
                await store.append_delivery(saying("JNK-TEST00"))
                await store.append_delivery(saying("another"))
            assert len(await numbers(store)) == 3 * (part + 1)  # also before they are in it
            await caught_up(store)
            assert len(await numbers(store)) == 3 * (part + 1)


async def test_index_goes_on_where_it_was(data_dir: DataDir) -> None:
    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
    before = textindex.path_beside(data_dir.database).stat().st_ino
    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
        assert await numbers(store) == [2, 1]
    assert textindex.path_beside(data_dir.database).stat().st_ino == before


async def test_more_than_a_slice(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their number, and by their bytes; what is longer than is looked into is cut."""
    monkeypatch.setattr(indexer, "SLICE_BYTES", 100_000)
    monkeypatch.setattr(indexer, "ZONE_DELIVERIES", 3)
    async with opened(data_dir) as store:
        for each in range(10):
            await store.append_delivery(saying("JNK-TEST00 " + "x " * 50_000 + f"late{each}"))
        await caught_up(store)

        assert await numbers(store) == list(range(10, 0, -1))
        assert await numbers(store, "body:late3") == []
        assert await numbers(store, "size:>99k") == []
        assert len(await numbers(store, "size:>90k")) == 10


async def test_deleted_are_not_found(data_dir: DataDir) -> None:
    async with opened(data_dir) as store:
        for _ in range(4):
            await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
        await store.delete([1, 3, 4])

        assert await numbers(store) == [2]
        assert await numbers(store, "method:POST since:2026-01-01") == [2]


async def test_index_is_private(data_dir: DataDir) -> None:
    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
        found = list(data_dir.path.glob("text.db*"))
        assert len(found) == 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _nonsense(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def _torn(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xaa" * (len(content) - 8192)
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10_000])


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE origin SET uid = 'somebody else'")


def _ahead(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE origin SET delivery_id = 4711")


def _mostly_gone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE zone SET deliveries = 1000000")


def _other_salt(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE origin SET salt = -1")


def _without_words(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE word")


@pytest.mark.parametrize(
    "harm",
    [
        _empty,
        _nonsense,
        _torn,
        _cut,
        _other_version,
        _other_database,
        _other_salt,
        _without_words,
        _ahead,
        _mostly_gone,
        Path.unlink,
    ],
)
async def test_useless_index_is_built_anew(data_dir: DataDir, harm: object) -> None:
    """Never an error, neither at the start nor for whoever searches meanwhile."""
    path = textindex.path_beside(data_dir.database)
    async with opened(data_dir) as store:
        for _ in range(50):
            await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
    assert callable(harm)
    harm(path)

    async with opened(data_dir) as store:
        assert len(await numbers(store)) == 50
        await caught_up(store)
        assert len(await numbers(store)) == 50
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT delivery_id FROM origin").fetchone() == (50,)
        connection.execute("INSERT INTO word (word) VALUES ('integrity-check')")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_index_damaged_while_it_is_used(data_dir: DataDir) -> None:
    """Whoever finds out is answered without it; then it is built anew."""
    async with opened(data_dir) as store:
        for _ in range(50):
            await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
        path = textindex.path_beside(data_dir.database)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE word_data SET block = x'ffffffffffffffff' WHERE id > 10")

        assert len(await numbers(store)) == 50
        await caught_up(store)
        assert len(await numbers(store)) == 50
        async with asyncio.timeout(60):
            while _is_damaged(path):
                await store.search(WANTED)
        assert len(await numbers(store)) == 50


def _is_damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO word (word) VALUES ('integrity-check')")
            return bool(
                connection.execute(
                    "SELECT count(*) FROM word_data WHERE block = x'ffffffffffffffff'"
                ).fetchone()[0]
            )
    except sqlite3.DatabaseError:
        return True


async def test_link_in_its_place_is_not_followed(data_dir: DataDir, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"kept")
    textindex.path_beside(data_dir.database).symlink_to(precious)

    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        assert await numbers(store) == [1]
    assert precious.read_bytes() == b"kept"


async def test_without_fts5_bodies_are_read(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textindex, "available", lambda: False)
    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        found = await store.search(WANTED)

        assert [each.id for each in found.deliveries] == [1]
        assert found.reach.index is not None
        assert not found.reach.index.available
    assert not textindex.path_beside(data_dir.database).exists()


async def test_writer_does_not_wait_for_the_index(data_dir: DataDir) -> None:
    """Somebody holds the index; deliveries are stored all the same, and it goes on when it can."""
    async with opened(data_dir) as store:
        await store.append_delivery(saying("JNK-TEST00"))
        await caught_up(store)
        with closing(sqlite3.connect(textindex.path_beside(data_dir.database))) as held:
            held.execute("BEGIN IMMEDIATE")
            for _ in range(20):
                await store.append_delivery(saying("JNK-TEST00"))
            assert len(await numbers(store)) == 21
            held.execute("ROLLBACK")
        await caught_up(store)
        assert len(await numbers(store)) == 21


async def test_index_rests_while_the_disk_is_full(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is only a help: what is left of the disk is for deliveries."""
    full = Disk(total_bytes=1 << 30, free_bytes=0)
    with monkeypatch.context() as patched:
        patched.setattr(Disk, "of", lambda _: full)
        async with Store.open(data_dir, on_commit=lambda _: None) as store:
            store._space._look = lambda _: Disk(1 << 30, 1 << 29)
            async with store.indexing():
                await store.append_delivery(saying("JNK-TEST00"))
                assert await numbers(store) == [1]
                index = (await store.search(WANTED)).reach.index
                assert index is not None
                assert not index.is_whole
    async with opened(data_dir) as store:
        await caught_up(store)
        assert await numbers(store) == [1]

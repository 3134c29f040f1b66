"""Group commit, with a second connection that holds SQLite's write lock where a test needs the writer to wait."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.errors import StorageError, StoreBusyError
from inspector.store import Store, writer
from inspector.store.connection import in_thread
from tests.factories import attempt, delivery


@contextmanager
def _write_lock(data_dir: DataDir) -> Iterator[None]:
    """Keep the writer from committing until the block ends."""
    with closing(sqlite3.connect(data_dir.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_concurrent_appends_share_commits(store: Store, commits: list[list[Record]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        appends = [
            tasks.create_task(store.append_delivery(delivery(body=b"%d" % number)))
            for number in range(64)
        ]

    assert [append.result().id for append in appends] == list(range(1, 65))
    assert [record.id for commit in commits for record in commit] == list(range(1, 65))
    assert len(commits) <= 4


async def test_what_queues_during_a_commit_is_the_next_one(
    store: Store, commits: list[list[Record]], data_dir: DataDir
) -> None:
    await store.unschedule(1)  # the writer has looked at what is stored, and waits for work
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            for _ in range(10):
                tasks.create_task(store.append_delivery(delivery()))
                await _turns()

    assert [len(commit) for commit in commits] == [1, 9]


async def test_what_nobody_waits_for_goes_along(
    store: Store, commits: list[list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it might stay by itself."""
    monkeypatch.setattr(writer, "LINGER_S", 3600)
    await store.append_delivery(delivery())
    queued = [store.queue_attempt(attempt(delivery_id=1)) for _ in range(2)]
    await _turns()
    await store.append_delivery(delivery())

    assert all(each.done() for each in queued)
    assert [len(commit) for commit in commits] == [1, 3]


async def test_what_nobody_waits_for_is_stored_alone_in_the_end(
    store: Store, commits: list[list[Record]]
) -> None:
    await store.append_delivery(delivery())
    stored = await store.queue_attempt(attempt(delivery_id=1))

    assert stored is not None
    assert [len(commit) for commit in commits] == [1, 1]


async def test_closing_stores_what_nobody_waits_for(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 3600)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(delivery())
        queued = store.queue_attempt(attempt(delivery_id=1))
        await _turns()

    assert await queued is not None


async def test_commit_is_bounded_by_count(store: Store, commits: list[list[Record]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(writer.COMMIT_WRITES + 1):
            tasks.create_task(store.append_delivery(delivery()))

    assert [len(commit) for commit in commits] == [writer.COMMIT_WRITES, 1]


async def test_commit_is_bounded_by_bytes(store: Store, commits: list[list[Record]]) -> None:
    """Two small ones fit together; what does not fit comes next; what never fits is committed alone."""
    bodies = [b"x" * (size << 20) for size in (2, 5, 5, 9, 0)]
    async with asyncio.TaskGroup() as tasks:
        for body in bodies:
            tasks.create_task(store.append_delivery(delivery(body=body)))

    assert [len(commit) for commit in commits] == [2, 1, 1, 1]


async def test_records_are_published_before_their_appends_return(data_dir: DataDir) -> None:
    order: list[str] = []

    async with Store.open(data_dir, on_commit=lambda _: order.append("published")) as store:
        stored = await store.append_delivery(delivery())
        order.append("returned")
        assert store.newest == stored.id

    assert order == ["published", "returned"]


async def test_full_disk_fails_every_append_and_passes(
    store: Store, commits: list[list[Record]]
) -> None:
    """Nobody is acknowledged, nothing is half there, and the store works again once there is room."""
    first = await store.append_delivery(delivery())
    await _limit_pages(store, 1)  # SQLite takes the present size for a smaller one
    big = delivery(body=b"x" * 100_000)

    results = await asyncio.gather(
        *(store.append_delivery(big) for _ in range(20)), return_exceptions=True
    )

    assert {type(result) for result in results} == {StorageError}
    assert {str(result) for result in results} == {
        f"cannot write {store._path}: database or disk is full"
    }
    assert len({id(result) for result in results}) == 20  # each caller raises one of its own

    await _limit_pages(store, 2**30)
    second = await store.append_delivery(big)

    assert second.id == first.id + 1  # the numbers of the failed ones were never seen
    assert [record.id for record in await store.records_after(0, 100)] == [1, 2]
    assert [record.id for commit in commits for record in commit] == [1, 2]


async def test_failed_commit_takes_the_schedule_back(store: Store) -> None:
    await store.append_delivery(delivery())
    await _limit_pages(store, 1)

    results = await asyncio.gather(
        store.append_delivery(delivery(), due_at_us=5),
        store.append_delivery(delivery(body=b"x" * 100_000)),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [StorageError, StorageError]
    assert await store.next_due_us() is None


async def test_record_that_sqlite_refuses_leaves_nothing_behind(store: Store) -> None:
    """An error that does not make SQLite roll back by itself, as a full disk does."""
    mistaken = delivery(body="text where bytes belong")

    with pytest.raises(StorageError, match="cannot store TEXT value in BLOB column"):
        await store.append_delivery(mistaken)

    assert (await store.append_delivery(delivery())).id == 1
    assert len(await store.page()) == 1


async def test_cancelled_caller_breaks_nothing(store: Store, data_dir: DataDir) -> None:
    """A sender that hung up: its delivery arrived whole, so it is kept."""
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            gone = [
                tasks.create_task(store.append_delivery(delivery(body=b"gone"))) for _ in range(3)
            ]
            stays = tasks.create_task(store.append_delivery(delivery(body=b"stays")))
            await _turns()
            for task in gone:
                task.cancel()

    assert stays.result().id == 4
    assert [await store.body(number) for number in range(1, 5)] == [b"gone"] * 3 + [b"stays"]


async def test_full_queue_refuses_at_once(
    store: Store, data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_WRITES", 10)
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            for _ in range(10):
                tasks.create_task(store.append_delivery(delivery()))
            await _turns()
            with pytest.raises(StoreBusyError, match=r"10 records .* wait to be stored"):
                await store.append_delivery(delivery())

    assert (await store.append_delivery(delivery())).id == 11


async def test_queue_is_bounded_by_bytes(
    store: Store, data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is alone is taken whatever its size: it could never be stored otherwise."""
    monkeypatch.setattr(writer, "QUEUE_BYTES", 3 << 20)
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            tasks.create_task(store.append_delivery(delivery(body=b"x" * (4 << 20))))
            await _turns()
            with pytest.raises(StoreBusyError, match="4 MiB"):
                await store.append_delivery(delivery(body=b""))

    assert (await store.append_delivery(delivery())).id == 2


async def test_foreign_writer_delays_and_loses_nothing(store: Store, data_dir: DataDir) -> None:
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            waiting = tasks.create_task(store.append_delivery(delivery()))
            await _turns()
            assert not waiting.done()

    assert waiting.result().id == 1


async def test_on_commit_that_raises_is_loud_and_loses_nothing(data_dir: DataDir) -> None:
    """It is contracted not to. What is on disk is acknowledged, whoever still waits is told, the owner is stopped."""
    appends: list[asyncio.Task[Record]] = []

    async def run() -> None:
        async with Store.open(data_dir, on_commit=_fail) as store, asyncio.TaskGroup() as tasks:
            await store.unschedule(1)
            with _write_lock(data_dir):
                for _ in range(2):
                    appends.append(tasks.create_task(store.append_delivery(delivery())))
                    await _turns()

    with pytest.raises(ExceptionGroup) as raised:
        await run()

    assert raised.group_contains(ZeroDivisionError)
    assert appends[0].result().id == 1
    assert isinstance(appends[1].exception(), StorageError)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert store.newest == 1


def _fail(_: Sequence[Record]) -> None:
    raise ZeroDivisionError


async def test_attempts_and_deliveries_share_a_commit(
    store: Store, commits: list[list[Record]], data_dir: DataDir
) -> None:
    await store.append_delivery(delivery())
    async with asyncio.TaskGroup() as tasks:
        with _write_lock(data_dir):
            for _ in range(2):
                tasks.create_task(store.append_attempt(attempt(delivery_id=1)))
                tasks.create_task(store.append_delivery(delivery()))
            tasks.create_task(store.add_endpoint("demo", 1))

    kinds = [(record.id, type(record).__name__) for record in commits[1]]
    assert kinds == [(2, "Attempt"), (3, "Delivery"), (4, "Attempt"), (5, "Delivery")]


async def _turns() -> None:
    """Let what was just started come to where it waits: the append queues, the writer takes it to its thread."""
    for _ in range(3):
        await asyncio.sleep(0)


async def _limit_pages(store: Store, pages: int) -> None:
    await in_thread(
        store._writer._connection,
        lambda raw: raw.execute(f"PRAGMA max_page_count = {pages}").fetchall(),
    )

"""Bodies so big that they are written into their rows and read out of them."""

import asyncio
import random
import sqlite3
from contextlib import closing

import pytest

from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.store import Store
from inspector.store.bodies import BIG_BYTES
from inspector.store.connection import in_thread
from tests.factories import delivery

SIZES = [BIG_BYTES - 1, BIG_BYTES, BIG_BYTES + 1, 5 * BIG_BYTES + 4093]


def body_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
async def test_a_big_body_comes_back_as_it_went_in(
    store: Store, data_dir: DataDir, size: int
) -> None:
    body = body_of(size)

    stored = await store.append_delivery(delivery(body=body))

    assert stored.request.body == body
    assert await store.body(stored.id) == body
    assert (await store.stored(stored.id)).request.body == body
    with closing(sqlite3.connect(data_dir.database)) as other:
        row = other.execute("SELECT typeof(body), length(body), body FROM delivery").fetchone()
    assert row == ("blob", size, body)


async def test_big_and_small_ones_share_a_commit(store: Store, commits: list[list[Record]]) -> None:
    """Each under its own number."""
    sent = [b"", body_of(BIG_BYTES + 1), b"small", body_of(2 * BIG_BYTES), b"\0"]
    async with asyncio.TaskGroup() as tasks:
        appends = [tasks.create_task(store.append_delivery(delivery(body=body))) for body in sent]

    numbers = [append.result().id for append in appends]
    assert max(map(len, commits)) > 1
    assert [await store.body(number) for number in numbers] == sent


async def test_a_big_body_that_does_not_fit_leaves_nothing(store: Store, data_dir: DataDir) -> None:
    """The disk is full halfway: the row was there, and is not committed; there is room for smaller ones."""
    first = await store.append_delivery(delivery(body=b"first"))
    writer = store._writer._connection
    await in_thread(writer, lambda raw: raw.execute("PRAGMA max_page_count = 300").fetchall())

    with pytest.raises(StorageError, match="full"):
        await store.append_delivery(delivery(body=body_of(5 * BIG_BYTES)))
    later = await store.append_delivery(delivery(body=body_of(BIG_BYTES + 1)))

    assert later.id == first.id + 1
    with closing(sqlite3.connect(data_dir.database)) as other:
        assert other.execute("SELECT count(*) FROM delivery").fetchone() == (2,)
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_big_body_is_gone_with_its_delivery(store: Store) -> None:
    stored = await store.append_delivery(delivery(body=body_of(BIG_BYTES + 1)))

    await store.delete([stored.id])

    assert await store.body(stored.id) is None
    assert await store.delivery(stored.id) is None

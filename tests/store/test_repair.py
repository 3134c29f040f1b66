import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from inspector.store import Store, database, salvage
from inspector.store.repair import is_whole, repair
from tests.factories import attempt, delivery, verdict

PAGE = database.NEW_FILE["page_size"]
COUNT = 300


def _body(number: int) -> bytes:
    return b"%d:" % number + bytes([number % 251]) * 3000


async def _fill(data_dir: DataDir) -> None:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        for number in range(1, COUNT + 1):
            due = 7 if number % 10 == 0 else None
            await store.append_delivery(delivery(body=_body(number)), due_at_us=due)
        for number in range(1, COUNT + 1, 3):
            await store.append_attempt(attempt(delivery_id=number), retry_at_us=None)
        await store.append_verdicts([verdict(delivery_id=5)])
        await store.append_delivery(delivery(handshake="answered"))
        await store.add_endpoint("demo", 1)


async def _left(data_dir: DataDir) -> set[int]:
    """Open what was repaired; return which of the deliveries are there, whole."""
    assert is_whole(data_dir.database)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        found = {number for number in range(1, COUNT + 1) if await store.body(number) is not None}
        for number in found:
            assert await store.body(number) == _body(number)
        await store.append_delivery(delivery())
    return found


async def test_a_whole_database_is_left_alone(data_dir: DataDir) -> None:
    await _fill(data_dir)
    before = data_dir.database.read_bytes()

    assert repair(data_dir, "now").moved_to is None
    assert data_dir.database.read_bytes() == before


@pytest.mark.parametrize("seed", range(6))
async def test_what_can_be_read_is_recovered(data_dir: DataDir, seed: int) -> None:
    """Three pages are overwritten: most deliveries are saved, none is another than it was, nothing is deleted."""
    await _fill(data_dir)
    dice = random.Random(seed)
    content = bytearray(data_dir.database.read_bytes())
    for page in dice.sample(range(20, len(content) // PAGE), 3):
        content[page * PAGE : (page + 1) * PAGE] = dice.randbytes(PAGE)
    data_dir.database.write_bytes(content)
    assert not is_whole(data_dir.database)

    done = repair(data_dir, "now")

    assert done.moved_to == data_dir.path / "damaged-now"
    assert (done.moved_to / "hooktap.db").read_bytes() == content
    found = await _left(data_dir)
    assert len(found) <= done.recovered["delivery"]
    assert len(found) >= COUNT - 150
    assert done.unreadable > 0 or len(found) == COUNT
    assert sorted(path.name for path in data_dir.path.glob("*.db*")) == ["hooktap.db"]


async def test_the_last_page_of_a_table(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the table ends cannot be asked then; what comes before is found all the same, however much it is."""
    monkeypatch.setattr(salvage, "BEYOND", 20)
    await _fill(data_dir)
    marker = _body(COUNT)
    content = bytearray(data_dir.database.read_bytes())
    page = content.index(marker) // PAGE
    content[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    data_dir.database.write_bytes(content)

    repair(data_dir, "now")

    found = await _left(data_dir)
    assert set(range(1, COUNT - 10)) <= found
    assert COUNT not in found


@pytest.mark.parametrize(
    "content", [b"no database at all" * 1000, b"SQLite format 3\0" + b"\xff" * 9000]
)
async def test_nothing_can_be_read(data_dir: DataDir, content: bytes) -> None:
    """It is kept all the same, and receiving can go on in an empty one."""
    data_dir.database.write_bytes(content)

    done = repair(data_dir, "now")

    assert (done.recovered, done.unreadable) == ({}, 1)
    assert (data_dir.path / "damaged-now" / "hooktap.db").read_bytes() == content
    assert await _left(data_dir) == set()


async def test_rows_that_only_the_log_holds(data_dir: DataDir, tmp_path: Path) -> None:
    """A killed inspector leaves its newest deliveries in the write-ahead log."""
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(delivery(body=_body(1)))
        crashed = DataDir(tmp_path / "crashed")
        crashed.prepare()
        for path in data_dir.path.glob("hooktap.db*"):
            (crashed.path / path.name).write_bytes(path.read_bytes())
    with closing(sqlite3.connect(data_dir.database)) as other:
        other.execute("SELECT 1")
    damage = b"\0" * 60
    with crashed.database.with_name("hooktap.db-wal").open("r+b") as log:
        log.seek(0, 2)
        log.write(damage)  # a torn frame at its end is what SQLite ignores by itself

    assert repair(crashed, "now").moved_to is None
    assert await _left(crashed) == {1}


async def test_not_beside_an_inspector(data_dir: DataDir) -> None:
    with pytest.raises(HooktapError, match="nothing was received yet"):
        repair(data_dir, "now")
    async with Store.open(data_dir, on_commit=lambda _: None):
        with pytest.raises(UnreachableError, match="another inspector"):
            repair(data_dir, "now")

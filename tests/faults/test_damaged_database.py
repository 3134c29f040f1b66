"""F9: a damaged database does not keep an inspector from taking deliveries, and nothing of it is thrown away."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from inspector.datadir import DataDir
from inspector.errors import DamagedError, StorageError
from inspector.store import Store, salvage
from inspector.store.database import NEW_FILE, put_away, suspicion
from inspector.store.repair import begin_anew, repair
from tests.factories import attempt, delivery
from tests.process import inspector

PAGE = NEW_FILE["page_size"]
COUNT = 300


@pytest.fixture(autouse=True)
def _short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvage, "BEYOND", 500)


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


async def _fill(data_dir: DataDir) -> None:
    data_dir.prepare()
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        bodies = (b"%d:" % number + b"x" * 3000 for number in range(1, COUNT + 1))
        await asyncio.gather(*(store.append_delivery(delivery(body=body)) for body in bodies))
        await store.append_attempt(attempt(delivery_id=7), retry_at_us=None)
        await store.add_endpoint("demo", 1)


def _overwrite_schema(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)


def _overwrite_end_of_table(database: Path) -> None:
    """The leaf that the next delivery is written to."""
    marker = b"%d:" % COUNT + b"x" * 100
    content = bytearray(database.read_bytes())
    page = content.index(marker) // PAGE
    content[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    database.write_bytes(content)


def _cut(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(PAGE * 3)


@pytest.mark.parametrize("damage", [_overwrite_schema, _overwrite_end_of_table, _cut])
async def test_it_starts_takes_deliveries_and_gets_the_old_ones_back(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    data_dir = DataDir(tmp_path / "data")
    await _fill(data_dir)
    damage(data_dir.database)
    damaged = data_dir.database.read_bytes()

    async with inspector(tmp_path) as running, aiohttp.ClientSession() as session:
        async with session.post(f"{running.ingress}/in/demo", data=b"new") as answer:
            assert answer.status == 200
        token = {"Authorization": f"Bearer {data_dir.read_api_token()}"}
        async with session.get(f"{running.api}/api/health", headers=token) as answer:
            assert (await answer.json())["holds_damage"] is True

    (folder,) = put_away(data_dir.database)
    assert (folder / "hooktap.db").read_bytes() == damaged
    assert folder.stat().st_mode & 0o077 == 0
    done = repair(data_dir, "now")
    assert done.moved_to == folder.with_name(folder.name.replace("put-away", "damaged"))
    assert put_away(data_dir.database) == []
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        found = {number: await store.body(number) for number in range(1, store.newest + 1)}
        (newest,) = [number for number, body in found.items() if body == b"new"]
        old = {number: body for number, body in found.items() if body and number != newest}
    assert newest > COUNT
    assert len(old) == done.recovered.get("delivery", 1) - 1
    assert all(body == b"%d:" % number + b"x" * 3000 for number, body in old.items())
    assert len(old) > (COUNT - 50 if damage is _overwrite_end_of_table else -1)


async def test_a_write_that_meets_damage_is_remembered(data_dir: DataDir) -> None:
    """It is refused, and the next start begins anew: it would be refused for ever."""
    await _fill(data_dir)
    with closing(sqlite3.connect(data_dir.database)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'delivery_by_outcome'"
        ).fetchone()
    with data_dir.database.open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(b"\xff" * PAGE)

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        with pytest.raises(StorageError, match="start hooktap again"):
            await store.append_delivery(delivery())
    assert suspicion(data_dir.database).exists()
    with pytest.raises(DamagedError):
        async with Store.open(data_dir, on_commit=lambda _: None):
            pass

    begin_anew(data_dir, "now")

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        kept = await store.append_delivery(delivery())
    assert kept.id == COUNT + 2
    assert repair(data_dir, "later").recovered["delivery"] == COUNT + 1


async def test_checksums_of_both_are_good_together(data_dir: DataDir) -> None:
    """What cannot be read does not say which numbers were given out: the new ones begin far above."""
    await _fill(data_dir)
    _overwrite_end_of_table(data_dir.database)

    begin_anew(data_dir, "now")
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        kept = await store.append_delivery(delivery())
    done = repair(data_dir, "later")

    assert kept.id > salvage.BEYOND
    assert done.set_aside == 0
    assert done.recovered["delivery"] > COUNT - 50
    assert done.recovered["attempt"] == 1

"""What is kept and what goes: by the configuration, beside senders, and through kill -9."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession

from inspector import retention
from inspector.config import Config, Keep
from inspector.core.pruning import PruneOrder
from inspector.datadir import DataDir
from inspector.errors import QueryError
from inspector.retention import DAY_US, Retention, choice
from inspector.server import running
from inspector.store import Store
from inspector.store.space import Disk, Space
from tests import factories
from tests.factories import attempt, delivery, headers, response

ROOT = Path(__file__).parent.parent
NOW_US = 1000 * DAY_US


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    async with Store.open(data_dir, on_commit=lambda _: None) as opened:
        yield opened


def _retention(store: Store, default: Keep | None = None, **endpoints: Keep | None) -> Retention:
    return Retention(store, default=default, endpoints=endpoints, clock_us=lambda: NOW_US)


async def _receive(store: Store, count: int, **fields: object) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(store.append_delivery(delivery(**fields)))


async def _kept(store: Store) -> list[int]:
    return sorted(found.id for found in await store.page(limit=10_000))


async def test_by_default_all_is_kept(store: Store) -> None:
    """Nothing is even counted: the task ends at once."""
    await _receive(store, 3, received_at_us=1)
    await _retention(store)._run()
    await _retention(store).enforce()
    assert await _kept(store) == [1, 2, 3]


async def test_by_count(store: Store) -> None:
    """In more than one slice; the newest stay."""
    await _receive(store, 450)
    await _retention(store, Keep(deliveries=30)).enforce()
    assert await _kept(store) == list(range(421, 451))


async def test_each_endpoint_has_limits_of_its_own(store: Store) -> None:
    for number in range(12):
        await _receive(store, 1, endpoint=("a", "b", "c")[number % 3])
    await _retention(store, Keep(deliveries=2), b=Keep(deliveries=1), c=None).enforce()

    by_endpoint = dict.fromkeys("abc", 0)
    for found in await store.page():
        by_endpoint[found.endpoint] += 1
    assert by_endpoint == {"a": 2, "b": 1, "c": 4}


async def test_by_age(store: Store) -> None:
    for days in (3, 2, 1, 0):
        await _receive(store, 1, received_at_us=NOW_US - days * DAY_US)
    await _retention(store, Keep(days=1.5)).enforce()
    assert await _kept(store) == [3, 4]


async def test_a_clock_that_jumped_lets_nothing_young_go(store: Store) -> None:
    """One that came an hour ahead of time keeps those behind it a while longer; order is that of the numbers."""
    for days in (5, -1, 5, 0):
        await _receive(store, 1, received_at_us=NOW_US - days * DAY_US)
    await _retention(store, Keep(days=1)).enforce()
    assert await _kept(store) == [2, 3, 4]


async def test_by_bytes(store: Store) -> None:
    """The answers of targets count, whenever they come."""
    held = _retention(store, Keep(bytes=100_000))
    await _receive(store, 20, body=b"x" * 9_000)
    await held.enforce()
    assert await _kept(store) == list(range(11, 21))

    answer = response(body=b"y" * 45_000, body_bytes=45_000)
    await store.append_attempt(attempt(delivery_id=20, result=answer))
    await held.enforce()
    assert 14 <= (await _kept(store))[0] <= 17


async def test_more_and_more_arrives(store: Store) -> None:
    """Round after round it is the newest that are left, and what is counted stays right."""
    held = _retention(store, Keep(deliveries=50, bytes=60_000))
    for _ in range(6):
        await _receive(store, 75, body=b"x" * 100)
        await held.enforce()
        assert await _kept(store) == list(range(store.newest - 49, store.newest + 1))
    assert held._kept["demo"].deliveries == 50


async def test_what_is_owed_stays_until_it_is_not(store: Store) -> None:
    for number in range(10):
        await store.append_delivery(delivery(), due_at_us=1 if number < 3 else None)
    held = _retention(store, Keep(deliveries=4))
    await held.enforce()
    assert await _kept(store) == [1, 2, 3, 10]

    for number in (1, 2, 3):
        await store.append_attempt(attempt(delivery_id=number))
    await _receive(store, 3)
    await held.enforce()
    assert len(await _kept(store)) == 4
    assert {1, 2, 3}.isdisjoint(await _kept(store))


async def test_what_was_owed_is_found_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was passed long before it could go: the next round looks at it once more."""
    monkeypatch.setattr(retention, "SLICE_DELIVERIES", 2)
    for number in range(12):
        await store.append_delivery(delivery(), due_at_us=1 if number < 2 else None)
    held = _retention(store, Keep(deliveries=4))
    await held.enforce()
    assert await _kept(store) == [1, 2, 11, 12]

    await store.append_attempt(attempt(delivery_id=1))
    await _receive(store, 1)
    await held.enforce()
    assert await _kept(store) == [2, 11, 12, 14]


async def test_slices_are_bounded_by_bytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "SLICE_BYTES", 25_000)
    await _receive(store, 10, body=b"x" * 9_000)
    await _receive(store, 1, body=b"x" * 90_000)
    held = _retention(store)
    sizes: list[int] = []
    after: int | None = 0
    while after is not None:
        part = await held.prune(PruneOrder(below=100, after=after))
        sizes.append(part.deliveries)
        after = part.after

    assert sizes == [2, 2, 2, 2, 2, 1]
    assert await _kept(store) == []


async def test_a_prune_by_hand(store: Store) -> None:
    """Counting changes nothing; what arrives after it stays; the newest of those that match stay."""
    for number in range(10):
        await _receive(store, 1, endpoint=("a", "b")[number % 2])
    held = _retention(store)
    order = PruneOrder("endpoint:a", keep=2)
    would = await held.count(order)
    assert (would.deliveries, would.owed, would.below, would.after) == (3, 0, 7, None)
    assert len(await _kept(store)) == 10

    await _receive(store, 1, endpoint="a")
    done = await held.prune(PruneOrder("endpoint:a", keep=2, below=would.below))
    assert (done.deliveries, done.bytes) == (3, would.bytes)
    assert await _kept(store) == [2, 4, 6, 7, 8, 9, 10, 11]
    with pytest.raises(QueryError):
        await held.count(PruneOrder("nonsense:1"))


async def test_keeping_more_than_there_is(store: Store) -> None:
    await _receive(store, 3)
    assert (await _retention(store).count(PruneOrder(keep=5))).deliveries == 0
    assert (await _retention(store).count(PruneOrder(keep=3))).deliveries == 0
    assert (await _retention(store).count(PruneOrder(keep=2**62))).deliveries == 0
    assert (await _retention(store).count(PruneOrder(after=2**62))).deliveries == 0


async def test_the_space_goes_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SPARE_BYTES", 0)
    await _receive(store, 60, body=b"x" * 50_000)
    before = await store.room()
    await _retention(store, Keep(deliveries=5)).enforce()
    after = await store.room()
    assert after.bytes < before.bytes / 4
    assert after.free_bytes <= after.bytes * 0.06


async def test_beside_64_senders(store: Store) -> None:
    """Acknowledged is stored, for all that is not beyond the limit; the limit holds; no number is given twice."""
    held = Retention(store, default=Keep(deliveries=300), round_s=0.001)
    acknowledged: list[int] = []

    async def send() -> None:
        for _ in range(25):
            stored = await store.append_delivery(delivery(body=b"x" * 2000))
            acknowledged.append(stored.id)
            await store.append_attempt(attempt(delivery_id=stored.id))

    async with held.running(), asyncio.TaskGroup() as senders:
        for _ in range(64):
            senders.create_task(send())
    assert set(sorted(acknowledged)[-300:]) <= set(await _kept(store)) < set(acknowledged)
    await _retention(store, Keep(deliveries=300)).enforce()

    assert len(set(acknowledged)) == 64 * 25
    kept = await _kept(store)
    assert kept == sorted(acknowledged)[-300:]
    found = await store.attempts(kept)
    assert all(len(each) == 1 for each in found.values())


async def test_a_flood_stays_within_its_bytes_on_the_disk(store: Store, tmp_path: Path) -> None:
    """The database and its log, not only what senders sent: more than twice as much arrives, as fast as it can be."""
    budget, peak = 64_000_000, 0
    folder = tmp_path / "data"
    request = factories.request(headers=headers(*[(f"X-Header-{n}", "v" * 30) for n in range(12)]))

    async def send() -> None:
        nonlocal peak
        for _ in range(600):
            await store.append_delivery(delivery(request=request, body=b"x" * 2000))
            if store.newest % 100 == 0:
                peak = max(peak, sum(path.stat().st_size for path in folder.glob("hooktap.db*")))

    async with Retention(store, default=Keep(bytes=budget)).running(), asyncio.TaskGroup() as group:
        for _ in range(64):
            group.create_task(send())
    assert budget / 2 < peak <= 1.1 * budget


async def test_a_running_inspector_keeps_to_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the floor of its disk it answers 503 and stores nothing; with room it goes on."""
    monkeypatch.setattr(retention, "ROUND_S", 0.001)
    config = Config(
        DataDir(tmp_path / "data"), port=0, api_port=0, keeps={"demo": Keep(deliveries=3)}
    )
    async with running(config) as inspector, ClientSession() as session:

        async def post(name: str) -> int:
            url = f"{inspector.addresses.ingress}/in/{name}"
            async with session.post(url, data=b"{}") as answer:
                return answer.status

        for _ in range(9):
            assert [await post("demo"), await post("other")] == [200, 200]
        async with asyncio.timeout(30):
            while len(await inspector.store.page()) > 12:
                await asyncio.sleep(0)
        assert [found.endpoint for found in await inspector.store.page()].count("demo") == 3

        inspector.store._space = Space(tmp_path, look=lambda _: Disk(2**40, 2**20))
        newest = inspector.store.newest
        assert await post("demo") == 503
        assert inspector.store.newest == newest
        inspector.store._space = Space(tmp_path)
        assert await post("demo") == 200


PRUNE = """
import asyncio, os, sys
from pathlib import Path
from inspector.config import Keep
from inspector.datadir import DataDir
from inspector.retention import Retention
from inspector.store import Store
from tests.factories import attempt, delivery

async def send(store):
    while True:
        stored = await store.append_delivery(delivery(body=b"x" * 3000))
        os.write(1, b"%d\\n" % stored.id)
        await store.append_attempt(attempt(delivery_id=stored.id))

async def main():
    async with Store.open(DataDir(Path(sys.argv[1])), on_commit=lambda records: None) as store:
        held = Retention(store, default=Keep(deliveries=200), round_s=0.001)
        async with held.running(), asyncio.TaskGroup() as tasks:
            for _ in range(16):
                tasks.create_task(send(store))

asyncio.run(main())
"""


async def test_kill_9_during_a_prune(tmp_path: Path) -> None:
    """The database is consistent, nothing young is lost, numbers go on, and the next run prunes on."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    newest = 0
    for minimum in (900, 1400, 2000):
        acknowledged = _send_until_killed(data_dir, minimum)
        assert min(acknowledged) > newest
        newest = max(acknowledged)
        with closing(sqlite3.connect(data_dir.database)) as other:
            assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert other.execute("PRAGMA foreign_key_check").fetchall() == []
            left = [number for (number,) in other.execute("SELECT id FROM delivery ORDER BY id")]
        assert len(left) < len(acknowledged)
        assert set(acknowledged[-200:]) <= set(left)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert store.newest >= newest
        await Retention(store, default=Keep(deliveries=200)).enforce()
        assert len(await _kept(store)) == 200


def _send_until_killed(data_dir: DataDir, minimum: int) -> list[int]:
    with subprocess.Popen(
        [sys.executable, "-c", PRUNE, data_dir.path], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(minimum)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    return sorted(int(line) for line in lines)

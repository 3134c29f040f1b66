import sqlite3
from contextlib import closing

import pytest

from inspector.core import query
from inspector.core.model import Trigger
from inspector.core.query import EVERYTHING
from inspector.datadir import DataDir
from inspector.store import Candidate, Selection, Store, database, pruning
from tests.factories import attempt, delivery, request, response, verdict

ALL = Selection()


async def _received(store: Store, count: int, **fields: object) -> list[int]:
    return [(await store.append_delivery(delivery(**fields))).id for _ in range(count)]


async def _ids(store: Store, selection: Selection = ALL) -> list[int]:
    found, after = await store.candidates(selection, after=0, limit=100)
    assert after is None
    return [candidate.id for candidate in found]


async def test_an_empty_store_has_nothing_to_let_go(store: Store) -> None:
    assert await store.candidates(ALL, after=0, limit=10) == ([], None)
    assert await store.amounts(0, 0) == []
    assert await store.boundary(EVERYTHING, 1) == 0
    await store.delete([])
    await store.delete([1, 2**62])
    await store.shrink(10)


async def test_what_belongs_to_a_delivery_goes_with_it(store: Store, data_dir: DataDir) -> None:
    """Attempts, verdicts, the note of a handshake; the numbers stay taken, also after a restart."""
    await store.append_delivery(delivery(handshake="answered with its challenge"))
    await store.append_attempt(attempt(delivery_id=1))
    await store.append_verdicts([verdict(delivery_id=1)])
    await store.delete([1])

    assert await store.delivery(1) is None
    with closing(sqlite3.connect(f"file:{data_dir.database}?mode=ro", uri=True)) as other:
        for table in ("delivery", "handshake", "attempt", "verdict"):
            assert other.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert (await store.append_delivery(delivery())).id == 4


async def test_what_is_owed_stays(store: Store) -> None:
    """Whoever asks: the delete itself looks at the schedule, in the same commit."""
    await store.append_delivery(delivery(), due_at_us=1)
    await store.append_delivery(delivery())
    await store.delete([1, 2])

    [candidate], after = await store.candidates(ALL, after=0, limit=10)
    assert (candidate.id, candidate.is_owed, after) == (1, True, None)
    await store.append_attempt(attempt(delivery_id=1))
    await store.delete([1])
    assert await _ids(store) == []


async def test_a_delivery_that_becomes_owed_in_the_same_commit_stays(store: Store) -> None:
    """Its attempt failed and is to be made again; the delete was queued before."""
    await store.append_delivery(delivery(), due_at_us=1)
    await store.append_attempt(attempt(delivery_id=1))
    stopped = store._writer.write(lambda _: None)
    deleting = store._writer.write(lambda transaction: pruning.delete([1], transaction))
    retried = store.queue_attempt(attempt(trigger=Trigger.RETRY, delivery_id=1), retry_at_us=5)
    for future in (stopped, deleting, retried):
        await future

    assert await _ids(store) == [1]
    assert [each.number for each in (await store.attempts([1]))[1]] == [1, 2]


async def test_an_attempt_at_what_is_gone_fails_alone(store: Store) -> None:
    """The count of its attempts is forgotten: numbered from memory it would fail the commit of everybody."""
    await _received(store, 2)
    await store.append_attempt(attempt(delivery_id=1))
    await store.delete([1])
    late = store.queue_attempt(attempt(delivery_id=1))
    other = await store.append_delivery(delivery())

    assert await late is None
    assert await store.delivery(other.id) is not None


async def test_an_attempt_queued_behind_the_delete_fails_no_commit(store: Store) -> None:
    """In one commit with it, and with a delivery that must not suffer."""
    await _received(store, 1)
    deleting = store._writer.write(lambda transaction: pruning.delete([1], transaction))
    late = store.queue_attempt(attempt(delivery_id=1))
    other = await store.append_delivery(delivery())
    await deleting
    await late

    assert await store.attempts([1]) == {1: []}
    assert await store.delivery(other.id) is not None
    assert await store.queue_attempt(attempt(delivery_id=1)) is None


async def test_sizes(store: Store) -> None:
    """A candidate's bytes are those of the delivery and its attempts; they add up to the endpoint's."""
    await _received(store, 1, request=request(body=b"x" * 5000), endpoint="a")
    await store.append_attempt(
        attempt(delivery_id=1, result=response(body=b"y" * 700, body_bytes=700))
    )
    await _received(store, 2, endpoint="b")
    found, _ = await store.candidates(ALL, after=0, limit=10)
    added: dict[str, tuple[int, int]] = {}
    for amount in await store.amounts(0, store.newest):
        count, size = added.get(amount.endpoint, (0, 0))
        added[amount.endpoint] = (count + amount.deliveries, size + amount.bytes)

    assert 5700 < found[0].bytes < 7000
    assert added["a"] == (1, found[0].bytes)
    assert added["b"] == (2, found[1].bytes + found[2].bytes)


async def test_selections(store: Store) -> None:
    for number in range(1, 7):
        endpoint = "odd" if number % 2 else "even"
        await _received(store, 1, endpoint=endpoint, received_at_us=number * 10)
    odd = query.parse("endpoint:odd")

    assert await _ids(store, Selection(odd)) == [1, 3, 5]
    assert await _ids(store, Selection(odd, received_before_us=50)) == [1, 3]
    assert await _ids(store, Selection(EVERYTHING, below=3)) == [1, 2]
    assert await _ids(store, Selection(EVERYTHING, received_before_us=2**80)) == [1, 2, 3, 4, 5, 6]
    assert await store.boundary(odd, 2) == 3
    assert await store.boundary(odd, 3) == 1
    assert await store.boundary(odd, 4) == 0


async def test_looking_goes_on_where_it_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By count and by window; numbers that nothing has any more take no time."""
    monkeypatch.setattr(pruning, "WINDOW", 4)
    await _received(store, 20)
    await store.delete(range(1, 13))
    seen: list[Candidate] = []
    after: int | None = 0
    looks = 0
    while after is not None:
        found, after = await store.candidates(ALL, after=after, limit=3)
        seen += found
        looks += 1

    assert [candidate.id for candidate in seen] == list(range(13, 21))
    assert looks <= 5


async def test_space_comes_back(store: Store, data_dir: DataDir) -> None:
    """The file itself becomes smaller, a part at a time."""
    for _ in range(40):
        await _received(store, 1, body=b"x" * 100_000)
    before = await store.room()
    await store.delete(range(1, 41))
    deleted = await store.room()
    await store.shrink(100)
    part = await store.room()
    await store.shrink(100_000)
    after = await store.room()

    assert (before.free_bytes, deleted.bytes) == (0, before.bytes)
    assert deleted.free_bytes > 3_900_000
    assert part.bytes == before.bytes - 100 * database.NEW_FILE["page_size"]
    assert (after.free_bytes, after.bytes) == (0, before.bytes - deleted.free_bytes)
    assert (await store.append_delivery(delivery())).id == 41

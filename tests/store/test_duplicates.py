"""Which deliveries are marked, and which are held: decided with their numbers, in the order of the writer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from inspector.core.model import (
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Record,
    Response,
    Trigger,
    Verification,
)
from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.store import Store, duplicates, schema
from inspector.store.duplicates import Firsts
from tests import factories

VERIFIED = Verification(Outcome.VERIFIED, "signature matches")
REFUSED = Failure(FailureKind.REFUSED, "nobody listens")
UNRELIABLE = set(Outcome) - {Outcome.VERIFIED, Outcome.STALE, Outcome.UNSIGNED}


def event(
    name: str | None = "evt_1", outcome: Outcome = Outcome.VERIFIED, **fields: Any
) -> Delivery:
    """Build a delivery of an event."""
    verification = Verification(outcome, "")
    return factories.delivery(
        **{"provider": "jinko", "event_id": name, "verification": verification} | fields
    )


@asynccontextmanager
async def opened(data_dir: DataDir) -> AsyncIterator[Store]:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        yield store


async def marks(store: Store, *deliveries: Delivery) -> list[int | None]:
    """Store them one after the other; return what each is a duplicate of."""
    return [(await store.append_delivery(each)).duplicate_of for each in deliveries]


async def test_every_later_delivery_of_an_event_is_marked(
    store: Store, commits: list[list[Record]]
) -> None:
    """With the first, not the one before; told by the feed, and read back."""
    assert await marks(store, event(), event("evt_2"), event(), event()) == [None, None, 1, 1]
    assert [each.duplicate_of for each in await store.page()] == [1, 1, None, None]
    told = [record for commit in commits for record in commit]
    assert [each.duplicate_of for each in told if isinstance(each, Delivery)] == [None, None, 1, 1]
    assert (await store.stored(3)).duplicate_held is False


async def test_without_an_id_nothing_is_a_duplicate(store: Store) -> None:
    assert await marks(store, event(None), event(None)) == [None, None]


@pytest.mark.parametrize(
    "other",
    [
        {"endpoint": "another"},
        {"provider": "github"},
        {"provider": None},
        {"event_id": "evt_1\n"},
        {"event_id": "EVT_1"},
        {"event_id": ""},
    ],
)
async def test_another_endpoint_provider_or_id_is_another_event(
    store: Store, other: dict[str, Any]
) -> None:
    assert await marks(store, event(), event(**other), event()) == [None, None, 1]


@pytest.mark.parametrize("outcome", sorted(UNRELIABLE))
async def test_only_what_is_verified_counts(store: Store, outcome: Outcome) -> None:
    """Whoever has no secret can neither come first nor be shown as a repeat."""
    forged = event(outcome=outcome)
    assert await marks(store, forged, event(), forged, event()) == [None, None, None, 2]


async def test_what_is_played_back_late_is_a_duplicate_and_no_first(store: Store) -> None:
    """Its signature is right, so it is the event; but whoever captured it does not come before the provider."""
    late = event(outcome=Outcome.STALE)
    assert await marks(store, late, event(), late, event()) == [None, None, 2, 2]


async def test_what_nobody_signs_is_marked_among_its_like(store: Store) -> None:
    unsigned = event(outcome=Outcome.UNSIGNED)
    assert await marks(store, unsigned, event(), unsigned, event()) == [None, None, 1, 2]


async def test_a_handshake_is_no_event(store: Store) -> None:
    shaken = event(handshake="answered with its challenge")
    assert await marks(store, shaken, event(), shaken, event()) == [None, None, None, 2]


@pytest.mark.parametrize("name", ["\0", "x" * 100_000, "'; --", "\x1b[2J", "é", " "])
async def test_any_id_will_do(data_dir: DataDir, name: str) -> None:
    """After a restart, too."""
    async with opened(data_dir) as store:
        assert await marks(store, event(name), event(name)) == [None, 1]
    async with opened(data_dir) as store:
        assert await marks(store, event(name), event("another")) == [1, None]


async def test_of_copies_at_once_exactly_one_is_the_first(store: Store) -> None:
    async with asyncio.TaskGroup() as tasks:
        stored = [tasks.create_task(store.append_delivery(event())) for _ in range(100)]
    first, *others = sorted((each.result() for each in stored), key=lambda each: each.id)

    assert first.duplicate_of is None
    assert {each.duplicate_of for each in others} == {first.id}


async def test_a_restart_forgets_nothing(data_dir: DataDir) -> None:
    """Of a duplicate it remembers the first, though that is gone; and what was no first does not become one."""
    async with opened(data_dir) as store:
        await marks(store, event(), event("evt_2"), event("evt_2"))
        await marks(store, event("evt_3", Outcome.MISMATCH), event("evt_4", handshake="answered"))
        await store.delete([2])
    async with opened(data_dir) as store:
        again = [event(), event("evt_2"), event("evt_3"), event("evt_4"), event("evt_5")]
        assert await marks(store, *again) == [1, 2, None, None, None]
        assert await marks(store, event("evt_3", Outcome.UNSIGNED)) == [None]
        assert await store.delivery(2) is None


async def test_what_was_not_committed_was_not_first(store: Store) -> None:
    """Its number is given out again: the next delivery of the event must not become a duplicate of itself."""
    with pytest.raises(StorageError, match="NOT NULL"):
        await store.append_delivery(event(via=None))

    assert await marks(store, event(), event()) == [None, 1]


async def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes again stays, what is old goes."""
    monkeypatch.setattr(duplicates, "KEPT", 10)
    firsts = Firsts()
    for number in range(1, 101):
        firsts.keep(f"evt_{number}", number)
        assert firsts.find("evt_1") == 1

    known = [number for number in range(2, 101) if firsts.find(f"evt_{number}") == number]
    assert known[-9:] == list(range(92, 101))
    assert len(known) <= 20


async def test_a_restart_looks_at_the_newest(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(data_dir) as store:
        for number in range(30):
            await store.append_delivery(event(f"evt_{number}"))
    monkeypatch.setattr(duplicates, "KEPT", 5)
    async with opened(data_dir) as store:
        assert await marks(store, event("evt_29"), event("evt_25"), event("evt_3")) == [
            30,
            26,
            None,
        ]


async def test_a_mark_goes_with_its_delivery(store: Store, data_dir: DataDir) -> None:
    """The first may go before it; a new duplicate still names it."""
    await marks(store, event(), event())
    await store.delete([1])
    assert [each.duplicate_of for each in await store.page()] == [1]
    assert await marks(store, event()) == [1]
    await store.delete([2, 3])
    with closing(sqlite3.connect(data_dir.database)) as connection:
        assert connection.execute("SELECT * FROM duplicate").fetchall() == []


# Held


async def held(store: Store, *deliveries: Delivery) -> list[bool]:
    """Store them one after the other for an endpoint that holds duplicates; return whether each is held."""
    stored = [
        await store.append_delivery(each, due_at_us=each.received_at_us, hold_duplicate=True)
        for each in deliveries
    ]
    owed = {due.delivery_id for due in await store.due(2**62, 1000)}
    for each in stored:
        assert (each.id in owed) is not each.duplicate_held
        assert (await store.stored(each.id)).duplicate_held is each.duplicate_held
    return [each.duplicate_held for each in stored]


async def test_a_duplicate_waits_for_no_target_that_is_about_to_get_its_event(store: Store) -> None:
    assert await held(store, event(), event(), event("evt_2"), event()) == [
        False,
        True,
        False,
        True,
    ]


async def test_of_copies_at_once_one_is_forwarded(
    store: Store, commits: list[list[Record]]
) -> None:
    await store.unschedule(1)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(store.append_delivery(event(), due_at_us=1, hold_duplicate=True))

    assert [due.delivery_id for due in await store.due(1, 200)] == [1]
    told = [each for commit in commits for each in commit if isinstance(each, Delivery)]
    assert [each.duplicate_held for each in told] == [False] + 99 * [True]


async def test_what_reached_the_target_is_held(store: Store) -> None:
    assert await held(store, event()) == [False]
    await store.append_attempt(factories.attempt(delivery_id=1))
    assert await store.due(2**62, 10) == []
    again = await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)
    assert (again.duplicate_of, again.duplicate_held) == (1, True)


@pytest.mark.parametrize("result", [REFUSED, factories.response(status=500)])
async def test_what_did_not_reach_it_is_forwarded(store: Store, result: Failure | Response) -> None:
    """The provider's retry is the event's second chance; once that has come through, a third one is held."""
    await held(store, event())
    await store.append_attempt(factories.attempt(delivery_id=1, result=result))
    assert (await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)).id == 3
    assert not (await store.stored(3)).duplicate_held
    assert (await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)).duplicate_held
    await store.append_attempt(factories.attempt(delivery_id=3))
    assert (await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)).duplicate_held


async def test_however_many_failed_the_last_that_came_through_counts(store: Store) -> None:
    """Each of them was the provider's retry while the app was down."""
    for number in range(1, 60, 2):
        (is_held,) = await held(store, event())
        assert not is_held
        result = REFUSED if number < 59 else factories.response()
        await store.append_attempt(factories.attempt(delivery_id=number, result=result))

    again = await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)
    assert again.duplicate_held


async def test_one_that_is_to_be_tried_again_is_waited_for(store: Store) -> None:
    await held(store, event())
    failed = factories.attempt(delivery_id=1, result=REFUSED)
    await store.append_attempt(failed, retry_at_us=5)
    assert (await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)).duplicate_held


async def test_a_replay_says_nothing_of_the_target(store: Store) -> None:
    """A person may have sent it anywhere."""
    await held(store, event())
    await store.append_attempt(factories.attempt(delivery_id=1, result=REFUSED))
    await store.append_attempt(factories.attempt(delivery_id=1, trigger=Trigger.REPLAY))
    again = await store.append_delivery(event(), due_at_us=1, hold_duplicate=True)
    assert not again.duplicate_held


@pytest.mark.parametrize(
    "other", [{"body": b'{"changed":1}'}, {"request": factories.request(target=b"/in/demo/x")}]
)
async def test_another_content_is_forwarded(store: Store, other: dict[str, Any]) -> None:
    """The id may stand outside the signature, put there by whoever played another delivery back."""
    changed = event(**other)
    assert await held(store, event(), changed, changed, event()) == [False, False, True, True]
    assert [each.duplicate_of for each in await store.page()] == [1, 1, 1, None]


async def test_what_nobody_signs_is_never_held(store: Store) -> None:
    unsigned = event(outcome=Outcome.UNSIGNED)
    assert await held(store, unsigned, unsigned) == [False, False]
    assert [each.duplicate_of for each in await store.page()] == [1, None]


async def test_what_was_kept_only_is_forwarded_when_it_comes_again(store: Store) -> None:
    """It had no target then; nor is it held where it has none now."""
    first = await store.append_delivery(event(), hold_duplicate=True)
    second = await store.append_delivery(event(), hold_duplicate=True)
    assert (first.duplicate_held, second.duplicate_held) == (False, False)
    assert await held(store, event()) == [False]


async def test_where_the_first_is_gone_nothing_says_that_it_came_through(store: Store) -> None:
    await held(store, event())
    await store.append_attempt(factories.attempt(delivery_id=1))
    await store.delete([1])
    assert await held(store, event(), event()) == [False, True]


def test_no_search_goes_through_the_deliveries(tmp_path: Path) -> None:
    """Whether an event reached its target is found by numbers alone."""
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        schema.migrate(connection)
        wanted = {"first": 1, "target": b"", "body": b""}
        plan = connection.execute("EXPLAIN QUERY PLAN " + duplicates.READ_HANDED, wanted).fetchall()
    steps = [row[3] for row in plan]
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
    assert scanned.isdisjoint({"delivery", "duplicate", "schedule", "attempt"})
    assert [step for step in steps if "TEMP B-TREE FOR ORDER" in step] == []
    assert any("duplicate_not_held" in step for step in steps)

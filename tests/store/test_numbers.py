"""The numbers of all deliveries, by an index: what they are, and that no body is read for them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from inspector.core import query
from inspector.core.model import Delivery, Failure, FailureKind, Outcome, Verification
from inspector.store import Store, numbers, schema
from inspector.store.commit import Counts, commit
from inspector.store.duplicates import Firsts
from inspector.store.rows.deliveries import delivery_row
from inspector.store.writes import insert_delivery
from tests.factories import attempt, delivery, response

ALL = 2**63 - 1
REFUSED = Failure(FailureKind.REFUSED, "nobody listens")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as made:
        schema.migrate(made)
        yield made


def fill(connection: sqlite3.Connection, outcomes: Sequence[Outcome]) -> None:
    made = [delivery(verification=Verification(each, "")) for each in outcomes]
    inserts = [partial(insert_delivery, each, delivery_row(each), None) for each in made]
    commit(connection, 0, Counts(), Firsts(), inserts)


def test_empty(connection: sqlite3.Connection) -> None:
    found = numbers.page(connection, ALL, 100)

    assert (list(found.numbers), found.before, found.oldest) == ([], None, None)


def test_every_outcome_in_one_order(connection: sqlite3.Connection) -> None:
    fill(connection, [*Outcome, *Outcome])

    found = numbers.page(connection, ALL, 100)

    assert list(found.numbers) == list(range(2 * len(Outcome), 0, -1))
    assert (found.before, found.oldest) == (None, 1)


def test_pages_come_to_all_of_them_each_once(connection: sqlite3.Connection) -> None:
    fill(connection, [*Outcome] * 5)
    connection.execute("DELETE FROM delivery WHERE id % 7 = 0 OR id < 4")
    wanted = [
        number for (number,) in connection.execute("SELECT id FROM delivery ORDER BY id DESC")
    ]

    for limit in (1, 3, 10, 1000):
        seen: list[int] = []
        before: int | None = ALL
        while before is not None:
            found = numbers.page(connection, before, limit)
            assert len(found.numbers) <= limit
            assert found.oldest == 4
            seen += found.numbers
            before = found.before
        assert seen == wanted


def test_nothing_is_asked_for(connection: sqlite3.Connection) -> None:
    fill(connection, [Outcome.VERIFIED])

    assert list(numbers.page(connection, ALL, 0).numbers) == []
    assert list(numbers.page(connection, 0, 10).numbers) == []


def test_outcome_that_a_flipped_bit_has_spoilt_is_one_like_any_other(
    connection: sqlite3.Connection,
) -> None:
    fill(connection, [Outcome.VERIFIED, Outcome.MISMATCH, Outcome.STALE])
    connection.execute("UPDATE delivery SET outcome = CAST(x'ff76657269' AS TEXT) WHERE id = 2")

    assert list(numbers.page(connection, ALL, 10).numbers) == [3, 2, 1]


def test_no_body_is_read(connection: sqlite3.Connection) -> None:
    """The bodies of a million deliveries are gigabytes, which lie between their numbers."""
    fill(connection, [*Outcome])
    sql = numbers.OF_OUTCOME.format(value=":value")
    wanted = {"value": b"verified", "before": ALL}

    for statement in (sql, numbers.NEXT_OUTCOME):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", {**wanted, "after": b""})
        assert all("COVERING INDEX delivery_by_outcome" in row[-1] for row in plan)


async def test_those_whose_event_came_before(store: Store) -> None:
    """With the delivery in which it did, gone or not, and whether what came last is a failure. Of each page its own."""
    for event_id in ("a", "b", "a", "a", "b", "a", None):
        await store.append_delivery(of_event(event_id))
    for number, result in [
        (3, REFUSED),
        (4, REFUSED),
        (4, response()),
        (5, response()),
        (1, REFUSED),
    ]:
        await store.append_attempt(attempt(delivery_id=number, result=result))
    await store.delete([2])

    found = await store.numbers(limit=100)
    assert found.repeats == [(6, 1, False), (5, 2, False), (4, 1, False), (3, 1, True)]
    assert all(type(each.failed) is bool for each in found.repeats)
    page = await store.numbers(before=5, limit=2)
    assert list(page.numbers) == [4, 3]
    assert [each.number for each in page.repeats] == [4, 3]
    assert (await store.numbers(query.parse("is:duplicate"), limit=100)).repeats == ()
    assert (await store.numbers(among=[3], limit=100)).repeats == ()


def test_a_repeat_whose_newest_attempt_says_nothing(connection: sqlite3.Connection) -> None:
    """As a flipped bit may have left it: it is listed all the same, and has not failed."""
    fill(connection, [Outcome.VERIFIED] * 2)
    connection.execute("INSERT INTO duplicate VALUES (2, 1, 0)")
    for number, status in ((1, 500), (2, None)):
        connection.execute(
            "INSERT INTO attempt VALUES (?, 2, ?, 'forward', 'u', x'', 0, 0, NULL, NULL, ?, x'', 0, 0, x'')",
            (10 + number, number, status),
        )

    assert numbers.page(connection, ALL, 100).repeats == [(2, 1, False)]


def of_event(event_id: str | None) -> Delivery:
    return delivery(event_id=event_id, verification=Verification(Outcome.VERIFIED, ""))


def test_repeats_are_told_in_as_long_as_they_are_many(connection: sqlite3.Connection) -> None:
    """Whatever else is stored, nothing is gone through but the repeats themselves and the failures among them."""
    plan = connection.execute(f"EXPLAIN QUERY PLAN {numbers.REPEATS}", {"low": 1, "high": 9})
    steps = [row[-1] for row in plan]

    assert "SEARCH duplicate USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in steps
    assert not any(step.startswith("SCAN") for step in steps)
    assert any("COVERING INDEX attempt_failed" in step for step in steps)

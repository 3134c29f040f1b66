import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from inspector.core import query
from inspector.datadir import DataDir
from inspector.store import Store, reader, schema, search, ways
from inspector.store.connection import in_thread
from inspector.store.filters import conditions
from inspector.store.rows.deliveries import SELECT_DELIVERIES
from tests.factories import attempt, delivery, verdict


async def _fill(store: Store, shape: str) -> None:
    """Append a delivery for each `d`, and for the first of them an attempt for each `a`, a verdict for each `v`."""
    for letter in shape:
        if letter == "d":
            await store.append_delivery(delivery(body=b"body"))
        elif letter == "v":
            await store.append_verdicts([verdict(delivery_id=1)])
        else:
            await store.append_attempt(attempt(delivery_id=1))


async def test_page_goes_back_from_the_newest(store: Store) -> None:
    await _fill(store, "dadadad")

    assert [each.id for each in await store.page()] == [7, 5, 3, 1]
    assert [each.id for each in await store.page(limit=2)] == [7, 5]
    assert [each.id for each in await store.page(limit=2, before=5)] == [3, 1]
    assert [each.id for each in await store.page(before=4, limit=1)] == [3]


@pytest.mark.parametrize("before", [1, 0, -5, -(10**30)])
async def test_page_below_the_first_is_empty(store: Store, before: int) -> None:
    await _fill(store, "d")

    assert await store.page(before=before) == []


@pytest.mark.parametrize("limit", [0, -1])
async def test_no_limit_means_everything(store: Store, limit: int) -> None:
    """SQLite reads a negative limit as none at all: a caller could make us read the whole database."""
    await _fill(store, "dad")

    assert await store.page(limit=limit) == []
    assert await store.records_after(0, limit) == []


async def test_page_takes_huge_numbers(store: Store) -> None:
    await _fill(store, "d")

    assert [each.id for each in await store.page(before=10**30)] == [1]
    assert await store.records_after(10**30, 5) == []


@pytest.mark.parametrize(
    "shape", ["", "d", "dddd", "daaaa", "dvvvv", "daddaaadda", "dvdavvaddv", "dddvvvaaaddd"]
)
async def test_records_after_leaves_no_gap(store: Store, shape: str) -> None:
    """Exactly the lowest `limit` numbers above `after`, whichever table they are in."""
    await _fill(store, shape)
    numbers = list(range(1, len(shape) + 1))

    for after in range(-1, len(shape) + 2):
        for limit in (1, 2, 3, 100):
            records = await store.records_after(after, limit)
            expected = [number for number in numbers if number > after][:limit]
            assert [record.id for record in records] == expected


async def test_records_after_steps_over_pruned_numbers(store: Store, data_dir: DataDir) -> None:
    await _fill(store, "ddaddadvv")
    with closing(sqlite3.connect(data_dir.database)) as connection, connection:
        connection.execute("DELETE FROM delivery WHERE id IN (2, 4)")
        connection.execute("DELETE FROM attempt WHERE id = 6")
        connection.execute("DELETE FROM verdict WHERE id = 8")

    assert [record.id for record in await store.records_after(0, 3)] == [1, 3, 5]
    assert [record.id for record in await store.records_after(3, 3)] == [5, 7, 9]


@pytest.mark.parametrize(
    ("read", "selects"),
    [
        (lambda connection: reader.records_after(connection, 0, 10), 3),
        (
            lambda connection: search.page(
                connection, None, query.parse("outcome:stale"), None, 10
            ),
            4,
        ),
    ],
)
async def test_several_tables_are_read_in_one_snapshot(
    store: Store, read: Callable[[sqlite3.Connection], object], selects: int
) -> None:
    """A commit in between must neither show an attempt without its delivery nor hide what it moves."""
    await _fill(store, "dav")
    calls: list[str] = []

    def trace(connection: sqlite3.Connection) -> object:
        connection.set_trace_callback(lambda sql: calls.append(sql.split()[0]))
        try:
            return read(connection)
        finally:
            connection.set_trace_callback(None)

    await in_thread(store._listing, trace)

    assert calls == ["BEGIN", *["SELECT"] * selects, "ROLLBACK"]


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        yield connection


LISTS: list[Callable[[sqlite3.Connection], object]] = [
    lambda connection: search.page(connection, None, query.parse("refund -event:x"), None, 10),
    lambda connection: search.page(connection, None, query.parse("outcome:stale refund"), None, 10),
    lambda connection: search.page(connection, None, query.parse("is:failed"), None, 10),
    lambda connection: reader.records_after(connection, 0, 10),
    lambda connection: reader.attempts(connection, [1]),
    lambda connection: reader.verdicts(connection, 1),
    lambda connection: reader.due(connection, 10, 10, ()),
]


@pytest.mark.parametrize("read", LISTS)
def test_lists_read_no_body(
    database: sqlite3.Connection, read: Callable[[sqlite3.Connection], object]
) -> None:
    """A page of a hundred 30 MiB bodies would otherwise be read from the disk to show a hundred lines."""
    columns: set[str] = set()

    def authorize(action: int, table: str | None, column: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            columns.add(f"{table}.{column}")
        return sqlite3.SQLITE_OK

    database.set_authorizer(authorize)
    read(database)

    assert columns
    assert columns.isdisjoint({"delivery.body", "attempt.response_body"})


@pytest.mark.parametrize(
    "sql",
    [
        SELECT_DELIVERIES + search.RANGE.format(conditions="TRUE"),
        SELECT_DELIVERIES
        + search.RANGE.format(
            conditions=conditions(query.parse("id:1 outcome:stale provider:a*"))[0]
        ),
        ways.RECHECKED,
        *ways.ARRIVED.values(),
        *ways.IN_TABLE.values(),
        ways.FAILED_SO,
        ways.FAILED_WITH,
        reader.DELIVERY,
        reader.DELIVERIES_AFTER,
        reader.ATTEMPTS_AFTER,
        reader.VERDICTS_AFTER,
        reader.ATTEMPTS,
        reader.LATER_VERDICTS,
        reader.DUE,
        reader.NEXT_DUE,
    ],
)
def test_reads_go_straight_to_their_rows(database: sqlite3.Connection, sql: str) -> None:
    """No table is searched from end to end, nothing is sorted: a million deliveries cost what a hundred do."""
    assert _plan(database, sql)


def test_chosen_rows_are_read_one_by_one(database: sqlite3.Connection) -> None:
    sql = SELECT_DELIVERIES + search.CHOSEN.format(conditions="TRUE")
    plan = [
        row[3]
        for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", {"numbers": "[]", "limit": 1})
    ]

    assert plan[0] == "SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"
    assert not [line for line in plan if "B-TREE" in line or line.startswith("SCAN delivery")]


def _plan(database: sqlite3.Connection, sql: str) -> list[str]:
    """Return the lines of a statement's plan, none of which may search a table from end to end or sort."""
    named = "low high value least most after limit id delivery_id now_us after_us never term_0 term_1 term_2 without"
    names = dict.fromkeys(named.split(), 1)
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", names)]
    # The newest verdict is asked for row by row, from its index.
    # `seal` is one row, read once; and so is a list that the caller gives.
    straight = (
        *("SEARCH", "CORRELATED SCALAR SUBQUERY", "SCALAR SUBQUERY", "SCAN seal"),
        *("LIST SUBQUERY", "SCAN json_each"),
    )
    assert all(line.startswith(straight) for line in plan), plan
    return plan


async def test_readers_see_what_was_appended(store: Store) -> None:
    """Both reading connections, at once: what an append has returned is there."""
    for number in range(10):
        stored = await store.append_delivery(delivery(endpoint=f"e{number}"))
        assert (await store.page(limit=1))[0].endpoint == f"e{number}"
        assert (await store.delivery(stored.id)) == stored

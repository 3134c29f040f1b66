import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from inspector.core.model import Delivery
from inspector.store import schema
from inspector.store.commit import Counts, commit
from inspector.store.duplicates import Firsts
from inspector.store.rows.deliveries import delivery_row
from inspector.store.tallies import tallies
from inspector.store.writes import insert_delivery
from tests.factories import delivery

TODAY_US = 1_000_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as made:
        schema.migrate(made)
        yield made


def store(connection: sqlite3.Connection, *deliveries: Delivery) -> None:
    inserts = [partial(insert_delivery, each, delivery_row(each), None) for each in deliveries]
    commit(connection, 0, Counts(), Firsts(), inserts)


@pytest.mark.parametrize("earlier", [0, 1, 7])
@pytest.mark.parametrize("recent", [0, 1, 7])
def test_what_came_since(connection: sqlite3.Connection, earlier: int, recent: int) -> None:
    made = [delivery(endpoint="a", received_at_us=TODAY_US - 1)] * earlier
    made += [delivery(endpoint="a", received_at_us=TODAY_US)] * recent
    store(connection, *made)

    found = tallies(connection, ["a", "b"], TODAY_US)

    assert (found["a"].deliveries, found["a"].recent) == (earlier + recent, recent)
    assert found["b"].deliveries == 0


def test_what_was_imported_later_hides_nothing_that_came_today(
    connection: sqlite3.Connection,
) -> None:
    """It keeps the time at which it came elsewhere, under a number of today."""
    came = [delivery(endpoint="a", received_at_us=TODAY_US + number) for number in range(10)]
    imported = [delivery(endpoint="b", received_at_us=number, via="import") for number in range(30)]
    store(connection, *came, *imported)

    assert tallies(connection, ["a"], TODAY_US)["a"].recent == 10


def test_what_is_deleted_while_it_is_counted(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """Every look is at the same state."""
    store(connection, *[delivery(endpoint="a", received_at_us=TODAY_US)] * 10)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:

        def delete_some(statement: str) -> None:
            if "LIMIT 1" in statement:  # the second look, and all that follow
                other.execute("DELETE FROM delivery WHERE id > 5")

        connection.execute("PRAGMA journal_mode = WAL")
        connection.set_trace_callback(delete_some)
        found = tallies(connection, ["a"], 2**62)
        connection.set_trace_callback(None)

    assert found["a"].deliveries == 10
    assert tallies(connection, ["a"], 2**62)["a"].deliveries == 5

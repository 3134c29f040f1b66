import sqlite3
from contextlib import closing
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core import query
from inspector.core.model import Outcome, Verification
from inspector.errors import QueryError
from inspector.store import Store, reader, schema
from inspector.store.rows import delivery_row
from inspector.store.writes import Counts, commit, insert_delivery
from tests.factories import delivery, request

DELIVERIES = [
    delivery(
        endpoint="jinko",
        provider="jinko",
        event="booking.completed",
        event_id="evt_100%",
        attempt_id="try_A",
        verification=Verification(Outcome.VERIFIED, ""),
    ),
    delivery(
        endpoint="shop",
        provider="stripe",
        event="booking.cancelled",
        event_id="evt_1",
        request=request(method="PUT"),
        verification=Verification(Outcome.MISMATCH, ""),
    ),
    delivery(endpoint="other", event="Refund_Made"),
    delivery(endpoint="nothing-known"),
    delivery(endpoint="odd", event="a\udc80b", event_id="' OR 1=1 --"),
]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("endpoint:jinko", [1]),
        ("-endpoint:jinko", [2, 3, 4, 5]),
        ("provider:stripe", [2]),
        ("-provider:stripe", [1, 3, 4, 5]),
        ("provider:*", [1, 2]),
        ("-event:*", [4]),
        ("outcome:mismatch", [2]),
        ("outcome:VERIFIED", [1]),
        ("-outcome:unknown", [1, 2]),
        ("event:booking.*", [1, 2]),
        ("event:booking", []),
        ("event:BOOKING.completed", [1]),
        ("-event:booking.*", [3, 4, 5]),
        ("method:put", [2]),
        ("method:p*", [1, 2, 3, 4, 5]),
        ("id:3", [3]),
        ("-id:3", [1, 2, 4, 5]),
        ("id:0003", [3]),
        ("id:99999999999999999999999", []),
        ("booking", [1, 2]),
        ("-booking", [3, 4, 5]),
        ("evt_1", [1, 2]),
        ("TRY_a", [1]),
        ("nothing-", [4]),
        ("text:refund", [3]),
        ("booking -completed outcome:mismatch", [2]),
        ("endpoint:jinko endpoint:shop", []),
        # What is special to LIKE, or to SQL, is only itself.
        ("100%", [1]),
        ("1%0", []),
        ("%", [1]),
        ("event:_ooking.*", []),
        ("event:%*", []),
        ("refund_", [3]),
        ("booking_", []),
        ("'", [5]),
        ("a\udc80", [5]),
        ("\\", [5]),
        ("event:a\udc80b", [5]),
    ],
)
async def test_query_finds(filled: Store, text: str, numbers: list[int]) -> None:
    found = await filled.page(query=query.parse(text))

    assert sorted(each.id for each in found) == numbers


async def test_filtered_pages_join_on(filled: Store) -> None:
    """The limit counts what matches, and `before` goes on where the last page ended."""
    wanted = query.parse("-event:booking.completed")

    first = await filled.page(query=wanted, limit=2)
    second = await filled.page(query=wanted, limit=2, before=first[-1].id)

    assert [each.id for each in first + second] == [5, 4, 3, 2]


WORDS = st.text(st.characters(codec=None), min_size=1, max_size=12) | st.sampled_from(
    ["%", "_", "\\", "'", '"', ";--", "*", "-", ":", "\0", "[/]", ":term_0", "NULL", "id:1"]
)


@given(st.lists(WORDS, max_size=6).map(" ".join))
@example("x " * 500)
@example("-x " * 333)
@example("event:" + "%" * 994)
@example("id:" + "9" * 997)
def test_whatever_can_be_read_can_be_asked(text: str) -> None:
    """A query is refused when it is read, never by SQLite."""
    try:
        wanted = query.parse(text)
    except QueryError:
        return

    with _database() as connection:
        assert len(reader.page(connection, wanted, None, 10)) <= len(DELIVERIES)


@given(WORDS)
def test_term_and_its_negation_divide_the_deliveries(word: str) -> None:
    try:
        with_it, without_it = query.parse(word), query.parse("-" + word)
    except QueryError:
        return
    if len(with_it) != 1:  # white space inside
        return

    with _database() as connection:
        found = [
            each.id
            for wanted in (with_it, without_it)
            for each in reader.page(connection, wanted, None, 10)
        ]

    if not with_it[0].negated:
        assert sorted(found) == [1, 2, 3, 4, 5]


@pytest.fixture
async def filled(store: Store) -> Store:
    for each in DELIVERIES:
        await store.append_delivery(each)
    return store


def _database() -> closing[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    writes = [partial(insert_delivery, each, delivery_row(each), None) for each in DELIVERIES]
    commit(connection, 0, Counts(), writes)
    return closing(connection)

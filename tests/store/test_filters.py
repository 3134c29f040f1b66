import sqlite3
from contextlib import closing
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core import query
from inspector.core.model import Outcome, Verification
from inspector.errors import QueryError
from inspector.store import Store, content, schema, search
from inspector.store.commit import Counts, commit
from inspector.store.duplicates import Firsts
from inspector.store.rows.deliveries import delivery_row
from inspector.store.writes import insert_delivery
from tests.factories import delivery, request, verdict

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


RECHECKED = [
    # The second, twice: a mismatch that turned out to be right after all.
    verdict(delivery_id=2, provider="stripe", verification=Verification(Outcome.STALE, "")),
    verdict(delivery_id=2, provider="svix", verification=Verification(Outcome.VERIFIED, "")),
    # The first lost its provider, the third got one.
    verdict(delivery_id=1, provider=None, verification=Verification(Outcome.UNKNOWN, "")),
    verdict(delivery_id=3, provider="jinko", verification=Verification(Outcome.MISMATCH, "")),
]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("outcome:verified", [2]),
        ("-outcome:verified", [1, 3, 4, 5]),
        ("outcome:stale", []),
        ("-outcome:stale", [1, 2, 3, 4, 5]),
        ("outcome:mismatch", [3]),
        ("outcome:MISMATCH", [3]),
        ("outcome:unknown", [1, 4, 5]),
        ("provider:stripe", []),
        ("provider:s*", [2]),
        ("provider:jinko", [3]),
        ("-provider:jinko", [1, 2, 4, 5]),
        ("-provider:*", [1, 4, 5]),
        ("outcome:mismatch provider:jinko", [3]),
        ("outcome:mismatch provider:stripe", []),
        ("endpoint:shop outcome:verified", [2]),
    ],
)
async def test_verdict_that_counts_is_the_newest(
    filled: Store, text: str, numbers: list[int]
) -> None:
    """Neither the one of the arrival nor one in between."""
    for each in RECHECKED:
        await filled.append_verdicts([each])

    found = await filled.page(query=query.parse(text))

    assert sorted(each.id for each in found) == numbers


WORDS = st.text(st.characters(codec=None), min_size=1, max_size=12) | st.sampled_from(
    ["%", "_", "\\", "'", '"', ";--", "*", "-", ":", "\0", "[/]", ":term_0", "NULL", "id:1"]
)


@given(st.lists(WORDS, max_size=6).map(" ".join))
@example("x " * 100)
@example("-x " * 100)
@example("event:" + "%" * 994)
@example("id:" + "9" * 997)
def test_whatever_can_be_read_can_be_asked(text: str) -> None:
    """A query is refused when it is read, never by SQLite."""
    try:
        wanted = query.parse(text)
    except QueryError:
        return

    with _database() as connection:
        assert len(_found(connection, wanted)) <= len(DELIVERIES)


@given(st.lists(WORDS, max_size=3).map(" ".join))
def test_query_and_its_negation_divide_the_deliveries(text: str) -> None:
    try:
        wanted = query.parse(text)
    except QueryError:
        return

    with _database() as connection:
        found = [*_found(connection, wanted), *_found(connection, query.Not(wanted))]

    assert sorted(found) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "leaf",
    [
        *(
            "id:1",
            "size:>1",
            "since:1h",
            "until:2026-06-02",
            "has:attempt",
            "is:failed",
            "is:pending",
        ),
        *(
            "status:5xx",
            "status:none",
            "failure:timeout",
            "x",
            "event:x",
            "provider:x*",
            "outcome:stale",
        ),
        *("body:x", "body:x*", "json:a.b=c", "json:a", "header:a=b", "header:a", "is:duplicate"),
    ],
)
def test_deepest_query_is_not_too_deep(leaf: str) -> None:
    """SQLite's own limits are never met: neither of its parser's stack nor of an expression's depth."""
    nested = leaf
    for _ in range(query.MAX_DEPTH):
        nested = f"x or x -({nested})"
    many = (query.MAX_CHARACTERS + 4) // (len(leaf) + 4)
    wide = " or ".join([leaf] * min(many, query.MAX_TERMS))

    with _database() as connection:
        for text in (nested, wide, wide.replace(" or ", " "), f"-({wide[: -len(leaf)]}x)"):
            _found(connection, query.parse(text))


@pytest.fixture
async def filled(store: Store) -> Store:
    for each in DELIVERIES:
        await store.append_delivery(each)
    return store


def _database() -> closing[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    writes = [partial(insert_delivery, each, delivery_row(each), None) for each in DELIVERIES]
    commit(connection, 0, Counts(), Firsts(), writes)
    content.register(connection)
    return closing(connection)


def _found(connection: sqlite3.Connection, wanted: query.Query) -> list[int]:
    return [each.id for each in search.page(connection, None, wanted, None, 10).deliveries]

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
from inspector.store.rows import delivery_row, verdict_row
from inspector.store.writes import Counts, commit, insert_delivery, insert_verdicts
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


FOUND = st.tuples(
    st.sampled_from([None, "jinko", "Stripe"]),
    st.sampled_from([Outcome.VERIFIED, Outcome.STALE]),  # few, so that they meet
)
"""By whose scheme a delivery was checked, and what that came to."""
TERMS = st.sampled_from(
    [
        "outcome:verified",
        "outcome:STALE",
        "-outcome:verified",
        "provider:stripe",
        "provider:jinko",
        "-provider:jinko",
        "provider:j*",
        "endpoint:demo",
    ]
)


@given(
    st.lists(st.lists(FOUND, min_size=1, max_size=3), max_size=12),
    st.lists(TERMS, min_size=1, max_size=3),
    st.none() | st.integers(0, 13),
    st.integers(1, 15),
)
@example([[("jinko", Outcome.STALE)] * 2], ["outcome:stale"], None, 2)
@example([[("jinko", Outcome.STALE)] * 2], ["provider:jinko"], None, 2)
@example([[(None, Outcome.STALE)], [(None, Outcome.STALE)] * 2] * 3, ["outcome:stale"], 6, 3)
def test_page_is_what_a_look_at_each_delivery_finds(
    checks: list[list[tuple[str | None, Outcome]]], terms: list[str], before: int | None, limit: int
) -> None:
    """However it is read: with an index or without, of deliveries checked once, twice or three times."""
    wanted = query.parse(" ".join(terms))
    expected = [
        number
        for number, found in reversed(list(enumerate(checks, 1)))
        if (before is None or number < before) and all(_holds(term, *found[-1]) for term in wanted)
    ]

    with _database_of(checks) as connection:
        page = reader.page(connection, wanted, before, limit)

    assert [each.id for each in page] == expected[:limit]
    for each in page:
        newest = checks[each.id - 1][-1]
        assert (each.provider, each.verification.outcome) == newest


def _holds(term: query.Term, provider: str | None, outcome: Outcome) -> bool:
    texts = {query.Key.PROVIDER: provider, query.Key.OUTCOME: outcome, query.Key.ENDPOINT: "demo"}
    text = (texts[term.key] or "").lower()
    value = term.value.lower()
    return (text.startswith(value) if term.prefix else text == value) is not term.negated


def _database_of(checks: list[list[tuple[str | None, Outcome]]]) -> closing[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    made = [
        [
            verdict(delivery_id=number, provider=provider, verification=Verification(outcome, ""))
            for provider, outcome in found
        ]
        for number, found in enumerate(checks, 1)
    ]
    arrivals = [
        delivery(provider=first.provider, verification=first.verification) for first, *_ in made
    ]
    inserts = [partial(insert_delivery, each, delivery_row(each), None) for each in arrivals]
    commit(connection, 0, Counts(), inserts)
    later = [each for _, *rest in made for each in rest]
    write = partial(insert_verdicts, later, [verdict_row(each) for each in later])
    commit(connection, len(made), Counts(), [write])
    return closing(connection)


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

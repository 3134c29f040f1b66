import sqlite3
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace

import pytest

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Record,
    Response,
    Timing,
    Trigger,
    Verdict,
    Verification,
)
from inspector.datadir import DataDir
from inspector.errors import NotFoundError
from inspector.store import Due, Store
from tests.factories import attempt, delivery, headers, request, response, verdict

SIZE = len(request().body)
ODD = [
    request(method="", target=b"", headers=Headers(), body=b"", peer=""),
    request(body=bytes(range(256)) * 10),
    request(body=b"\0"),
    request(body=b"x" * (5 << 20)),
    request(target=b"/in/demo/[/]?a=%00&b=\xff\xfe#\x1b]0;x\x07", peer="[::1]:50000"),
    request(headers=headers(("X-Dup", "1"), ("x-dup", "2"), ("X-Dup", "1"), ("X-Empty", ""))),
    request(headers=Headers(((b"X-Latin", b"caf\xe9"), (b"\0\1\2", b"\x1b[2J\0"), (b"", b"")))),
]


@pytest.mark.parametrize("number", range(len(ODD)))
async def test_request_comes_back_byte_for_byte(store: Store, number: int) -> None:
    given = delivery(request=ODD[number])

    stored = await store.append_delivery(given)

    assert stored == replace(given, id=1)
    assert await store.delivery(1) == stored
    assert await store.body(1) == given.request.body
    assert await store.page() == [_bare(stored)]
    assert await store.records_after(0, 10) == [_bare(stored)]


async def test_every_field_comes_back(store: Store) -> None:
    """Each field has a value of its own, so that no two can be mixed up."""
    given = Delivery(
        id=0,
        uid="the uid",
        endpoint="the endpoint",
        received_at_us=11,
        via="the door",
        request=request(method="M", target=b"the target", peer="the peer"),
        body_bytes=12,
        provider="the provider",
        event="réservation.✓",
        event_id="the event id\0\x1b",
        attempt_id="the attempt id",
        verification=Verification(
            Outcome.STALE, "the detail", 13, 14, ("header X-A", 'quote "', "")
        ),
        handshake="the handshake",
    )
    stored = await store.append_delivery(given)
    tried = Attempt(
        id=0,
        delivery_id=stored.id,
        number=0,
        trigger=Trigger.RETRY,
        url="the url",
        request_headers=headers(("X-Sent", "1")),
        started_at_us=21,
        duration_us=22,
        result=Response(418, headers(("X-Answer", "2")), b"\0answer", 23, truncated=True),
        timing=Timing(24, 25, 26, 27),
    )
    answered = await store.append_attempt(tried)
    refused = await store.append_attempt(
        replace(tried, result=Failure(FailureKind.MALFORMED, "the failure"))
    )

    checked = Verdict(
        id=0,
        delivery_id=stored.id,
        checked_at_us=31,
        provider="another provider",
        verification=Verification(Outcome.VERIFIED, "réservation ✓", 32, 33, ("the body", "")),
    )
    (rechecked,) = await store.append_verdicts([checked])

    assert rechecked == replace(checked, id=4)
    newest = replace(stored, provider="another provider", verification=checked.verification)
    assert await store.delivery(1) == newest
    assert await store.page() == [_bare(newest)]
    assert await store.records_after(0, 10) == [_bare(newest), _bare(answered), refused, rechecked]
    first = Verdict(1, 1, 11, "the provider", given.verification)
    assert await store.verdicts(1) == [first, rechecked]
    assert answered == replace(tried, id=2, number=1)
    assert await store.attempts([1]) == {1: [_bare(answered), refused]}
    assert await store.response_body(2) == b"\0answer"
    assert await store.response_body(3) is None


async def test_text_and_numbers_that_sqlite_cannot_hold_break_nothing(store: Store) -> None:
    """From a hostile sender or target: lone surrogates, and numbers of a thousand digits."""
    await store.append_delivery(
        delivery(
            event="\ud800",
            event_id="a\udc80b",
            provider="\udfff",
            verification=Verification(Outcome.MALFORMED, "not a time: \udc80", signed_at_s=10**999),
        )
    )
    await store.append_attempt(
        attempt(url="http://\udc80/", result=response(body_bytes=10**999)), retry_at_us=10**30
    )
    await store.append_delivery(delivery(handshake="\udc80"))
    hostile = Verification(Outcome.MALFORMED, "\ud800", 10**999, -(10**999), ("\udc80",))
    await store.append_verdicts(
        [verdict(delivery_id=3, provider="\udfff", checked_at_us=10**30, verification=hostile)]
    )

    stored = await store.delivery(1)

    assert stored is not None
    assert (stored.event, stored.event_id) == (r"\ud800", r"a\udc80b")
    assert stored.verification.signed_at_s == 2**63 - 1
    (tried,) = (await store.attempts([1]))[1]
    assert tried.url == r"http://\udc80/"
    assert isinstance(tried.result, Response)
    assert tried.result.body_bytes == 2**63 - 1
    shaken = await store.delivery(3)
    assert shaken is not None
    assert (shaken.handshake, shaken.provider) == (r"\udc80", r"\udfff")
    assert shaken.verification == Verification(
        Outcome.MALFORMED, r"\ud800", 2**63 - 1, -(2**63), ("\udc80",)
    )
    assert (await store.verdicts(3))[1].checked_at_us == 2**63 - 1


async def test_one_sequence_numbers_all(store: Store, commits: list[list[Record]]) -> None:
    numbers = [
        (await store.append_delivery(delivery())).id,
        (await store.append_attempt(attempt(delivery_id=1))).id,
        (await store.append_delivery(delivery())).id,
        (await store.append_attempt(attempt(delivery_id=1))).id,
        (await store.append_attempt(attempt(delivery_id=3))).id,
    ]
    numbers += [each.id for each in await store.append_verdicts([verdict(), verdict()])]
    numbers.append((await store.append_delivery(delivery())).id)

    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]
    assert store.newest == 8
    assert [record.id for commit in commits for record in commit] == numbers
    found = await store.attempts([1, 3, 99])
    assert {number: [each.number for each in tries] for number, tries in found.items()} == {
        1: [1, 2],
        3: [1],
        99: [],
    }


async def test_reopened_store_keeps_counting(data_dir: DataDir) -> None:
    async with _opened(data_dir) as store:
        await store.append_delivery(delivery())
        await store.append_attempt(attempt())
        await store.append_verdicts([verdict()])

    async with _opened(data_dir) as store:
        assert store.newest == 3
        assert (await store.append_delivery(delivery())).id == 4


async def test_number_of_a_pruned_record_is_not_given_out_again(data_dir: DataDir) -> None:
    """Also of what went with its delivery."""
    async with _opened(data_dir) as store:
        await store.append_delivery(delivery(handshake="answered"))
        await store.append_attempt(attempt())
        await store.append_verdicts([verdict()])
    with closing(sqlite3.connect(data_dir.database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = 1")
        connection.execute("DELETE FROM delivery")
        for table in ("attempt", "verdict", "handshake", "duplicate"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    async with _opened(data_dir) as store:
        assert (await store.append_delivery(delivery())).id == 4


@pytest.mark.parametrize("number", [0, -1, 7, 2**63, 10**30, -(10**30)])
async def test_what_does_not_exist_is_none(store: Store, number: int) -> None:
    await store.append_delivery(delivery())

    assert await store.delivery(number) is None
    assert await store.body(number) is None
    assert await store.response_body(number) is None
    assert await store.attempts([number]) == {number: []}
    assert await store.verdicts(number) == []
    assert await store.append_verdicts([verdict(delivery_id=number)]) == []
    with pytest.raises(NotFoundError, match=f"no delivery #{number}"):
        await store.append_attempt(attempt(delivery_id=number))
    await store.unschedule(number)


async def test_no_later_verdict_is_the_one_of_the_arrival(store: Store) -> None:
    stored = await store.append_delivery(delivery(provider="jinko"))

    assert await store.verdicts(1) == [
        Verdict(1, 1, stored.received_at_us, "jinko", stored.verification)
    ]
    assert await store.append_verdicts([]) == []
    assert store.newest == 1


async def test_verdict_leaves_the_other_deliveries_alone(store: Store) -> None:
    """Each delivery has its own newest, whatever the order in which they were checked."""
    for _ in range(3):
        await store.append_delivery(delivery())
    stale = Verification(Outcome.STALE, "too old")

    await store.append_verdicts([verdict(delivery_id=3), verdict(delivery_id=1)])
    await store.append_verdicts([verdict(delivery_id=1, verification=stale)])

    assert [each.verification.outcome for each in await store.page()] == [
        Outcome.VERIFIED,
        Outcome.UNKNOWN,
        Outcome.STALE,
    ]
    assert [each.id for each in await store.verdicts(1)] == [1, 5, 6]


async def test_verdicts_of_deliveries_that_are_gone_are_left_out(
    store: Store, data_dir: DataDir, commits: list[list[Record]]
) -> None:
    """They take no number; more of them than fit one statement."""
    for _ in range(200):
        await store.append_delivery(delivery())
    with closing(sqlite3.connect(data_dir.database)) as connection, connection:
        connection.execute("DELETE FROM delivery WHERE id % 2 = 0")
    commits.clear()

    stored = await store.append_verdicts([verdict(delivery_id=1 + each) for each in range(200)])

    assert [(each.id, each.delivery_id) for each in stored] == [
        (201 + each, 1 + 2 * each) for each in range(100)
    ]
    assert commits == [stored]
    assert (await store.append_delivery(delivery())).id == 301


async def test_handshake_is_a_deliverys_own(store: Store) -> None:
    await store.append_delivery(delivery())
    await store.append_delivery(delivery(handshake="answered with its challenge"), due_at_us=1)
    await store.append_delivery(delivery(handshake=""))

    assert [each.handshake for each in await store.page()] == [
        "",
        "answered with its challenge",
        None,
    ]


async def test_ordinary_delivery_is_one_statement(store: Store) -> None:
    """It commits itself: what few deliveries have costs the others nothing."""
    statements: list[str] = []
    await store.append_delivery(delivery())
    connection = store._writer._connection
    await connection.set_trace_callback(lambda sql: statements.append(sql.split()[0]))

    await store.append_delivery(delivery())
    assert statements == ["INSERT"]
    await store.append_delivery(delivery(handshake="answered"))
    assert statements[1:] == ["BEGIN", "INSERT", "INSERT", "COMMIT"]


async def test_forward_ends_the_schedule(store: Store) -> None:
    await store.append_delivery(delivery(endpoint="jinko"), due_at_us=5)
    await store.append_delivery(delivery(), due_at_us=3)
    await store.append_delivery(delivery())

    assert await store.due(5, 10) == [Due(2, 3, "demo", SIZE), Due(1, 5, "jinko", SIZE)]
    assert await store.due(4, 10) == [Due(2, 3, "demo", SIZE)]

    await store.append_attempt(attempt(delivery_id=2))

    assert await store.due(5, 10) == [Due(1, 5, "jinko", SIZE)]


@pytest.mark.parametrize("trigger", [Trigger.FORWARD, Trigger.RETRY])
async def test_retry_moves_the_schedule(store: Store, trigger: Trigger) -> None:
    """Also where there was none: the first forward was made while the sender waited."""
    for due_at_us in (5, None):
        stored = await store.append_delivery(delivery(), due_at_us=due_at_us)
        tried = attempt(delivery_id=stored.id, trigger=trigger)

        await store.append_attempt(tried, retry_at_us=9)
        assert await store.due(9, 10) == [Due(stored.id, 9, "demo", SIZE)]

        await store.append_attempt(tried)
        assert await store.due(9, 10) == []


@pytest.mark.parametrize("retry_at_us", [None, 9])
async def test_replay_leaves_the_schedule(store: Store, retry_at_us: int | None) -> None:
    await store.append_delivery(delivery(), due_at_us=5)

    await store.append_attempt(attempt(trigger=Trigger.REPLAY), retry_at_us=retry_at_us)

    assert await store.due(10, 10) == [Due(1, 5, "demo", SIZE)]


async def test_unscheduled_delivery_is_not_due(store: Store) -> None:
    await store.append_delivery(delivery(), due_at_us=5)

    await store.unschedule(1)
    await store.unschedule(1)

    assert await store.due(5, 10) == []
    assert await store.delivery(1) is not None


async def test_due_skips_what_is_on_its_way(store: Store) -> None:
    """The limit counts what is left, however many are skipped."""
    for due_at_us in range(6):
        await store.append_delivery(delivery(), due_at_us=due_at_us)

    due = await store.due(100, 2, skip={1, 2, 4, 99})

    assert [row.delivery_id for row in due] == [3, 5]
    assert await store.due(100, 0) == []


async def test_due_leaves_endpoints_out(store: Store) -> None:
    """By their exact names; the limit counts what is left, however much stands before it."""
    for name in ("slow", "slow", "slower", "quick", "slow", "quick"):
        await store.append_delivery(delivery(endpoint=name), due_at_us=1)

    assert [each.delivery_id for each in await store.due(9, 2, without={"slow"})] == [3, 4]
    left = await store.due(9, 9, skip={4}, without={"slow", "slower", 'no"body', "Quick"})
    assert [each.delivery_id for each in left] == [6]


async def test_next_due(store: Store) -> None:
    assert await store.next_due_us() is None
    for due_at_us in (7, 5, 9):
        await store.append_delivery(delivery(), due_at_us=due_at_us)

    assert await store.next_due_us() == 5
    assert await store.next_due_us(after_us=5) == 7
    assert await store.next_due_us(after_us=9) is None


async def test_schedule_outlives_a_restart(data_dir: DataDir) -> None:
    async with _opened(data_dir) as store:
        await store.append_delivery(delivery(), due_at_us=5)

    async with _opened(data_dir) as store:
        assert await store.due(5, 10) == [Due(1, 5, "demo", SIZE)]


async def test_endpoints_are_remembered_once(data_dir: DataDir) -> None:
    async with _opened(data_dir) as store:
        assert await store.endpoint_names() == []
        await store.add_endpoint("second", 20)
        await store.add_endpoint("first", 10)
        await store.add_endpoint("first", 30)

    async with _opened(data_dir) as store:
        assert await store.endpoint_names() == ["first", "second"]
        assert store.newest == 0


def _opened(data_dir: DataDir) -> AbstractAsyncContextManager[Store]:
    return Store.open(data_dir, on_commit=lambda _: None)


def _bare(record: Record) -> Record:
    if isinstance(record, Delivery):
        return replace(record, request=replace(record.request, body=b""))
    assert isinstance(record, Attempt)
    assert isinstance(record.result, Response)
    return replace(record, result=replace(record.result, body=b""))

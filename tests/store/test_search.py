"""What a search finds is what a look at every delivery finds: with the text index, with half of it, and without."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector.core import query
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Response,
    Verdict,
    Verification,
)
from inspector.core.query import And, Field, Key, Moment, Not, Or, Span, Term
from inspector.store import content, indexer, schema, search, textindex
from inspector.store.commit import Counts, commit
from inspector.store.duplicates import Firsts
from inspector.store.filters import moment_us
from inspector.store.rows.attempts import attempt_row
from inspector.store.rows.deliveries import delivery_row
from inspector.store.rows.verdicts import verdict_row
from inspector.store.search import FIRST_LOOK_INSIDE
from inspector.store.writes import insert_attempt, insert_delivery, insert_verdicts
from tests.factories import NOW_S, attempt, delivery, headers, request, response, verdict

DELIVERIES = 400
LONG_WORD = "Zm9vYmFy" * 12


@dataclass
class Known:
    """A delivery, and what became of it."""

    delivery: Delivery
    attempts: list[Attempt] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    is_pending: bool = False

    @property
    def verification(self) -> Verification:
        return self.verdicts[-1].verification if self.verdicts else self.delivery.verification

    @property
    def provider(self) -> str | None:
        return self.verdicts[-1].provider if self.verdicts else self.delivery.provider


BODIES = (
    b"",
    b'{"booking":{"status":"PAID","ref":"JNK-TEST00"},"lines":[{"n":1.50},{"n":2}]}',
    b'{"booking": {"status": "unpaid", "ref": "JNK-TEST001"}, "ok": true, "none": null}',
    b"<a><b>JNK-TEST00</b>paid</a>",
    b"id=7&status=PAID&ref=jnk_test00",
    "caf\u00e9 \u00fcber JNK\u2011TEST00".encode(),
    b'{"name":"caf\\u00e9","url":"https:\\/\\/x"}',
    b"\x89PNG\0JNK-TEST00",
    b"\xff\xfe not utf-8 JNK-TEST00",
    LONG_WORD.encode() + b" token",
    b"[" * 100_000 + b"]" * 100_000,
    b"x " * 40_000 + b"JNK-LATE",
    b'{"a":{"0":"zero"},"big":' + b"9" * 5000 + b"}",
)


def _made(roll: random.Random) -> Iterator[Known]:
    for number in range(1, DELIVERIES + 1):
        body = roll.choice(BODIES)
        fields = [("Content-Type", "text/plain"), ("X-Foo", roll.choice(["bar", "Barn", "x-foo"]))]
        if roll.random() < 0.3:
            fields += [("x-foo", "second"), ("odd\0name", "odd\x01value")]
        roll.shuffle(fields)
        outcome = roll.choice([Outcome.VERIFIED] * 5 + [Outcome.MISMATCH])
        yield Known(
            delivery(
                endpoint=roll.choice(["jinko", "shop", "Shop.two"]),
                provider=roll.choice([None, "jinko", "stripe"]),
                event=roll.choice([None, "booking.completed", "booking.cancelled", "Refund_Made"]),
                event_id=roll.choice([None, f"evt_{number:05}", "evt_same", "a\udc80b"]),
                attempt_id=roll.choice([None, "try-\u00e91"]),
                received_at_us=(NOW_S + number * 60 - roll.choice([0, 7200])) * 1_000_000,
                request=request(
                    method=roll.choice(["POST", "PUT"]), headers=headers(*fields), body=body
                ),
                handshake="answered" if roll.random() < 0.05 else None,
                verification=Verification(outcome, ""),
            ),
            is_pending=roll.random() < 0.1,
        )


def _store(connection: sqlite3.Connection) -> list[Known]:
    roll = random.Random(5)
    known = list(_made(roll))
    counts, firsts = Counts(), Firsts()
    inserts = [
        partial(
            insert_delivery,
            each.delivery,
            delivery_row(each.delivery),
            1 if each.is_pending else None,
        )
        for each in known
    ]
    transaction, stored = commit(connection, 0, counts, firsts, inserts)
    for each, numbered in zip(known, stored, strict=True):
        each.delivery = replace(numbered, request=each.delivery.request)
    newest = transaction.newest
    results: list[Response | Failure] = [
        response(),
        response(status=404),
        response(status=503),
        Failure(FailureKind.TIMEOUT, ""),
    ]
    for each in known:
        for _ in range(roll.choice([0, 1, 1, 2])):
            made = attempt(delivery_id=each.delivery.id, result=roll.choice([*results, response()]))
            write = partial(insert_attempt, made, attempt_row(made), 1 if each.is_pending else None)
            newest = commit(connection, newest, counts, firsts, [write])[0].newest
            each.attempts.append(made)
        if roll.random() < 0.1:
            later = verdict(
                delivery_id=each.delivery.id,
                provider=roll.choice(["jinko", None]),
                verification=Verification(roll.choice(list(Outcome)), ""),
            )
            write_verdicts = partial(insert_verdicts, [later], [verdict_row(later)])
            newest = commit(connection, newest, counts, firsts, [write_verdicts])[0].newest
            each.verdicts.append(later)
    return known


# What a person would say each term means.


def _holds(wanted: query.Query, known: Known) -> bool:
    match wanted:
        case And(queries):
            return all(_holds(each, known) for each in queries)
        case Or(queries):
            return any(_holds(each, known) for each in queries)
        case Not(inner):
            return not _holds(inner, known)
        case Term():
            return _term(wanted, known)
        case Span():
            number = _number(wanted.key, known)
            return (
                number is not None
                and (wanted.low is None or number >= wanted.low)
                and (wanted.high is None or number <= wanted.high)
            )
        case Moment():
            at_us = known.delivery.received_at_us
            limit_us = moment_us(wanted, NOW_S * 1_000_000)
            return at_us >= limit_us if wanted.key is Key.SINCE else at_us < limit_us
        case Field():
            return _field(wanted, known)


def _number(key: Key, known: Known) -> int | None:
    if key is Key.STATUS:
        last = known.attempts[-1].result if known.attempts else None
        return last.status if isinstance(last, Response) else None
    return known.delivery.id if key is Key.ID else known.delivery.body_bytes


def _term(term: Term, known: Known) -> bool:
    each, value = known.delivery, term.value.lower()
    last = known.attempts[-1] if known.attempts else None
    match term.key:
        case Key.STATUS:
            return _number(Key.STATUS, known) is None
        case Key.FAILURE:
            return (
                last is not None and isinstance(last.result, Failure) and last.result.kind == value
            )
        case Key.HAS:
            return {"attempt": last is not None, "handshake": each.handshake is not None}.get(
                value, each.event is not None
            )
        case Key.IS:
            return {
                "failed": last is not None and not last.succeeded,
                "forwarded": last is not None and last.succeeded,
                "pending": known.is_pending,
                "duplicate": each.duplicate_of is not None,
            }[value]
        case Key.BODY:
            return _says(each.request.body[: content.HEAD_BYTES], _lower(term.value), term.prefix)
        case Key.TEXT:
            texts = (each.endpoint, each.event, each.event_id, each.attempt_id)
            return any(_lower(term.value) in _lower(text) for text in texts if text is not None)
    texts_of = {
        Key.ENDPOINT: each.endpoint,
        Key.EVENT: each.event,
        Key.METHOD: each.request.method,
        Key.PROVIDER: known.provider,
        Key.OUTCOME: known.verification.outcome,
    }
    text = texts_of[term.key]
    return text is not None and _compares(_lower(text), _lower(term.value), term.prefix)


def _lower(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace").lower()


def _compares(text: bytes, value: bytes, prefix: bool) -> bool:
    return text.startswith(value) if prefix else text == value


def _is_letter(content_: bytes, at: int) -> bool:
    return 0 <= at < len(content_) and (content_[at] >= 0x80 or chr(content_[at]).isalnum())


def _says(body: bytes, value: bytes, prefix: bool) -> bool:
    body = body.lower()
    if b"\0" in body:
        return False
    at = body.find(value)
    while at >= 0:
        end = at + len(value)
        begins = not (_is_letter(body, at - 1) and _is_letter(body, at))
        ends = prefix or not (_is_letter(body, end - 1) and _is_letter(body, end))
        if begins and ends:
            return True
        at = body.find(value, at + 1)
    return False


def _field(wanted: Field, known: Known) -> bool:
    value = None if wanted.value is None else _lower(wanted.value)
    if wanted.key is Key.HEADER:
        return any(
            name.lower() == _lower(wanted.path[0])
            and (value is None or _compares(text.lower(), value, wanted.prefix))
            for name, text in known.delivery.request.headers.pairs
        )
    body = known.delivery.request.body
    try:
        found = (
            [json.loads(body, parse_int=str, parse_float=str)]
            if len(body) <= content.HEAD_BYTES
            else []
        )
    except (ValueError, RecursionError):
        return False
    for name in wanted.path:
        found = [inner for outer in found for inner in _inside(outer, name)]
    if value is None:
        return bool(found)
    texts = [json.dumps(each) if each is None or isinstance(each, bool) else each for each in found]
    return any(
        _compares(_lower(text), value, wanted.prefix) for text in texts if isinstance(text, str)
    )


def _inside(outer: object, name: str) -> list[object]:
    if isinstance(outer, dict):
        return [outer[name]] if name in outer else []
    if isinstance(outer, list):
        return outer if name == "*" else outer[int(name) :][:1] if name.isdigit() else []
    return []


TERMS = (
    *(
        "outcome:verified",
        "outcome:MISMATCH",
        "outcome:stale",
        "provider:jinko",
        "provider:j*",
        "provider:*",
    ),
    *(
        "event:booking.*",
        "event:BOOKING.completed",
        "event:none",
        "event:*",
        "endpoint:shop*",
        "endpoint:Shop",
    ),
    *(
        "method:put",
        "method:P*",
        "booking",
        "evt_0001",
        "evt_00017",
        "same",
        "try-é",
        "0",
        "JNK",
        "a\udc80b",
    ),
    *("status:>=500", "status:404", "status:2xx", "status:none", "status:<500", "failure:timeout"),
    *(
        "failure:refused",
        "has:attempt",
        "has:handshake",
        "has:event",
        "is:failed",
        "is:forwarded",
        "is:pending",
    ),
    *(
        "is:duplicate",
        "size:0",
        "size:>1k",
        "size:20..80",
        "id:17",
        "id:100..200",
        "id:>390",
        "id:<3",
    ),
    *(
        "since:2026-06-02T09:00Z",
        "until:2026-06-02T09:00Z",
        "since:2026-06-02T14:30Z",
        "until:1999-01-01",
    ),
    *(
        "header:x-foo=bar",
        "header:X-Foo=BAR*",
        "header:x-foo=second",
        "header:second",
        "header:bar=x-foo",
    ),
    *(
        "header:x-foo=x-foo",
        "header:x-fo",
        "body:JNK-TEST00",
        "body:jnk",
        "body:JNK-T*",
        "body:TEST0",
        "body:TEST0*",
    ),
    *(
        "body:EST00",
        "body:paid",
        "body:caf*",
        "body:café",
        'body:"not utf"',
        "body:ref*",
        'body:"status paid"',
    ),
    *(
        f"body:{LONG_WORD}",
        f"body:{LONG_WORD[:40]}*",
        f"body:{LONG_WORD[:40]}",
        "body:-",
        "body:JNK-LATE",
        "body:PNG",
    ),
    *(
        'body:"&status"',
        "body:t*",
        "json:booking.status=PAID",
        "json:booking.status=paid",
        "json:booking.ref=JNK-*",
    ),
    *(
        "json:lines.*.n=1.50",
        "json:lines[1].n=2",
        "json:lines.0.n=1.5",
        "json:ok=true",
        "json:none=null",
        "json:name=café",
        "json:name=caf*",
        "json:url=https://x",
        "json:booking",
    ),
    *(
        "json:a.0=zero",
        "json:big=9*",
        "json:0",
        "json:booking.status=\ud800",
        "json:nothing.at.all=1",
    ),
)


QUERIES = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        inner.map(lambda text: f"-({text})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: f"({' '.join(texts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: f"({' or '.join(texts)})"),
    ),
    max_leaves=5,
)


@dataclass(frozen=True)
class Filled:
    """A database, what is in it, and its index as far as it goes."""

    connection: sqlite3.Connection
    index: Path | None
    known: list[Known]

    def expected(self, wanted: query.Query) -> list[int]:
        return [each.delivery.id for each in reversed(self.known) if _holds(wanted, each)]

    def found(self, wanted: query.Query, *, limit: int = 500, budget_s: float = 60) -> list[int]:
        """Go through the pages, on from where each stopped."""
        numbers: list[int] = []
        before: int | None = None
        while True:
            page = search.page(self.connection, self.index, wanted, before, limit, budget_s)
            numbers += [each.id for each in page.deliveries]
            stopped = page.reach.stopped
            if stopped is None and len(page.deliveries) < limit:
                return numbers
            at = page.deliveries[-1].id if stopped is None else stopped.at
            assert before is None or at < before
            before = at


@contextmanager
def _index(database: Path, share: float) -> Iterator[Path]:
    path = textindex.path_beside(database)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with closing(textindex._prepare(connection, database)) as rows:
            newest: int = rows.execute("SELECT max(id) FROM delivery").fetchone()[0]
            for _ in indexer.index(connection, rows, int(newest * share)):
                pass
        yield path


@pytest.fixture(scope="module", params=["all of it", "half of it", "none of it"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    database = tmp_path_factory.mktemp("search") / "hooktap.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        schema.migrate(connection)
        known = _store(connection)
        content.register(connection)
        if request.param == "none of it":
            yield Filled(connection, None, known)
        else:
            with _index(database, 1 if request.param == "all of it" else 0.5) as index:
                yield Filled(connection, index, known)


@pytest.mark.parametrize("text", TERMS)
def test_each_term_finds_what_it_says(filled: Filled, text: str) -> None:
    for wanted in (query.parse(text), query.parse(f"-({text})")):
        assert filled.found(wanted) == filled.expected(wanted)


def test_most_terms_find_something(filled: Filled) -> None:
    """Or the tests above would show little."""
    empty = [text for text in TERMS if not filled.expected(query.parse(text))]
    assert len(empty) <= 20, empty


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=QUERIES, limit=st.sampled_from([7, 50, 500]))
@example("(outcome:mismatch or body:JNK-TEST00) -event:*", 7)
def test_any_query_finds_what_it_says(filled: Filled, text: str, limit: int) -> None:
    wanted = query.parse(text)

    assert filled.found(wanted, limit=limit) == filled.expected(wanted)


@pytest.mark.parametrize(
    "text", ["body:paid", "-has:event", "body:nothing", "status:none", "booking"]
)
def test_search_without_time_gets_somewhere_all_the_same(filled: Filled, text: str) -> None:
    """However little time it has, each page looks at some, says where it stopped, and the next goes on there."""
    wanted = query.parse(text)

    page = search.page(filled.connection, filled.index, wanted, None, 500, 0)
    if filled.index is None:
        assert page.reach.stopped is not None
        assert page.reach.stopped.newest - page.reach.stopped.at >= FIRST_LOOK_INSIDE - 1
    assert filled.found(wanted, budget_s=0) == filled.expected(wanted)


def test_relative_time_counts_from_now(filled: Filled) -> None:
    """Everything here is from 2026-06-02: older than a minute, and than a thousand years nothing is."""
    assert filled.found(query.parse("since:1000w")) == filled.expected(query.EVERYTHING)
    assert filled.found(query.parse("until:52000w")) == []


def test_reach_tells_how_far_the_index_is(filled: Filled) -> None:
    page = search.page(filled.connection, filled.index, query.parse("body:x"), None, 1)
    index = page.reach.index

    assert index is not None
    assert index.newest == DELIVERIES
    assert index.available is (filled.index is not None)
    assert index.is_whole is (index.upto == DELIVERIES)
    assert (
        search.page(filled.connection, filled.index, query.parse("x"), None, 1).reach.index is None
    )


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=QUERIES, limit=st.sampled_from([7, 50, 500]))
def test_numbers_alone_are_those_of_what_is_found(filled: Filled, text: str, limit: int) -> None:
    wanted = query.parse(text)
    seen: list[int] = []
    before: int | None = None
    while True:
        found = search.numbers(filled.connection, filled.index, wanted, before, limit)
        assert found.oldest == 1
        seen += found.numbers
        if found.before is None:
            break
        assert before is None or found.before < before
        before = found.before
    assert seen == filled.expected(wanted)


@pytest.mark.parametrize("text", ["", "body:paid", "outcome:mismatch", "-has:event", "booking"])
@pytest.mark.parametrize("budget_s", [0, 60])
def test_among_a_few_only_those_are_found(filled: Filled, text: str, budget_s: float) -> None:
    """However little time there is, and whatever else matches."""
    wanted = query.parse(text)
    among = [*range(1, DELIVERIES, 3), 5000, 3, 3]
    seen: list[int] = []
    before: int | None = None
    while True:
        page = search.page(
            filled.connection, filled.index, wanted, before, 500, budget_s, among=among
        )
        seen += [each.id for each in page.deliveries]
        if page.reach.stopped is None:
            break
        before = page.reach.stopped.at
    assert seen == [number for number in filled.expected(wanted) if number in among]
    assert search.page(filled.connection, filled.index, wanted, None, 9, among=[]).deliveries == []

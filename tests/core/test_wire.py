import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.diagnosis import Cause, Finding
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Part,
    Record,
    Request,
    Response,
    Timing,
    Trigger,
    Verdict,
    Verification,
)
from inspector.core.text import decode
from inspector.core.wire import (
    attempt_from_json,
    attempt_to_json,
    delivery_from_json,
    delivery_to_json,
    dumps,
    finding_from_json,
    finding_to_json,
    headers_from_json,
    headers_to_json,
    record_from_json,
    record_to_json,
)
from tests import factories

words = st.binary().map(decode)
"""What stands in a record as text: decoded from the wire, lone surrogates included."""
counts = st.integers(0, 2**63 - 1)
headers = st.lists(st.tuples(st.binary(), st.binary())).map(lambda pairs: Headers(tuple(pairs)))
verifications = st.builds(
    Verification,
    outcome=st.sampled_from(Outcome),
    detail=words,
    secret_index=st.none() | counts,
    signed_at_s=st.none() | st.integers(),
    covered=st.lists(words).map(tuple),
)
deliveries = st.builds(
    Delivery,
    id=counts,
    uid=words,
    endpoint=words,
    received_at_us=counts,
    via=words,
    request=st.builds(
        Request, method=words, target=st.binary(), headers=headers, body=st.just(b""), peer=words
    ),
    body_bytes=counts,
    provider=st.none() | words,
    event=st.none() | words,
    event_id=st.none() | words,
    attempt_id=st.none() | words,
    verification=verifications,
    handshake=st.none() | words,
    duplicate_of=st.none() | counts,
    duplicate_held=st.booleans(),
)
responses = st.builds(
    Response,
    status=st.integers(100, 999),
    headers=headers,
    body=st.just(b""),
    body_bytes=counts,
    truncated=st.booleans(),
)
attempts = st.builds(
    Attempt,
    id=counts,
    delivery_id=counts,
    number=counts,
    trigger=st.sampled_from(Trigger),
    url=words,
    request_headers=headers,
    started_at_us=counts,
    duration_us=counts,
    result=responses | st.builds(Failure, kind=st.sampled_from(FailureKind), detail=words),
    timing=st.none()
    | st.builds(
        Timing,
        connect_us=st.none() | counts,
        wait_us=st.none() | counts,
        read_us=st.none() | counts,
        lost_us=st.none() | counts,
    ),
)


verdicts = st.builds(
    Verdict,
    id=counts,
    delivery_id=counts,
    checked_at_us=counts,
    provider=st.none() | words,
    verification=verifications,
)


def over_the_wire(data: object) -> Any:
    line = dumps(data)
    assert line.isascii()
    assert line.isprintable()
    return json.loads(line.encode())


@given(deliveries, st.lists(attempts, max_size=3))
def test_a_delivery_survives(delivery: Delivery, tries: list[Attempt]) -> None:
    """A delivery without its body, and its attempts, come back as they were."""
    sent = over_the_wire(delivery_to_json(delivery, tries))
    assert delivery_from_json(sent) == (delivery, tries)


@given(deliveries | attempts | verdicts)
def test_a_record_survives(record: Record) -> None:
    """A line of the feed is told by its type."""
    sent = over_the_wire(record_to_json(record))
    assert sent["type"] == type(record).__name__.lower()
    assert record_from_json(sent) == record


@given(st.builds(Finding, cause=st.sampled_from(Cause), detail=words))
def test_a_finding_survives(finding: Finding) -> None:
    assert finding_from_json(over_the_wire(finding_to_json(finding))) == finding


@pytest.mark.parametrize(
    "pairs",
    [
        (),
        ((b"", b""),),
        ((b"X-Dup", b"1"), (b"x-dup", b"2"), (b"X-Dup", b"1")),
        ((b"X-Name", b"caf\xe9 \x00\x1b[31m\xff"), (b"\x80", b"\xed\xb2\x80")),
        (("X-Grüße".encode(), "😀".encode()),),
    ],
)
def test_headers_keep_their_bytes(pairs: tuple[tuple[bytes, bytes], ...]) -> None:
    """Order, case, repeats and bytes that are not UTF-8 survive."""
    sent = over_the_wire(headers_to_json(Headers(pairs)))
    assert headers_from_json(sent) == Headers(pairs)


def test_bodies_stay_behind() -> None:
    """Neither a delivery's body nor an answer's is in the JSON; their lengths are."""
    delivery = factories.delivery(id=1, body=b"private body")
    answer = factories.response(body=b"private answer", body_bytes=14)
    line = dumps(delivery_to_json(delivery, [factories.attempt(id=2, result=answer)]))

    assert "private" not in line
    assert json.loads(line)["body_bytes"] == 12
    assert json.loads(line)["attempts"][0]["response_body_bytes"] == 14


def test_an_unanswered_attempt_has_a_failure_and_no_status() -> None:
    """`status` and `failure` exclude each other, so a reader need not guess."""
    refused = factories.attempt(result=Failure(FailureKind.REFUSED, "nobody listens there"))
    assert {"status", "failure"} & attempt_to_json(refused).keys() == {"failure"}
    assert {"status", "failure"} & attempt_to_json(factories.attempt()).keys() == {"status"}


def test_reading_what_is_no_record() -> None:
    """JSON of another shape raises what a reader can catch, and is not half read."""
    with pytest.raises(KeyError):
        record_from_json({})
    with pytest.raises(ValueError, match="'rumour' is no type of record"):
        record_from_json({**delivery_to_json(factories.delivery()), "type": "rumour"})
    newer = delivery_to_json(factories.delivery())
    newer["verification"]["outcome"] = "new"
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        delivery_from_json(newer)


def test_parts_that_were_edited() -> None:
    edited = factories.attempt(edited=(Part.TARGET, Part.BODY), result=factories.response(body=b""))
    data = json.loads(dumps(attempt_to_json(edited)))
    assert data["edited"] == ["target", "body"]
    assert attempt_from_json(data) == edited

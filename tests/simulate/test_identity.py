"""Ids, events and signatures changed where the provider puts them."""

import re
from dataclasses import replace

import pytest

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.simulate import catalogue, identity
from tests.factories import headers, request

KNOWN = providers.load()
JINKO = request(
    headers=headers(
        ("X-Jinko-Event-Id", "evt_01HXABC"),
        ("X-Jinko-Delivery-Id", "dlv_7F"),
        ("X-Jinko-Signature", "sha256=00"),
    ),
    body=b'{"event":"booking.completed","event_id":"evt_01HXABC"}',
)


def located(provider: str, made: Request) -> tuple[str | None, ...]:
    return tuple(KNOWN[provider].locate(made))


def test_another_event_has_an_id_that_looks_like_the_last() -> None:
    """In the header and in the body it is the same one, as before; made twice, it is the same event."""
    jinko = KNOWN["jinko"]
    made = identity.another_event(jinko, JINKO, "one")
    _, event_id, attempt_id = located("jinko", made)

    assert event_id is not None
    assert re.fullmatch(r"evt_\d\d[GHJKMNP-TV-Z]{2}[A-F]{3}", event_id)
    assert event_id != "evt_01HXABC"
    assert made.body.count(event_id.encode()) == 1
    assert attempt_id == "dlv_7F"
    assert identity.another_event(jinko, JINKO, "one") == made
    assert identity.another_event(jinko, JINKO, "two") != made


def test_an_id_stays_what_it_is() -> None:
    """A UUID has hexadecimal digits, and a ULID no letter that could be taken for another."""
    github, ulid = KNOWN["github"], "01HXG7QZJ9MZ2Y8K4V3WT6RNBD"
    for before, shape in (
        ("72d3162e-cc78-11e3-81ab-4c9367dc0958", r"72d3162e-cc78-11e3-81ab-4c93[1-9a-f]{8}"),
        (ulid, r"01HXG7QZJ9MZ2Y8K4V[0-9A-HJKMNP-TV-Z]{8}"),
        (ulid.lower(), r"01hxg7qzj9mz2y8k4v[0-9a-hjkmnp-tv-z]{8}"),
    ):
        given = request(headers=headers(("X-GitHub-Delivery", before)))
        made = [identity.another_event(github, given, str(n)) for n in range(100)]
        ids = {(each.headers.get(b"X-GitHub-Delivery") or b"").decode() for each in made}

        assert len(ids) == 100
        assert all(re.fullmatch(shape, each) for each in ids)


def test_an_attempt_that_is_called_like_its_event_is_that_event() -> None:
    provider = replace(KNOWN["github"], attempt=KNOWN["github"].dedupe)
    given = request(headers=headers(("X-GitHub-Delivery", "7")))

    assert identity.another_attempt(provider, given, 1, "one") == given


def test_another_attempt_is_at_the_same_event() -> None:
    made = identity.another_attempt(KNOWN["jinko"], JINKO, 1, "one")

    assert located("jinko", made)[:2] == located("jinko", JINKO)[:2]
    assert re.fullmatch(r"dlv_\d[A-F]", located("jinko", made)[2] or "")
    assert made.body == JINKO.body


@pytest.mark.parametrize(("before", "after"), [(None, b"3"), (b"1", b"4")])
def test_a_count_of_attempts_goes_on(before: bytes | None, after: bytes) -> None:
    """Slack sends the number of the retry, and none the first time."""
    pairs = [] if before is None else [("X-Slack-Retry-Num", before.decode())]
    made = identity.another_attempt(KNOWN["slack"], request(headers=headers(*pairs)), 3, "")

    assert made.headers.get(b"X-Slack-Retry-Num") == after


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[]", b'{"event_id":{}}', b'{"event_id":""}'])
def test_odd_bodies_stay_as_they_are(body: bytes) -> None:
    odd = request(headers=headers(), body=body)

    assert identity.another_event(KNOWN["jinko"], odd, "one").body == body
    assert identity.unknown_event(KNOWN["jinko"], odd) is None
    assert identity.without_signature(KNOWN["adyen"], odd) == odd


def test_an_id_that_is_not_utf8_keeps_its_bytes() -> None:
    odd = request(headers=Headers(((b"X-GitHub-Delivery", b"\xff-1"),)), body=b"{}")

    made = identity.another_event(KNOWN["github"], odd, "one").headers.get(b"X-GitHub-Delivery")

    assert made is not None
    assert re.fullmatch(rb"\xff-\d", made)


@pytest.mark.parametrize("name", ["jinko", "github", "stripe", "checkfront", "wink", "shopify"])
def test_an_event_that_nobody_has_heard_of(name: str) -> None:
    """Wherever the provider names it: a header, a path in JSON, or the place that most use."""
    sample = catalogue.find(KNOWN[name]).request(now_s=1_790_000_000, unique="one")

    made = identity.unknown_event(KNOWN[name], sample)

    assert made is not None
    assert made != sample
    text = b" ".join(value for _, value in made.headers) + made.body
    assert identity.UNKNOWN_EVENT in text


def test_no_signature_is_left() -> None:
    """Neither one under an older name, which some apps still look at."""
    pairs = [("X-Hub-Signature", "sha1=0"), ("x-hub-signature-256", "sha256=0"), ("A", "b")]

    made = identity.without_signature(KNOWN["github"], request(headers=headers(*pairs)))

    assert made.headers == headers(("A", "b"))


def test_a_number_stays_a_number() -> None:
    """One that begins with 0 would be none to JSON."""
    provider = KNOWN["telegram"]
    update = request(headers=headers(), body=b'{"update_id": 10000}')

    made = [identity.another_event(provider, update, str(n)) for n in range(50)]

    assert len({each.body for each in made}) > 40
    assert all(re.fullmatch(rb'\{"update_id": [1-9]{5}\}', each.body) for each in made)

"""Every case of every provider is what it is called, by the judgement of our own verification."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from inspector.core import signing
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider
from inspector.simulate.lab import bodies
from inspector.simulate.lab.bench import Bench, LeftOutError
from inspector.simulate.lab.cases import CASES, Case, plan
from inspector.simulate.lab.material import Stored
from inspector.simulate.lab.sending import AT_ONCE, BURST, Plan
from tests.simulate.lab.benches import KNOWN, NOW_S, bench

SIGNED = sorted(name for name, each in KNOWN.items() if not signing.why_not(each, private_key=True))
UNSIGNED = sorted(name for name, each in KNOWN.items() if not each.signs)
BY_NAME = {case.name: case for case in CASES}
FORGERIES = {
    "badly signed": {Outcome.MISMATCH},
    "wrong secret": {Outcome.MISMATCH},
    "signature missing": {Outcome.MISSING, Outcome.MALFORMED},
    "changed after signing": {Outcome.MISMATCH},
    "stale": {Outcome.STALE},
}
RIGHTLY_SIGNED = [
    "valid",
    "duplicate",
    "concurrent duplicate",
    "late retry",
    "out of order",
    "burst",
    "unknown event",
    "unknown field",
    "huge body",
]


def stored(name: str) -> Bench:
    """What was sent yesterday, as the material of today."""
    made = bench(name)
    (sent,), *_ = plan(BY_NAME["valid"], made)
    material = Stored(KNOWN[name], (sent, sent), "run")
    return replace(made, material=material, now_s=NOW_S + 86_400)


def every(made: Plan) -> list[Request]:
    return [request for together in made for request in together]


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("made_on", [bench, stored])
def test_what_is_to_be_accepted_is_rightly_signed(
    name: str, made_on: Callable[[str], Bench]
) -> None:
    on = made_on(name)
    done = set()
    for case in map(BY_NAME.__getitem__, RIGHTLY_SIGNED):
        try:
            made = every(plan(case, on))
        except LeftOutError:
            continue
        done.add(case.name)
        assert {on.outcome(each) for each in made} == {Outcome.VERIFIED}, case.name

    assert done >= {"valid", "duplicate", "concurrent duplicate", "late retry", "burst"}


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("made_on", [bench, stored])
def test_what_is_to_be_refused_is_refused_here(name: str, made_on: Callable[[str], Bench]) -> None:
    """What is left out: a time where none is signed, a body that the signature says nothing of."""
    on = made_on(name)
    done = set()
    for case_name, outcomes in FORGERIES.items():
        try:
            made = every(plan(BY_NAME[case_name], on))
        except LeftOutError:
            continue
        done.add(case_name)
        assert {on.outcome(each) for each in made} <= outcomes, case_name

    assert done >= {"badly signed", "wrong secret", "signature missing"}
    time = KNOWN[name].time
    assert ("stale" in done) or time is None or time.tolerance_s is None


@pytest.mark.parametrize("name", [*SIGNED, *UNSIGNED])
@pytest.mark.parametrize("case_name", ["empty body", "unreadable body"])
def test_what_cannot_be_read_is_always_sent(name: str, case_name: str) -> None:
    """Unsigned, where the signature would have stood in the body."""
    (sent,) = every(plan(BY_NAME[case_name], bench(name)))

    assert sent.body == (bodies.UNREADABLE if case_name == "unreadable body" else b"")


@pytest.mark.parametrize("name", UNSIGNED)
def test_without_a_signature_there_are_no_forgeries(name: str) -> None:
    on = bench(name)
    for case in CASES:
        if case.is_forged:
            with pytest.raises(LeftOutError, match="documents no signature"):
                plan(case, on)

    assert every(plan(BY_NAME["valid"], on))


def test_a_duplicate_is_the_same_event_of_another_attempt() -> None:
    first, second = every(plan(BY_NAME["duplicate"], bench("jinko")))
    one, other = KNOWN["jinko"].locate(first), KNOWN["jinko"].locate(second)

    assert first.body == second.body
    assert one.event_id == other.event_id
    assert one.attempt_id != other.attempt_id


def test_what_comes_at_once_stands_together() -> None:
    (together,) = plan(BY_NAME["concurrent duplicate"], bench("jinko"))
    (burst,) = plan(BY_NAME["burst"], bench("jinko"))

    assert len(together) == AT_ONCE
    assert len({each.body for each in together}) == 1
    assert len({KNOWN["jinko"].locate(each).attempt_id for each in together}) == AT_ONCE
    assert len({KNOWN["jinko"].locate(each).event_id for each in burst}) == BURST


def test_the_later_event_comes_first() -> None:
    later, earlier = (each.body for each in every(plan(BY_NAME["out of order"], bench("jinko"))))

    assert b"2026-09-21T14:13:20Z" in later
    assert b"2026-09-21T14:12:20Z" in earlier


def test_what_is_out_of_order_happened_to_one_booking() -> None:
    sent = every(plan(BY_NAME["out of order"], bench("checkfront")))

    bookings = [json.loads(each.body)["booking"]["@attributes"]["booking_id"] for each in sent]
    assert len(set(bookings)) == 1


def test_every_run_has_events_of_its_own() -> None:
    """Of stored deliveries too: an app that saw the last run would not look at them."""
    on = stored("jinko")
    other = replace(on, material=Stored(on.provider, tuple(on.material.usual(0)), "another run"))

    ids = {
        each.provider.locate(plan(BY_NAME["duplicate"], each)[0][0]).event_id
        for each in (on, other)
    }

    assert len(ids) == 2


def test_a_late_retry_is_signed_now_and_happened_long_ago() -> None:
    first, between, again = every(plan(BY_NAME["late retry"], bench("jinko")))

    assert first.body == again.body != between.body
    assert b"2026-09-21T08:13:20Z" in again.body
    assert again.headers.get(b"X-Jinko-Timestamp") == b"%d" % NOW_S


def test_no_two_cases_send_the_same_event() -> None:
    """An app that knows an event already does not look at it."""
    on = bench("jinko")
    ids = [on.provider.locate(plan(case, on)[0][0]).event_id for case in CASES]

    assert len(set(ids)) == len(CASES)


def test_one_stored_delivery_has_no_order() -> None:
    on = stored("jinko")
    assert isinstance(on.material, Stored)
    alone = Stored(on.provider, on.material.requests[:1], "")

    with pytest.raises(LeftOutError, match="takes two"):
        plan(BY_NAME["out of order"], replace(on, material=alone))


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"plain", b"[]"])
def test_what_is_odd_is_left_out_where_nothing_can_be_made_of_it(body: bytes) -> None:
    on = bench("github")
    (sent,) = every(plan(BY_NAME["valid"], on))
    odd = Stored(on.provider, (replace(sent, body=body),), "")
    on = replace(on, material=odd)

    left_out = {case.name for case in CASES if _is_left_out(case, on)}

    assert {"unknown field", "huge body"} <= left_out
    assert left_out.isdisjoint({"valid", "empty body", "unreadable body", "wrong secret"})


def _is_left_out(case: Case, on: Bench) -> bool:
    try:
        plan(case, on)
    except LeftOutError:
        return True
    return False


def test_every_case_says_why() -> None:
    assert all(case.sent and case.why.endswith(".") for case in CASES)
    assert len(BY_NAME) == len(CASES)


def test_a_provider_that_cannot_be_signed_for_is_not_among_them() -> None:
    assert {name for name, each in KNOWN.items() if _cannot(each)} == {"aws-sns", "paypal"}


def _cannot(provider: Provider) -> bool:
    return provider.signs and bool(signing.why_not(provider, private_key=True))

"""What each case sends: a `Plan`, made on a bench."""

from collections.abc import Sequence
from dataclasses import replace

from inspector.core import signing
from inspector.core.model import Request
from inspector.errors import SigningError
from inspector.simulate import identity
from inspector.simulate.lab import bodies
from inspector.simulate.lab.bench import Bench, LeftOutError

AT_ONCE = 8
BURST = 20
LATE_S = 6 * 3600
"""How long ago the event was that is sent once more."""

Plan = Sequence[Sequence[Request]]
"""What is sent one after the other, in which what stands together is sent at once."""


def valid(bench: Bench) -> Plan:
    """What the provider sends every day."""
    return [[bench.sign(each)] for each in bench.material.usual(bench.now_s)]


def duplicate(bench: Bench) -> Plan:
    """One event twice, under two attempt ids."""
    event = bench.event("duplicate")
    return [[bench.sign(event)], [bench.again(event, 1)]]


def concurrent(bench: Bench) -> Plan:
    """One event at once, as often as a provider might in the worst case."""
    event = bench.event("concurrent")
    return [[bench.again(event, number) for number in range(AT_ONCE)]]


def late(bench: Bench) -> Plan:
    """One of some hours ago, another one, and the first once more."""
    event = bench.event("late", age_s=LATE_S)
    between = bench.event("meanwhile")
    return [[bench.sign(event)], [bench.sign(between)], [bench.again(event, 1)]]


def out_of_order(bench: Bench) -> Plan:
    """A later event, then the one before it."""
    pair = bench.material.pair(bench.now_s, "order")
    if pair is None:
        raise LeftOutError("it takes two deliveries, and there is one")
    earlier, later = pair
    return [[bench.sign(later)], [bench.sign(earlier)]]


def burst(bench: Bench) -> Plan:
    """Many events at once."""
    return [[bench.sign(bench.event(f"burst {number}")) for number in range(BURST)]]


def unknown_event(bench: Bench) -> Plan:
    """One of a type that is not documented."""
    made = identity.unknown_event(bench.provider, bench.event("unknown event"))
    if made is None:
        raise LeftOutError("it names no event that could be changed")
    return [[bench.sign(made)]]


def unknown_field(bench: Bench) -> Plan:
    """One with a field that is not documented."""
    event = bench.event("unknown field")
    return [[bench.sign(_with_body(event, bodies.with_field(event.body)))]]


def huge(bench: Bench) -> Plan:
    """One of a MiB."""
    event = bench.event("huge")
    return [[bench.sign(_with_body(event, bodies.huge(event.body)))]]


def empty(bench: Bench) -> Plan:
    """One without a body."""
    return [[_signed_if_possible(bench, replace(bench.event("empty"), body=b""))]]


def unreadable(bench: Bench) -> Plan:
    """One whose body breaks off."""
    event = replace(bench.event("unreadable"), body=bodies.UNREADABLE)
    return [[_signed_if_possible(bench, event)]]


def not_utf8(bench: Bench) -> Plan:
    """One that cannot be decoded."""
    event = bench.event("not utf-8")
    return [[_signed_if_possible(bench, _with_body(event, bodies.not_utf8(event.body)))]]


def badly_signed(bench: Bench) -> Plan:
    """One with a wrong signature."""
    event, secret = bench.event("badly signed"), bench.secret or b""
    broken = signing.break_signature(
        bench.provider, event, secret, now_s=bench.now_s, url=bench.url
    )
    return [[broken]]


def wrong_secret(bench: Bench) -> Plan:
    """One that is signed by somebody else."""
    return [[replace(bench, secret=bench.other_secret).sign(bench.event("wrong secret"))]]


def missing(bench: Bench) -> Plan:
    """One that nobody has signed."""
    return [[identity.without_signature(bench.provider, bench.event("missing"))]]


def changed(bench: Bench) -> Plan:
    """One that is not any more what was signed."""
    signed = bench.sign(bench.event("changed"))
    return [[_with_body(signed, bodies.with_field(signed.body))]]


def stale(bench: Bench) -> Plan:
    """One that is signed rightly, at a time too long ago."""
    provider = bench.provider
    if provider.time and provider.time.tolerance_s is None and bench.tolerance_s is None:
        raise LeftOutError(f"{provider.title} does not say how old a signature may be")
    made = signing.sign_stale(
        provider,
        bench.event("stale"),
        bench.secret or b"",
        now_s=bench.now_s,
        url=bench.url,
        tolerance_s=bench.tolerance_s,
    )
    return [[made]]


def _with_body(request: Request, body: bytes | None) -> Request:
    if body is None:
        raise LeftOutError("its body is neither JSON nor XML nor a form")
    return replace(request, body=body)


def _signed_if_possible(bench: Bench, request: Request) -> Request:
    """Where the signature stands in the body, one that cannot be read has none: it is to be refused all the same."""
    try:
        return bench.sign(request)
    except SigningError:
        return request

"""The ways in which providers, and strangers, really send deliveries, and what a good receiver makes of each."""

from collections.abc import Callable
from typing import NamedTuple

from inspector.core.model import Outcome
from inspector.errors import SigningError
from inspector.simulate.lab import sending
from inspector.simulate.lab.answers import Expected
from inspector.simulate.lab.bench import Bench, LeftOutError
from inspector.simulate.lab.sending import AT_ONCE, BURST, Plan


class Case(NamedTuple):
    """One way."""

    name: str
    expected: Expected
    sent: str
    """What is sent, in a few words."""
    why: str
    """In one sentence, why a good receiver answers so."""
    make: Callable[[Bench], Plan]
    """Raises LeftOutError, and SigningError, where there is nothing to send."""
    is_forged: bool = False
    """Whether it is about the signature, of which some providers have none."""


def plan(case: Case, bench: Bench) -> Plan:
    """Return what a case sends. Raises LeftOutError."""
    title = bench.provider.title
    if case.is_forged and not bench.provider.signs:
        raise LeftOutError(f"{title} documents no signature")
    try:
        made = case.make(bench)
    except SigningError as error:
        raise LeftOutError(str(error)) from None
    if case.is_forged and any(bench.outcome(each) is Outcome.VERIFIED for each in made[0]):
        raise LeftOutError(f"what {title} signs does not show it")
    return made


_OK, _NO = Expected.ACCEPTED, Expected.REFUSED

CASES = (
    Case(
        "valid",
        _OK,
        "what the provider sends every day",
        "An answer that is no success is a failure to the provider: it sends again, and switches the webhook off in "
        "the end.",
        sending.valid,
    ),
    Case(
        "duplicate",
        _OK,
        "one event twice, under two attempt ids",
        "Providers send again when an answer is lost; whoever calls that an error gets the event again and again.",
        sending.duplicate,
    ),
    Case(
        "concurrent duplicate",
        _OK,
        f"one event {AT_ONCE} times at once",
        "The next attempt may come while the first is still at work; two inserts of one id must not end in a 500.",
        sending.concurrent,
    ),
    Case(
        "late retry",
        _OK,
        "an event of six hours ago, another one, and the first again",
        "An event that was handled long ago, and others since, may come again; it is done, so say so.",
        sending.late,
    ),
    Case(
        "out of order",
        _OK,
        "a later event, then the one before it",
        "No provider promises an order, and a retry breaks any; refused, the older one would come back for hours.",
        sending.out_of_order,
    ),
    Case(
        "burst",
        _OK,
        f"{BURST} events at once",
        "After an outage everything comes at once, and each delivery is given up after the provider's timeout.",
        sending.burst,
    ),
    Case(
        "unknown event",
        _OK,
        "an event of a type that nobody has heard of",
        "Providers add events without asking; one that does not matter here has arrived all the same.",
        sending.unknown_event,
    ),
    Case(
        "unknown field",
        _OK,
        "a field that no delivery had before",
        "Providers add fields without asking.",
        sending.unknown_field,
    ),
    Case(
        "huge body",
        Expected.ACCEPTED_OR_TOO_LARGE,
        "a body of 1 MiB",
        "It is taken, or refused as too large; it neither hangs nor breaks the app.",
        sending.huge,
    ),
    Case(
        "empty body",
        _NO,
        "no body at all",
        "Whatever a stranger sends is the sender's mistake: a 5xx says that the app broke, and is sent again.",
        sending.empty,
    ),
    Case(
        "unreadable body",
        _NO,
        "a body that breaks off",
        "What cannot be read was not handled: a success would lose it, a 5xx says that the app broke.",
        sending.unreadable,
    ),
    Case(
        "invalid UTF-8",
        _NO,
        "a body with a byte that is not UTF-8",
        "It cannot be decoded, which is the sender's mistake, and no reason to break.",
        sending.not_utf8,
    ),
    Case(
        "badly signed",
        _NO,
        "a signature of which one character is wrong",
        "Anybody who knows the URL can send this: what does not match has to be refused.",
        sending.badly_signed,
        is_forged=True,
    ),
    Case(
        "wrong secret",
        _NO,
        "a signature made with another secret",
        "It is from somebody who does not know the secret.",
        sending.wrong_secret,
        is_forged=True,
    ),
    Case(
        "signature missing",
        _NO,
        "no signature",
        "Leaving the signature out is the easiest forgery there is.",
        sending.missing,
        is_forged=True,
    ),
    Case(
        "changed after signing",
        _NO,
        "a signed body to which a field was added",
        "The signature is right, and of another body.",
        sending.changed,
        is_forged=True,
    ),
    Case(
        "stale",
        _NO,
        "a right signature of a time too long ago",
        "Who once captured a delivery could send it for ever.",
        sending.stale,
        is_forged=True,
    ),
)

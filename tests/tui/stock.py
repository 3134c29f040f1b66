"""An inspector with something of everything, for looking at: forty deliveries, four endpoints, checks and findings."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from inspector.client import Reverified
from inspector.core.diagnosis import Cause, Finding
from inspector.core.edits import Edit
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Sign,
    Trigger,
    Verification,
)
from inspector.core.wire import JSON
from tests.factories import NOW_S, attempt, delivery, headers, request, response, verdict
from tests.tui.fakes import INGRESS, FakeClient
from tests.tui.test_endpoints import DOWN, endpoint

NOW_US = NOW_S * 1_000_000
KINDS = (
    ("jinko", "booking.completed", Outcome.VERIFIED, "the signature matches"),
    ("stripe", "checkout.session.completed", Outcome.NO_SECRET, "endpoint stripe has no secret"),
    ("github", "pull_request", Outcome.MISMATCH, "none of 2 secrets reproduces the signature"),
    (
        "wink",
        "booking.created",
        Outcome.UNSIGNED,
        "Wink documents no signature: nothing proves who sent this",
    ),
    ("slack", "url_verification", Outcome.STALE, "the signature is right, but 20 minutes old"),
    ("jinko", "booking.failed", Outcome.MISSING, "no X-Jinko-Signature header"),
    ("svix", "user.created", Outcome.MALFORMED, "svix-timestamp is not a number"),
    (None, None, Outcome.UNKNOWN, "no provider is known for this delivery"),
    ("shopify", "orders/create", Outcome.VERIFIED, "the second of 2 secrets matches"),
)
BODY = (
    '{"event":"booking.completed","livemode":false,"data":{"reference":"JNK-TEST00",'
    '"guest":"Zoë Ångström","total":129.50,"rooms":[4711,4712],"note":null,"extras":{}}}'
).encode()
LATE = (
    "This was signed 20 min ago: an old delivery was replayed or held up on its way, or this machine's clock is "
    "20 min ahead of the sender's."
)
WHY = (
    "The signature matches the body re-serialised without white space: something between the sender and Hooktap "
    "parsed the JSON and wrote it anew, so pass the raw bytes on; or the sender signs another text than it sends."
)
EVENTS = ["booking.completed", "booking.failed", "booking.cancelled", "guest.updated"]
ANSWER = b"<!doctype html>\n<title>500 Internal Server Error</title>\n<p>KeyError: 'guest'</p>\n"
TALLY: JSON = {
    "deliveries": 12_345,
    "recent": 678,
    "invalid": 9,
    "failed": 3,
    "last_at_us": NOW_US + 287_000_000,
}


class Stocked(FakeClient):
    """Answers a few replays; the next one waits for ever."""

    def __init__(self, *rows: tuple[Delivery, Sequence[Attempt]], answers: int = 17) -> None:
        super().__init__(*rows)
        self._left = answers
        self.answers[0] = ANSWER  # of every replay

    async def health(self) -> JSON:
        space = {"store_bytes": 48 * 2**20, "disk_free_bytes": 91 * 2**30, "disk_is_scarce": False}
        return await super().health() | space

    async def deliveries(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> list[tuple[Delivery, list[Attempt]]]:
        found = await super().deliveries(query, before, limit)
        return found[:2] if query == "is:marked" else found

    async def delivery(self, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
        return self.rows[delivery_id]

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        self._note("replay", delivery_id, sign)
        if not self._left:
            await asyncio.Event().wait()
        self._left -= 1
        return attempt(delivery_id=delivery_id, trigger=Trigger.REPLAY)


def stocked() -> Stocked:
    """Return a client of forty deliveries, that knows why the stale ones are."""
    client = Stocked(*some_rows())
    for made, attempts in client.rows.values():
        client.answers |= {each.id: ANSWER for each in attempts}
        if made.verification.outcome is Outcome.STALE:
            client.found[made.id] = [Finding(Cause.CLOCK, LATE)]
    client.configured = [
        endpoint("jinko", provider="jinko", secrets=2, tally=TALLY),
        endpoint("stripe", provider="stripe", paused_at_us=NOW_US, backlog=1_204, tally=TALLY),
        endpoint("github", provider="github", secrets=1, health=DOWN, backlog=7, reply="target"),
        endpoint("demo", target=None, health=None, configured=False, tally=TALLY),
    ]
    client.offered = [
        {"name": f"p{n}", "title": f"Provider {n}", "events": EVENTS[: n % 4 + 1]}
        for n in range(60)
    ]
    return client


def some_rows() -> list[tuple[Delivery, list[Attempt]]]:
    return [(made := a_delivery(number), some_attempts(made)) for number in range(1, 41)]


def a_delivery(number: int) -> Delivery:
    provider, event, outcome, detail = KINDS[number % len(KINDS)]
    name = provider or "demo"
    signed = outcome in (Outcome.VERIFIED, Outcome.STALE)
    sent = headers(
        ("Host", "hooks.example.com"),
        ("Content-Type", "application/json"),
        ("X-Jinko-Timestamp", "1780387198"),
        ("X-Jinko-Signature", "sha256=" + "8b5f48702995c159" * 4),
    )
    return delivery(
        id=1000 + 3 * number,
        endpoint=name,
        provider=provider,
        event=event,
        event_id=f"evt_{number // 10}",
        received_at_us=(NOW_S + 7 * number) * 1_000_000,
        request=request(target=f"/in/{name}".encode(), headers=sent, body=BODY),
        verification=Verification(
            outcome,
            detail,
            signed_at_s=NOW_S + 7 * number - 2 if signed else None,
            covered=("header X-Jinko-Timestamp", "body") if signed else (),
        ),
    )


def some_attempts(of: Delivery) -> list[Attempt]:
    first = attempt(
        id=of.id + 1,
        delivery_id=of.id,
        number=1,
        url=f"http://127.0.0.1:3000/webhooks/{of.endpoint}",
        started_at_us=of.received_at_us,
    )
    refused = Failure(FailureKind.REFUSED, "nobody listens at 127.0.0.1:3000")
    broken = response(
        status=500, headers=headers(("Content-Type", "text/html")), body_bytes=len(ANSWER)
    )
    match of.id % 4:
        case 0:
            again = replace(first, id=of.id + 2, number=2, trigger=Trigger.REPLAY, result=broken)
            return [replace(first, result=refused), again]
        case 1:
            return [first, replace(first, id=of.id + 2, number=2, trigger=Trigger.REPLAY)]
        case 2:
            return []
        case _:
            return [first]


def checked_twice() -> Stocked:
    """Return a client that knows why the newest delivery fails, and what it was before."""
    client = stocked()
    of = client.rows[max(client.rows)][0]
    failed = Verification(Outcome.MISMATCH, "the secret does not reproduce X-Jinko-Signature")
    unknown = Verification(Outcome.NO_SECRET, "X-Jinko-Signature was sent, and nobody said")
    client.rows[of.id] = (replace(of, verification=failed), [])
    client.found[of.id] = [Finding(Cause.BODY_RESERIALISED, WHY)]
    client.checks[of.id] = [
        verdict(id=of.id, checked_at_us=of.received_at_us, verification=unknown),
        verdict(id=2000, verification=failed, checked_at_us=of.received_at_us + 90_000_000),
    ]
    return client


def without_secret() -> Stocked:
    """Return a client whose newest delivery was signed with another endpoint's secret."""
    client = stocked()
    sentence = "The secret of endpoint 'shop' made this signature: set it for this endpoint too."
    stripe = max(number for number, (made, _) in client.rows.items() if made.endpoint == "stripe")
    client.rows = {number: row for number, row in client.rows.items() if number <= stripe}
    client.found[stripe] = [Finding(Cause.SECRET_OF_OTHER, sentence)]
    client.configured = client.configured[:1]
    return client


def subscribing() -> Stocked:
    """Return a client whose newest delivery asks for a visit."""
    asked = delivery(
        id=1107,
        endpoint="orders",
        provider="aws-sns",
        event="SubscriptionConfirmation",
        body=BODY,
        handshake="Amazon SNS asked to have the subscription confirmed, and was answered",
    )
    return Stocked(*some_rows()[:5], (asked, []))


def rechecking() -> Stocked:
    """Return a client that is in the middle of checking everything again."""
    client = stocked()
    client.rechecked = [Reverified(1200, 37, [], 1000)]
    return client


def two(*bodies: bytes) -> Stocked:
    """Return a client of two deliveries with these bodies."""
    return Stocked(
        *(
            (
                delivery(
                    id=number,
                    event="booking.completed",
                    request=request(headers=headers(("X-Request-Id", str(number))), body=body),
                ),
                [],
            )
            for number, body in enumerate(bodies, start=1)
        )
    )


def silent() -> Stocked:
    """Return a client to which nothing has come yet."""
    client = Stocked()
    client.configured = [
        {
            **endpoint("jinko", target="http://127.0.0.1:3000/webhooks/jinko"),
            "url": f"{INGRESS}/in/jinko",
        }
    ]
    return client

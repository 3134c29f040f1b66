"""Deliveries as a month of work brings them: many providers, events and sizes; right, wrong, and tried again.

Nothing is stored here. The same seed makes the same month, but for the names that cross machines.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from inspector import providers
from inspector.core import forwarding, signing
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Response,
    Trigger,
    Verdict,
    Verification,
)
from inspector.core.providers import Located, Provider
from inspector.core.signing import SampleKeys
from inspector.core.templates import Kind
from inspector.core.verification import verify
from inspector.simulate import samples
from inspector.simulate.samples import Sample
from inspector.uids import Uids
from scripts.filling.bodies import Bodies

MONTH_US = 30 * 24 * 3600 * 1_000_000
INGRESS = "http://127.0.0.1:8400"
TARGET = forwarding.parse_target("http://127.0.0.1:3000/webhooks")
SEED = b"a month"
OFTEN = {"stripe": 8, "jinko": 8, "github": 8, "shopify": 6, "slack": 4, "twilio": 3, "square": 3}
"""How many times as often as each of the others; all that there are true samples of take part."""
FATES = {
    "right": 86,
    "wrong secret": 4,
    "no secret": 3,
    "stale": 2,
    "unsigned": 2,
    "malformed": 1,
    "unknown": 2,
}
"""What becomes of a signature, of a hundred deliveries."""
FORWARDED = 0.75
FAILED = 0.06
"""Of the forwarded; each is then tried once more."""
RECHECKED = 0.1
"""Of those whose secret was wrong: it was corrected later."""
STALE_S = 3600
JSON = (b"Content-Type", b"application/json")
CRASH = b'{"error":"Internal Server Error","trace":["app.py:212 in handle","db.py:88 in execute"]}'
FINE = Response(200, Headers((JSON, (b"Content-Length", b"11"))), b'{"ok":true}', 11)
BROKEN = Response(500, Headers((JSON, (b"Content-Length", b"88"))), CRASH, len(CRASH))
NOBODY = Failure(FailureKind.REFUSED, "nobody listens at 127.0.0.1:3000: connection refused")
NOWHERE = Located(None, None, None)


class Made(NamedTuple):
    """One delivery and what becomes of it. Its number is not known yet, so its attempts and verdict name 0."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]
    recheck: Verdict | None


@dataclass(frozen=True, slots=True)
class _Source:
    """One provider, and what it takes to send as it does."""

    provider: Provider
    samples: tuple[Sample, ...]
    keys: SampleKeys | None
    """None: its deliveries are not signed."""

    @property
    def path(self) -> bytes:
        return b"/in/" + self.provider.name.encode()

    @property
    def url(self) -> str:
        return INGRESS + self.path.decode()


class Month:
    """A month of deliveries that ends at `until_us`."""

    def __init__(self, until_us: int, *, seed: int = 1) -> None:
        self._until_us = until_us
        self._roll = random.Random(seed)  # noqa: S311 - no secret is drawn
        self._bodies = Bodies(self._roll)
        self._uids = Uids()
        self._sources = _sources()
        self._often = list(accumulate(OFTEN.get(each.provider.name, 1) for each in self._sources))
        self._fates = list(accumulate(FATES.values()))

    def deliveries(self, count: int) -> Iterator[Made]:
        """Yield so many, oldest first and evenly spread."""
        step_us = MONTH_US // max(count, 1)
        for number in range(count):
            yield self._make(self._until_us - (count - number) * step_us)

    def _make(self, now_us: int) -> Made:
        (source,) = self._roll.choices(self._sources, cum_weights=self._often)
        (fate,) = self._roll.choices(list(FATES), cum_weights=self._fates)
        request, verification = self._received(source, fate, now_us / 1_000_000)
        provider = None if fate == "unknown" else source.provider
        located = provider.locate(request) if provider else NOWHERE
        delivery = Delivery(
            id=0,
            uid=self._uids.next(now_us),
            endpoint=provider.name if provider else "demo",
            received_at_us=now_us,
            via="ingress",
            request=request,
            body_bytes=len(request.body),
            provider=provider.name if provider else None,
            event=located.event,
            event_id=located.event_id,
            attempt_id=located.attempt_id,
            verification=verification,
        )
        return Made(delivery, tuple(self._attempts(delivery)), self._recheck(delivery, source))

    def _received(self, source: _Source, fate: str, now_s: float) -> tuple[Request, Verification]:
        """Return the request of this fate, and what checking it really comes to."""
        request = self._unsigned(source, now_s)
        if fate == "unknown":
            return request, verify(None, request, (), now_s=now_s)
        secrets = () if source.keys is None else (source.keys.verifying,)
        if source.keys is not None and fate != "unsigned":
            signed_s = now_s - STALE_S if fate == "stale" else now_s
            request = signing.sign(
                source.provider, request, source.keys.signing, now_s=signed_s, url=source.url
            )
        match fate:
            case "wrong secret" if source.keys is not None:
                secrets = (signing.sample_keys(source.provider, b"another").verifying,)
            case "no secret":
                secrets = ()
            case "malformed":
                request = _spoiled(source.provider, request)
            case _:
                pass
        return request, verify(source.provider, request, secrets, now_s=now_s, url=source.url)

    def _unsigned(self, source: _Source, now_s: float) -> Request:
        sample = self._roll.choice(source.samples)
        made = sample.request(now_s=now_s, unique=self._roll.randbytes(8).hex())
        body = self._bodies.grown(made.body, self._bodies.size_bytes())
        pairs = (
            (b"Host", b"127.0.0.1:8400"),
            *made.headers.pairs,
            (b"Content-Length", b"%d" % len(body)),
        )
        peer = f"127.0.0.1:{self._roll.randint(32_768, 60_999)}"
        return Request("POST", source.path, Headers(pairs), body, peer)

    def _attempts(self, delivery: Delivery) -> Iterator[Attempt]:
        if self._roll.random() >= FORWARDED:
            return
        if self._roll.random() < FAILED:
            yield self._attempt(delivery, Trigger.FORWARD, self._roll.choice((BROKEN, NOBODY)), 0)
            again = self._roll.choice((Trigger.RETRY, Trigger.REPLAY))
            yield self._attempt(delivery, again, FINE, 5_000_000)
        else:
            yield self._attempt(delivery, Trigger.FORWARD, FINE, 0)

    def _attempt(
        self, delivery: Delivery, trigger: Trigger, result: Response | Failure, later_us: int
    ) -> Attempt:
        sent = forwarding.outgoing(delivery, TARGET)
        return Attempt(
            id=0,
            delivery_id=0,
            number=0,
            trigger=trigger,
            url=TARGET.url(sent),
            request_headers=sent.headers,
            started_at_us=delivery.received_at_us + later_us,
            duration_us=int(self._roll.lognormvariate(0, 1) * 12_000),
            result=result,
        )

    def _recheck(self, delivery: Delivery, source: _Source) -> Verdict | None:
        if delivery.verification.outcome is not Outcome.MISMATCH or source.keys is None:
            return None
        if self._roll.random() >= RECHECKED:
            return None
        at_us = delivery.received_at_us
        found = verify(
            source.provider,
            delivery.request,
            (source.keys.verifying,),
            now_s=at_us / 1_000_000,
            url=source.url,
        )
        return Verdict(0, 0, at_us + 60_000_000, source.provider.name, found)


def _sources() -> list[_Source]:
    known = providers.load()
    return [_source(known[name]) for name in samples.providers() if name in known]


def _source(provider: Provider) -> _Source:
    """Return it with every sample there is, in every format."""
    name = provider.name
    found = tuple(
        samples.find(name, event, format=written)
        for event in samples.events(name)
        for written in samples.formats(name, event)
    )
    is_signed = not signing.why_not(provider, private_key=True)
    return _Source(provider, found, signing.sample_keys(provider, SEED) if is_signed else None)


def _spoiled(provider: Provider, request: Request) -> Request:
    """Return `request` with something in the place of its signature that nobody can read, if that is a header."""
    for placement in provider.placements[:1]:
        if placement.signature.kind is Kind.HEADER:
            headers = request.headers.replacing(placement.signature.key, b"?")
            return replace(request, headers=headers)
    return request

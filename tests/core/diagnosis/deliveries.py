"""Deliveries as each provider sends them, signed rightly: what the tests of diagnosis spoil."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from inspector import providers
from inspector.core.diagnosis import Finding, diagnose
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.signing import sample_keys, sign
from inspector.core.templates import Builtin, Kind, Locator
from inspector.core.verification import verify
from tests import factories
from tests.factories import NOW_S

BUILT_IN = providers.load()

URL = "https://shop.example/in/demo?b=2&a=1"
DOCUMENT = {
    "type": "booking.completed",
    "id": "evt_1",
    "url": "https://a.example/x?a=1&b=2",
    "guest": {"name": "Zoë Łuczak \U0001f600", "note": 'said "hi" <b>', "tags": [], "more": {}},
    "amounts": [1, 12.5, -3, {"eur": 1e3}],
    "webhookTimestamp": NOW_S * 1000,
    "ok": True,
    "none": None,
}


def as_javascript(document: Any) -> bytes:
    """Write JSON as most providers do."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


BODY = as_javascript({**DOCUMENT, "amounts": [1, 12.5, -3, {"eur": 1000}]})
FORM = b"AccountSid=AC1&Body=Hello+w%C3%B6rld%21&From=%2B15551234&To=%2B1999&Empty="
ADYEN = as_javascript(
    {
        "notificationItems": [
            {
                "NotificationRequestItem": {
                    "pspReference": "P1",
                    "merchantAccountCode": "M",
                    "amount": {"value": 1000, "currency": "EUR"},
                    "eventCode": "AUTHORISATION",
                    "success": "true",
                    "additionalData": {"hmacSignature": "x"},
                }
            }
        ]
    }
)
MAILGUN = as_javascript(
    {"signature": {"timestamp": str(NOW_S), "token": "t" * 50, "signature": "x"}, "event-data": {}}
)
GRAPH = as_javascript({"value": [{"subscriptionId": "s", "resource": "r", "clientState": "x"}]})
_BODIES = {"twilio": FORM, "adyen": ADYEN, "mailgun": MAILGUN, "microsoft-graph": GRAPH}


def _sent_to(url: str | None, request: Request) -> Request:
    """Return the request with the target that a sender has of this URL."""
    if url is None:
        return request
    return replace(request, target=re.sub(r"^\s*[a-z]+://[^/?#]*", "", url).strip().encode())


@dataclass(frozen=True)
class Sample:
    """A delivery, and what an endpoint checks it with."""

    provider: Provider
    request: Request
    secret: bytes
    signing: bytes
    """What it is signed with: another key where the scheme has key pairs."""
    url: str | None
    now_s: float = NOW_S
    others: tuple[tuple[str, bytes], ...] = ()

    def signed(
        self, provider: Provider | None = None, key: bytes | None = None, url: str | None = None
    ) -> "Sample":
        """Return it signed, by another scheme, key or URL if any is given."""
        signer = provider or self.provider
        if signer.name == "linear":
            signer = replace(signer, time=None)  # it is in the body already, which stays as it is
        address = url or self.url
        sent = (
            _sent_to(address, self.request) if signer.signs_url or signer.is_coded else self.request
        )
        made = sign(signer, sent, self.signing if key is None else key, now_s=NOW_S, url=address)
        came = replace(made, target=self.request.target) if sent is not self.request else made
        return replace(self, request=came)

    def with_body(self, body: bytes) -> "Sample":
        return replace(self, request=replace(self.request, body=body))

    def carrying(self, body: bytes) -> "Sample":
        """Return it with another body, and its hash in the URL where the provider puts it there."""
        url, mark, _ = (self.url or "").partition("bodySHA256=")
        changed = self.with_body(body)
        if not mark:
            return changed
        url += mark + hashlib.sha256(body).hexdigest()
        return replace(changed, url=url, request=_sent_to(url, changed.request))

    def with_header(self, name: str, value: bytes) -> "Sample":
        headers = self.request.headers.replacing(name.encode(), value)
        return replace(self, request=replace(self.request, headers=headers))

    def with_headers(self, headers: Headers) -> "Sample":
        return replace(self, request=replace(self.request, headers=headers))

    def verdict(self) -> Verification:
        return verify(self.provider, self.request, [self.secret], now_s=self.now_s, url=self.url)

    def findings(self) -> list[Finding]:
        return diagnose(
            self.provider,
            self.request,
            [self.secret],
            now_s=self.now_s,
            url=self.url,
            other_secrets=self.others,
        )


@cache
def sample(name: str) -> Sample:
    """Return an unsigned delivery of a provider that has all it needs to be signed."""
    provider = BUILT_IN[name]
    keys = sample_keys(provider, b"seed")
    body = _BODIES.get(name, BODY)
    url = URL
    if name == "twilio-json":
        url += f"&bodySHA256={hashlib.sha256(body).hexdigest()}"
    needed = [("Host", "shop.example"), ("Content-Type", "application/json")]
    needed += [(part.name, _value(part)) for part in _headers(provider)]
    if name == "bokun":
        needed += [("X-Bokun-Topic", "bookings/create"), ("X-Bokun-Apikey", "k")]
    request = factories.request(
        target=url.removeprefix("https://shop.example").encode(),
        headers=factories.headers(*needed),
        body=body,
    )
    known = None if name == "mews" else url  # Mews writes its token into the URL
    return Sample(provider, request, keys.verifying, keys.signing, known)


def _headers(provider: Provider) -> list[Locator]:
    parts = {part: None for place in provider.placements[:1] for part in place.locators()}
    return [part for part in parts if part.kind is Kind.HEADER]


def _value(part: Locator) -> str:
    return str(NOW_S) if "time" in part.name.lower() else "msg_1"


def covers(provider: Provider, label: str) -> bool:
    """Whether what it signs holds a builtin of that label; schemes that are code sign the body."""
    if provider.is_coded:
        return label == "body"
    parts = [part for place in provider.placements[:1] for part in place.signed.parts]
    parts += [part for pair in provider.also for side in pair for part in side.parts]
    return any(isinstance(part, Builtin) and part.label == label for part in parts)


CODED = ("contentful", "plaid", "rfc9421")
DECLARED = tuple(
    name
    for name, provider in BUILT_IN.items()
    if provider.scheme is not Scheme.UNSIGNED and not provider.is_coded
)


def is_verified(asked: Sample) -> bool:
    return asked.verdict().outcome is Outcome.VERIFIED

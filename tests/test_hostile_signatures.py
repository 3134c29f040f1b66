"""Signatures as no provider sends them, to the whole process over real sockets: each is answered, stored, and judged.

What `process.inspector` checks at its end holds for every test here: the process was still there, and told of no
traceback. What else may be wrong with a request is in tests/test_bad_input.py.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from inspector import providers
from inspector.client import Client
from inspector.core.formats import CANDIDATES_MAX
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Delivery, Outcome
from inspector.core.templates import Kind
from inspector.core.verification import verify
from tests import factories, process
from tests.core.mutations.timing import comparing
from tests.factories import NOW_S
from tests.wire import Wire, status, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUILT_IN = providers.load()
MIB = 1 << 20
HEADER_MAX_BYTES = 8000
"""What the receiver's parser takes in one header, less its name."""
SECRETS = {
    "standardwebhooks": "whsec_aGVsbG8gd29ybGQ=",
    "discord": "d7" * 32,
    "sendgrid": base64.b64encode(b"0" * 91).decode(),
    "adyen": "6162",
    "contentful": "s" * 64,
    "basic-auth": "user:pass",
    "plaid": '{"kty":"EC","crv":"P-256","x":"","y":""}',
}
ASKED = (
    *("jinko", "stripe", "standardwebhooks", "github", "slack", "twitch", "hubspot-v2", "square", "twilio", "bokun"),
    *("gitlab-token", "basic-auth", "discord", "sendgrid", "adyen", "mailgun", "microsoft-graph", "linear"),
    *("contentful", "plaid", "paypal", "aws-sns", "rfc9421"),
)  # fmt: skip
REFUSALS = {Outcome.MISMATCH, Outcome.MALFORMED, Outcome.MISSING}

VALUES: Mapping[str, bytes] = {
    "latin-1": b"sha256=\xe9\xff",
    "UTF-8": "v1=\u202e\u0661, v1,\u00b2".encode(),
    "C1": b"v0=\x9b2J\x9d",
    "nothing": b"",
    "separators": b",;= ," * 1000,
    "all of base64 but sense": b"v1,=== v1a,==== Basic ==",
    "tabs inside": b"t=1\t,\tv1=\t0",
    "a quoted end": b'sig1="\\", sig1=:=:, sig1=(',
    "dots": b"." * 4000,
    "a token of nothing": b"e30.e30.",
    "deep": b"(" * 4000,
    "markup": b"[/][@click=app.quit]" * 10,
    "as long as it may be": b"f" * HEADER_MAX_BYTES,
    "pairs as many as fit": b"t=1" + b",v1=" * (HEADER_MAX_BYTES // 5),
    "versions as many as fit": b"v1,x " * (HEADER_MAX_BYTES // 5 - 1) + b"v1,x",
    "labels as many as fit": b"a=:YQ==:," * (HEADER_MAX_BYTES // 9 - 1) + b"a=:YQ==:",
}
BODIES: Mapping[str, bytes] = {
    "not UTF-8": b'{"signature": {"token": "\xff\x9b"}, "value": [{"clientState": "\xc3"}]}',
    "NUL": b'{"Signature": "\\u0000", "type": "\0"}\0',
    "keys twice": b'{"signature": {"token": "1", "token": "2"}, "signature": {}, "Type": "a", "Type": "b"}',
    "surrogates": b'{"signature": {"timestamp": "\\ud800", "token": "\\udfff", "signature": "\\ud800"}}',
    "deep": b'{"notificationItems":' * 20_000 + b"[" * 20_000,
    "items without end": b'{"value": [%b]}' % b",".join([b'{"clientState": "x"}'] * 20_000),
    "a form without end": b"&".join([b"a=%ff"] * 100_000),
    "numbers beyond counting": b'{"webhookTimestamp": %b, "signature": {"timestamp": 1e999}}' % (b"9" * 5000),
    "a certificate of a stranger": b'{"Type": "Notification", "Message": "", "MessageId": "", "Timestamp": '
    b'"2026-06-02T08:00:00Z", "TopicArn": "", "SignatureVersion": "1", "Signature": "", '
    b'"SigningCertURL": "https://127.0.0.1/\\u0000.pem"}',
}  # fmt: skip


@dataclass(frozen=True)
class Rig:
    """An inspector, and a client of its API."""

    ingress: str
    client: Client

    async def judged(self, wire: Wire) -> Delivery:
        """Send a request; return what is stored of it, when it has been explained too."""
        answer = await talk(self.ingress, wire.raw)
        assert status(answer) in {200, 204}, answer  # some providers want nothing to read
        ((newest, _),) = await self.client.deliveries(limit=1)
        delivery, _ = await self.client.delivery(newest.id)
        findings = await self.client.findings(newest.id)
        for sentence in (delivery.verification.detail, *(each.detail for each in findings)):
            assert sentence
            assert sentence.isprintable()
        assert list(delivery.request.headers) == wire.pairs
        return delivery


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    config = "".join(
        f'[endpoint.{name}]\nprovider = "{name}"\nsecret = {{ env = "SECRET_{number}" }}\n'
        for number, name in enumerate(ASKED)
    )
    environ = {f"SECRET_{n}": SECRETS.get(name, "s3cret") for n, name in enumerate(ASKED)}
    folder = tmp_path_factory.mktemp("hostile")
    async with (
        process.inspector(folder, config=config, environ=environ) as running,
        running.client() as client,
    ):
        yield Rig(running.ingress, client)


def headers_with(name: str, value: bytes) -> Iterator[tuple[HeaderPair, ...]]:
    """Yield the headers of a delivery, each time with `value` in another one that the scheme reads."""
    provider, now = BUILT_IN[name], b"%d" % time.time()
    read = {
        part.name: now
        for place in provider.placements
        for part in place.locators()
        if part.kind is Kind.HEADER
    }
    read |= {
        place.signature.name: b"x"
        for place in provider.placements
        if place.signature.kind is Kind.HEADER
    }
    read |= dict.fromkeys(OTHERS.get(name, ()), b"x")
    for odd in read or {"X-Any": b""}:
        yield tuple(
            (each.encode(), value if each == odd else right) for each, right in read.items()
        )


OTHERS = {
    "contentful": ("x-contentful-signed-headers", "x-contentful-timestamp"),
    "rfc9421": ("Signature-Input", "Content-Digest"),
    "paypal": (
        "PAYPAL-TRANSMISSION-ID",
        "PAYPAL-TRANSMISSION-TIME",
        "PAYPAL-CERT-URL",
        "PAYPAL-AUTH-ALGO",
    ),
    "bokun": ("x-bokun-topic",),
    "aws-sns": ("x-amz-sns-message-type",),
}
"""What the schemes that are code read, and no template names."""


@pytest.mark.parametrize("name", ASKED)
async def test_no_header_is_too_absurd(rig: Rig, name: str) -> None:
    """A refusal with a sentence, whichever of its headers it is, and the value kept as it came."""
    for value in VALUES.values():
        for headers in headers_with(name, value):
            wire = Wire(target=b"/in/%b" % name.encode(), headers=headers, body=b"{}")
            found = (await rig.judged(wire)).verification
            assert found.outcome in REFUSALS, (value[:40], found)


@pytest.mark.parametrize("name", ASKED)
async def test_no_body_is_too_absurd(rig: Rig, name: str) -> None:
    for body in BODIES.values():
        for headers in headers_with(name, b"sha256=00"):
            wire = Wire(target=b"/in/%b" % name.encode(), headers=headers, body=body)
            found = (await rig.judged(wire)).verification
            assert found.outcome in REFUSALS, (body[:40], found)


async def test_signatures_by_the_thousand(rig: Rig) -> None:
    """10,000 do not fit into one header, which is refused, nor help when they come in many."""
    many = b"a=:YQ==:, " * 500 + b"a=:YQ==:"
    one = Wire(target=b"/in/stripe", headers=((b"Stripe-Signature", b"t=1" + b",v1=x" * 10_000),))
    spread = Wire(
        target=b"/in/rfc9421",
        headers=tuple(
            (name, many) for name in (b"Signature", b"Signature-Input") for _ in range(15)
        ),
    )

    assert status(await talk(rig.ingress, one.raw)) == 400
    assert (await rig.judged(spread)).verification.outcome is Outcome.MALFORMED


async def test_ten_thousand_candidates_cost_as_much_as_a_few() -> None:
    """However they came here: only so many are compared, and a right one among the first still counts."""
    text = b"m.%d.{}" % NOW_S
    right = base64.b64encode(hmac.digest(b"k" * 32, text, "sha256"))
    key = base64.b64encode(b"k" * 32)
    for place in (0, CANDIDATES_MAX - 1, CANDIDATES_MAX, 9_999):
        candidates = [b"v1,x"] * 10_000
        candidates[place] = b"v1," + right
        headers = (
            (b"webhook-id", b"m"),
            (b"webhook-timestamp", b"%d" % NOW_S),
            (b"webhook-signature", b" ".join(candidates)),
        )
        made = factories.request(headers=Headers(headers), body=b"{}")

        with comparing(hmac.compare_digest) as compared:
            found = verify(BUILT_IN["standardwebhooks"], made, [key, b"bm8="], now_s=NOW_S)

        assert (found.outcome is Outcome.VERIFIED) == (place < CANDIDATES_MAX)
        assert len(compared) == 2 * CANDIDATES_MAX


async def test_a_body_of_32_mib(rig: Rig) -> None:
    """It is checked where its bytes are signed; where what is in it is, it is too long to be looked into."""
    body, now = b'{"x":"' + b"x" * (32 * MIB - 8) + b'"}', b"%d" % time.time()
    signature = hmac.new(b"s3cret", now + b"." + body, hashlib.sha256).hexdigest().encode()
    headers = ((b"X-Jinko-Timestamp", now), (b"X-Jinko-Signature", b"sha256=" + signature))
    for name, own, outcome in (
        ("jinko", headers, Outcome.VERIFIED),
        ("adyen", (), Outcome.MISSING),
        ("aws-sns", (), Outcome.MALFORMED),
    ):
        found = await rig.judged(Wire(target=f"/in/{name}".encode(), headers=own, body=body))
        assert found.verification.outcome is outcome, found.verification
        assert found.body_bytes == len(body)


async def test_an_explanation_keeps_nobody_waiting(rig: Rig) -> None:
    """While a large delivery is explained, others are taken: it is computed beside them."""
    body = json.dumps({"a": ["\u00fc", 1.0] * 100_000}).encode()
    headers = ((b"X-Jinko-Timestamp", b"%d" % time.time()), (b"X-Jinko-Signature", b"sha256=00"))
    large = Wire(target=b"/in/jinko", headers=headers, body=body)
    number = stored_as(await talk(rig.ingress, large.raw))

    explained, answers = await asyncio.gather(
        rig.client.findings(number),
        asyncio.gather(*(talk(rig.ingress, Wire().raw) for _ in range(20))),
    )

    assert explained == []
    assert len({stored_as(answer) for answer in answers}) == 20

"""The providers' own libraries: what they sign we verify, and what we sign they verify."""

import time
from datetime import UTC, datetime

import pytest
import standardwebhooks
import stripe
import svix.webhooks
from slack_sdk.signature import Clock, SignatureVerifier

from inspector import providers
from inspector.core.model import Outcome, Request
from inspector.core.signing import break_signature, sample_keys, sign, sign_stale
from inspector.core.verification import verify
from tests import factories

BUILT_IN = providers.load()
BODY = '{"type":"booking.completed","name":"Zoë \u2028 🏨","pretty": [\n  1\n]}\n'


def now_s() -> int:
    """Return the time of the test, not of its import: the libraries look at the clock themselves."""
    return int(time.time())


def secret_of(name: str) -> str:
    return sample_keys(BUILT_IN[name], b"seed").verifying.decode()


def received(*headers: tuple[str, str]) -> Request:
    return factories.request(headers=factories.headers(*headers), body=BODY.encode())


def text_headers(request: Request) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in request.headers}


def outcome(name: str, request: Request) -> Outcome:
    return verify(BUILT_IN[name], request, [secret_of(name)], now_s=now_s()).outcome


def test_stripe_signs() -> None:
    header = stripe.WebhookSignature.generate_signature_header(
        BODY, secret_of("stripe"), timestamp=now_s()
    )

    assert outcome("stripe", received(("Stripe-Signature", header))) is Outcome.VERIFIED


def test_stripe_verifies() -> None:
    secret = secret_of("stripe")
    for make, right in ((sign, True), (break_signature, False), (sign_stale, False)):
        header = make(BUILT_IN["stripe"], received(), secret, now_s=now_s()).headers
        value = (header.get(b"Stripe-Signature") or b"").decode()
        if right:
            assert stripe.WebhookSignature.verify_header(BODY, value, secret, tolerance=300)
        else:
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.WebhookSignature.verify_header(BODY, value, secret, tolerance=300)


@pytest.mark.parametrize(
    ("name", "library"),
    [("standardwebhooks", standardwebhooks.Webhook), ("svix", svix.webhooks.Webhook)],
)
def test_standard_webhooks_libraries_sign(
    name: str, library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook]
) -> None:
    prefix = "svix" if name == "svix" else "webhook"
    now = datetime.now(tz=UTC)
    signature = library(secret_of(name)).sign("msg_1", now, BODY)
    request = received(
        (f"{prefix}-id", "msg_1"),
        (f"{prefix}-timestamp", str(int(now.timestamp()))),
        (f"{prefix}-signature", f"v1,AAAA v1a,BBBB {signature}"),
    )

    assert outcome(name, request) is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("name", "library", "prefixes"),
    [
        ("standardwebhooks", standardwebhooks.Webhook, ["webhook"]),
        ("svix", svix.webhooks.Webhook, ["svix", "webhook"]),
    ],
)
def test_standard_webhooks_libraries_verify(
    name: str,
    library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook],
    prefixes: list[str],
) -> None:
    judge = library(secret_of(name))
    for prefix in prefixes:
        request = received((f"{prefix}-id", "msg_1"), (f"{prefix}-signature", "v1,old"))
        right = sign(BUILT_IN[name], request, secret_of(name), now_s=now_s())
        judge.verify(BODY, text_headers(right))
        for make in (break_signature, sign_stale):
            wrong = make(BUILT_IN[name], request, secret_of(name), now_s=now_s())
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                judge.verify(BODY, text_headers(wrong))


class _Clock(Clock):
    def now(self) -> float:
        return now_s()


def test_slack_signs() -> None:
    now = str(now_s())
    signature = SignatureVerifier(secret_of("slack")).generate_signature(timestamp=now, body=BODY)
    assert signature is not None
    request = received(("X-Slack-Signature", signature), ("X-Slack-Request-Timestamp", now))

    assert outcome("slack", request) is Outcome.VERIFIED


def test_slack_verifies() -> None:
    judge = SignatureVerifier(secret_of("slack"), clock=_Clock())
    slack = BUILT_IN["slack"]

    right = sign(slack, received(), secret_of("slack"), now_s=now_s())
    assert judge.is_valid_request(BODY, text_headers(right))
    for make in (break_signature, sign_stale):
        wrong = make(slack, received(), secret_of("slack"), now_s=now_s())
        assert not judge.is_valid_request(BODY, text_headers(wrong))

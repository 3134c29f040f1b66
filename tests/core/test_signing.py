from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider, Scheme
from inspector.core.signing import break_signature, can_sign, sample_secret, sign
from inspector.core.templates import Kind
from inspector.core.verification import verify
from inspector.errors import SigningError
from tests import factories
from tests.factories import NOW_S
from tests.signatures import REFERENCE

BUILT_IN = providers.load()
URL = "https://public.example:8443/hooks?a=1"
SIGNABLE = [
    provider
    for provider in [*BUILT_IN.values(), *REFERENCE.values()]
    # Two sign what the body or the URL says, so an arbitrary one does not do.
    if can_sign(provider) and provider.name not in {"linear", "twilio-json"}
]


def signable(name: str = "jinko", **fields: Any) -> Request:
    """Return a request that has what `name` signs besides its signature and time."""
    return factories.request(
        headers=factories.headers(("Host", "h"), *ids(REFERENCE[name])), **fields
    )


def ids(provider: Provider) -> list[tuple[str, str]]:
    return [
        (locator.name, "id_1")
        for placement in provider.placements
        for locator in placement.locators()
        if locator.kind is Kind.HEADER and locator != placement.time
    ]


def test_signature_and_time_are_replaced_where_they_stand() -> None:
    """Every other header keeps its place, order and spelling; the body is the same object."""
    request = factories.request(
        headers=factories.headers(
            ("host", "h"),
            ("x-JINKO-timestamp", "1"),
            ("X-Jinko-Event-Id", "evt_1"),
            ("X-jinko-signature", "sha256=old"),
            ("x-other", "1"),
            ("X-Other", "2"),
        )
    )

    signed = sign(BUILT_IN["jinko"], request, "secret", now_s=NOW_S + 0.9)

    names = [name for name, _ in signed.headers]
    assert names == [name for name, _ in request.headers]
    assert signed.headers.get(b"X-Jinko-Timestamp") == str(NOW_S).encode()
    assert signed.headers.get_all(b"X-Other") == [b"1", b"2"]
    assert signed.body is request.body
    assert replace(signed, headers=request.headers) == request


def test_absent_headers_are_added_at_the_end() -> None:
    signed = sign(BUILT_IN["jinko"], factories.request(), "secret", now_s=NOW_S)

    assert [name for name, _ in signed.headers][-2:] == [b"X-Jinko-Timestamp", b"X-Jinko-Signature"]


@pytest.mark.parametrize(
    ("name", "header", "start"),
    [
        ("jinko", b"X-Jinko-Signature", b"sha256="),
        ("stripe", b"Stripe-Signature", b"t=%d,v1=" % NOW_S),
        ("paddle", b"Paddle-Signature", b"ts=%d;h1=" % NOW_S),
        ("standardwebhooks", b"webhook-signature", b"v1,"),
        ("svix", b"svix-signature", b"v1,"),
        ("slack", b"X-Slack-Signature", b"v0="),
        ("basic-auth", b"Authorization", b"Basic "),
        ("telegram", b"X-Telegram-Bot-Api-Secret-Token", b"c2Vj"),
    ],
)
def test_signature_has_the_providers_form(name: str, header: bytes, start: bytes) -> None:
    signed = sign(REFERENCE[name], signable(name), b"c2VjcmV0", now_s=NOW_S)

    assert (signed.headers.get(header) or b"").startswith(start)


def test_rotated_signatures_give_way_to_the_one_made() -> None:
    request = factories.request(
        headers=factories.headers(("Stripe-Signature", "t=1,v1=old,v1=older,v0=x"))
    )

    signed = sign(BUILT_IN["stripe"], request, "whsec_x", now_s=NOW_S)

    value = signed.headers.get(b"Stripe-Signature") or b""
    assert value.startswith(b"t=%d,v1=" % NOW_S)
    assert value.count(b",") == 1


def test_headers_of_the_other_kind_stay_in_use() -> None:
    """A Svix delivery that came with the standard's headers is signed in those."""
    request = factories.request(
        headers=factories.headers(
            ("webhook-id", "m"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,x")
        )
    )

    signed = sign(BUILT_IN["svix"], request, "whsec_aGVsbG8=", now_s=NOW_S)

    assert [name for name, _ in signed.headers] == [name for name, _ in request.headers]
    assert (
        verify(BUILT_IN["svix"], signed, ["whsec_aGVsbG8="], now_s=NOW_S).outcome
        is Outcome.VERIFIED
    )


@given(
    st.sampled_from(SIGNABLE),
    st.binary(),
    st.lists(st.tuples(st.binary(), st.binary())),
    st.binary(min_size=1),
)
def test_what_we_sign_we_verify(
    provider: Provider, body: bytes, headers: list[tuple[bytes, bytes]], seed: bytes
) -> None:
    own = {name.encode() for name, _ in ids(provider)}
    assume(not {name.lower() for name, _ in headers} & {name.lower() for name in own})
    given_ids = tuple((name, b"id_1") for name in own)
    request = factories.request(headers=Headers((*headers, *given_ids)), body=body)
    secret = sample_secret(provider, seed)

    signed = sign(provider, request, secret, now_s=NOW_S, url=URL)
    broken = break_signature(provider, request, secret, now_s=NOW_S, url=URL)

    found = verify(provider, signed, [secret], now_s=NOW_S, url=URL)
    assert found.outcome is Outcome.VERIFIED, found.detail
    assert verify(provider, broken, [secret], now_s=NOW_S, url=URL).outcome is Outcome.MISMATCH
    assert (signed.method, signed.target, signed.body) == (
        request.method,
        request.target,
        request.body,
    )


@given(st.sampled_from(SIGNABLE))
def test_broken_signature_differs_in_one_character(provider: Provider) -> None:
    """Well-formed and wrong: an app that checks it refuses it, one that does not is found out."""
    request = factories.request(headers=factories.headers(*ids(provider)))
    secret = sample_secret(provider, b"seed")

    right = sign(provider, request, secret, now_s=NOW_S, url=URL)
    wrong = break_signature(provider, request, secret, now_s=NOW_S, url=URL)

    pairs = [
        (one, other)
        for one, other in zip(right.headers.pairs, wrong.headers.pairs, strict=True)
        if one != other
    ]
    ((name, was), (_, now)) = pairs[0]
    assert len(pairs) == 1
    assert name.decode() == provider.placements[0].signature.name
    assert len(was) == len(now)
    assert sum(a != b for a, b in zip(was, now, strict=True)) == 1


def test_time_in_the_body_stays() -> None:
    """Bodies are not rewritten: a delivery whose body is old is signed, and still old."""
    linear = REFERENCE["linear"]
    body = b'{"webhookTimestamp":%d}' % ((NOW_S - 30) * 1000)

    signed = sign(linear, factories.request(body=body), "k", now_s=NOW_S)

    assert signed.body == body
    assert verify(linear, signed, ["k"], now_s=NOW_S).outcome is Outcome.VERIFIED
    assert verify(linear, signed, ["k"], now_s=NOW_S + 60).outcome is Outcome.STALE


@pytest.mark.parametrize(
    ("name", "secret", "complaint"),
    [
        ("standardwebhooks", "whsec_aGVsbG8=", "Standard Webhooks signs webhook-id, and this request"),
        ("svix", "whsec_aGVsbG8=", "Svix signs svix-id, and this request has none to sign"),
        ("standardwebhooks", "whsec_!", "the secret for Standard Webhooks is empty or not base64 text"),
        ("jinko", "", "the secret for Jinko is empty or not text"),
        ("wink", "secret", "Wink documents no signature"),
        ("square", "secret", "square signs its URL: set public_url"),
        ("discord", "00", "discord signs with a private key, which only discord has"),
        ("sendgrid", "00", "sendgrid signs with a private key"),
        ("mailgun", "secret", "mailgun puts its signature into the body or the URL"),
        ("adyen", "00", "adyen puts its signature into the body or the URL"),
        ("twilio-json", "secret", "twilio-json signs its URL"),
        ("telegram", "one\nline", "the secret for telegram has a line break in it"),
        ("telegram", "one\r\nX-Evil: 1", "the secret for telegram has a line break in it"),
    ],
)  # fmt: skip
def test_what_cannot_be_signed_is_told(name: str, secret: str, complaint: str) -> None:
    provider = BUILT_IN.get(name) or REFERENCE[name]

    for make in (sign, break_signature):
        with pytest.raises(SigningError) as raised:
            make(provider, factories.request(), secret, now_s=NOW_S)
        assert str(raised.value).startswith(complaint)


def test_hash_in_the_url_must_be_the_bodys() -> None:
    twilio = REFERENCE["twilio-json"]

    with pytest.raises(SigningError, match=r"needs bodySHA256 to be body\.sha256\.hex"):
        sign(twilio, factories.request(), "k", now_s=NOW_S, url="https://h/?bodySHA256=00")


def test_id_with_two_values_is_not_signed() -> None:
    request = factories.request(headers=factories.headers(("webhook-id", "a"), ("Webhook-Id", "b")))

    with pytest.raises(SigningError, match="webhook-id"):
        sign(BUILT_IN["standardwebhooks"], request, "whsec_aGVsbG8=", now_s=NOW_S)


def test_can_sign_what_a_shared_secret_signs() -> None:
    asymmetric = {"discord", "sendgrid", "standardwebhooks-v1a"}
    in_body = {"mailgun", "adyen"}
    unsigned = {"wink", "checkfront"}

    cannot = {name for name, provider in REFERENCE.items() if not can_sign(provider)}

    assert cannot == asymmetric | in_body | unsigned


@pytest.mark.parametrize("provider", BUILT_IN.values(), ids=BUILT_IN)
def test_sample_secret_is_the_providers_own_kind(provider: Provider) -> None:
    if provider.scheme is Scheme.UNSIGNED:
        with pytest.raises(SigningError, match="documents no signature"):
            sample_secret(provider, b"seed")
        return
    secret = sample_secret(provider, b"seed")

    assert secret == sample_secret(provider, b"seed")
    assert secret != sample_secret(provider, b"other seed")
    assert secret.startswith(
        b"whsec_" if provider.name in {"stripe", "svix", "standardwebhooks"} else b""
    )
    assert len(secret) >= 50


def test_sample_credentials_have_a_user() -> None:
    assert sample_secret(REFERENCE["basic-auth"], b"seed").startswith(b"sample:")

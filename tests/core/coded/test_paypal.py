"""PayPal's signature, by https://developer.paypal.com/api/rest/webhooks/rest/ , under certificates of ours."""

import base64
import zlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import coded
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.errors import SigningError
from tests.authority import certificate, curve_key, rsa_key, signed
from tests.factories import NOW_S, headers, request

PROVIDER = parse("paypal", {"scheme": "paypal", "title": "PayPal"})
URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"
PEM = certificate(rsa_key())
WEBHOOK = "9XL90610J3647323C"
TIME = "2026-06-02T08:00:00Z"
BODY = b'{"event_type":"PAYMENT.SALE.COMPLETED"}'


def delivery(
    *,
    body: bytes = BODY,
    webhook: str = WEBHOOK,
    time: str = TIME,
    url: str = URL,
    algorithm: str = "SHA256withRSA",
    digest: hashes.HashAlgorithm | None = None,
    key: int = 0,
) -> Request:
    message = f"id-1|{time}|{webhook}|{zlib.crc32(body)}".encode()
    raw = signed(message, digest or hashes.SHA256(), rsa_key(key))
    return request(
        headers=headers(
            ("PAYPAL-TRANSMISSION-ID", "id-1"),
            ("PAYPAL-TRANSMISSION-TIME", time),
            ("PAYPAL-TRANSMISSION-SIG", base64.b64encode(raw).decode()),
            ("PAYPAL-CERT-URL", url),
            ("PAYPAL-AUTH-ALGO", algorithm),
        ),
        body=body,
    )


def seen(
    made: Request, *secrets: str, pem: bytes | None = PEM, now_s: float = NOW_S, **asked: Any
) -> Verification:
    return coded.verify(
        PROVIDER, made, secrets or (WEBHOOK,), now_s=now_s, fetch={URL: pem}.get, **asked
    )


def test_right_one_says_what_it_covers() -> None:
    """And that a checksum is not much."""
    assert seen(delivery()) == Verification(
        Outcome.VERIFIED,
        "RSA-SHA256 signature by PayPal's certificate fits the webhook id; of the body, PayPal signs the CRC-32",
        0,
        NOW_S,
        ("header PAYPAL-TRANSMISSION-ID", "header PAYPAL-TRANSMISSION-TIME", "body"),
    )


def test_any_webhook_id_may_be_right() -> None:
    """An endpoint may be that of several webhooks; a delivery of another one is not for it."""
    assert seen(delivery(), "other", WEBHOOK).secret_index == 1
    assert seen(delivery(), "", WEBHOOK).secret_index == 1
    assert seen(delivery(), "other").outcome is Outcome.MISMATCH
    assert seen(delivery(), "").outcome is Outcome.MISMATCH
    assert seen(delivery(webhook="")).outcome is Outcome.MISMATCH


def test_no_webhook_id_is_no_mismatch() -> None:
    """Nobody told us, and nobody outside is asked."""
    found = coded.verify(PROVIDER, delivery(), [], now_s=NOW_S)

    assert (found.outcome, found.signed_at_s) == (Outcome.NO_SECRET, NOW_S)
    assert "no webhook id" in found.detail


@pytest.mark.parametrize("fetch", [None, lambda _: None])
def test_certificate_that_nobody_could_get_is_no_pass(fetch: Any) -> None:
    """Offline: the sentence names the host, and what to do."""
    found = coded.verify(PROVIDER, delivery(), [WEBHOOK], now_s=NOW_S, fetch=fetch)

    assert found.outcome is Outcome.NO_SECRET
    assert found.detail.startswith(
        "certificate not available: it could not be fetched from api.paypal.com"
    )
    assert found.covered == ()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"<html>",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        certificate(curve_key()),
    ],
)
def test_what_is_no_certificate_of_theirs_is_a_mismatch(pem: bytes) -> None:
    """The host was reached: whoever named that URL has not signed with what is there."""
    found = seen(delivery(), pem=pem)

    assert found.outcome is Outcome.MISMATCH
    assert "the certificate at" in found.detail or "no certificate" in found.detail


def test_first_certificate_of_a_chain_counts() -> None:
    """What stands after it vouches for it."""
    assert seen(delivery(), pem=PEM + certificate(rsa_key(1))).outcome is Outcome.VERIFIED
    assert seen(delivery(), pem=certificate(rsa_key(1)) + PEM).outcome is Outcome.MISMATCH


def test_certificate_has_to_be_of_that_time() -> None:
    """Of the time it was signed: an old delivery is not wrong because its certificate has run out since."""
    before = certificate(rsa_key(), until="2026-06-01")
    after = certificate(rsa_key(), since="2026-06-03")
    since_then = certificate(rsa_key(), until="2026-06-03")

    assert "not valid when this was signed" in seen(delivery(), pem=before).detail
    assert seen(delivery(), pem=before).outcome is Outcome.MISMATCH
    assert seen(delivery(), pem=after).outcome is Outcome.MISMATCH
    for time in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert seen(delivery(time=time)).outcome is Outcome.MISMATCH
    assert seen(delivery(), pem=since_then, now_s=NOW_S + 10**9).outcome is Outcome.VERIFIED


def test_age_counts_only_where_somebody_says_so() -> None:
    """PayPal states no tolerance."""
    assert seen(delivery(), now_s=NOW_S + 10**6).outcome is Outcome.VERIFIED
    assert seen(delivery(), now_s=NOW_S + 61, tolerance_s=60).outcome is Outcome.STALE
    strict = parse("paypal", {"scheme": "paypal", "timestamp": {"tolerance": 60}})
    found = coded.verify(strict, delivery(), [WEBHOOK], now_s=NOW_S + 61, fetch={URL: PEM}.get)
    assert found.outcome is Outcome.STALE


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://api-m.paypal.com/v1/notifications/certs/CERT-1",
        "https://api-m.sandbox.paypal.com/v2/notifications/certs/CERT_1",
        URL,
    ],
)
def test_paypals_own_hosts_are_asked(url: str) -> None:
    """Those that its documentation names."""
    assert coded.certificate_url(PROVIDER, delivery(url=url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "HTTPS://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://evil.test/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.test/v1/notifications/certs/CERT-1",
        "https://evilpaypal.com/v1/notifications/certs/CERT-1",
        "https://api-paypal.com/v1/notifications/certs/CERT-1",
        "https://evil.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.test/v1/notifications/certs/CERT-1",
        "https://user:x@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https://api.p\u0430ypal.com/v1/notifications/certs/CERT-1",
        "https://api\uff0epaypal\uff0ecom/v1/notifications/certs/CERT-1",
        "https://api.paypal.com\\@evil.test/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../oauth2/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        " https://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/redirect?to=//evil.test/v1/notifications/certs/CERT-1",
        "//api.paypal.com/v1/notifications/certs/CERT-1",
        "https://127.0.0.1/v1/notifications/certs/CERT-1",
        "",
        "x" * 100_000,
    ],
)
def test_nobody_else_is_asked(url: str) -> None:
    """Though the certificate there would fit."""
    made = delivery(url=url)
    found = coded.verify(PROVIDER, made, [WEBHOOK], now_s=NOW_S, fetch=lambda _: PEM)

    assert coded.certificate_url(PROVIDER, made) is None
    assert found.outcome is Outcome.MALFORMED
    assert "evil" not in found.detail


def test_only_one_algorithm_is_accepted() -> None:
    """Whatever fits another one."""
    assert (
        seen(delivery(algorithm="SHA1withRSA", digest=hashes.SHA1())).outcome is Outcome.MALFORMED
    )
    assert seen(delivery(algorithm="sha256withrsa")).outcome is Outcome.MALFORMED
    assert seen(delivery(digest=hashes.SHA1())).outcome is Outcome.MISMATCH
    assert seen(delivery(digest=hashes.SHA512())).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    "name",
    [
        b"PAYPAL-TRANSMISSION-ID",
        b"PAYPAL-TRANSMISSION-TIME",
        b"PAYPAL-TRANSMISSION-SIG",
        b"PAYPAL-CERT-URL",
        b"PAYPAL-AUTH-ALGO",
    ],
)
def test_every_header_is_needed_once(name: bytes) -> None:
    """Absent, empty, or there twice with two values."""
    made = delivery()
    twice = Headers((*made.headers.pairs, (name.lower(), b"other")))

    assert seen(replace(made, headers=made.headers.without([name]))).outcome is Outcome.MISSING
    assert (
        seen(replace(made, headers=made.headers.replacing(name, b""))).outcome is Outcome.MALFORMED
    )
    assert seen(replace(made, headers=twice)).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("body", [b"", BODY + b"\n", BODY[:-1], b"\xff\x00"])
def test_change_is_a_mismatch(body: bytes) -> None:
    """Of the body, the id, the time or the signature."""
    made = delivery()
    for name, value in (
        (b"PAYPAL-TRANSMISSION-ID", b"id-2"),
        (b"PAYPAL-TRANSMISSION-TIME", b"2026-06-02T08:00:01Z"),
        (b"PAYPAL-TRANSMISSION-SIG", b"AAAA"),
    ):
        assert (
            seen(replace(made, headers=made.headers.replacing(name, value))).outcome
            is Outcome.MISMATCH
        )
    assert seen(replace(made, body=body)).outcome is Outcome.MISMATCH
    assert seen(delivery(key=1)).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("body", [b"", b"\xff\x00\r\n", b"\xef\xbb\xbf{}", b"x" * 1_000_000])
def test_body_is_signed_as_bytes(body: bytes) -> None:
    """Whatever they are."""
    assert seen(delivery(body=body)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("time", ["now", "2026-06-02", "2026-13-02T08:00:00Z", "1780387200"])
def test_time_that_is_none_is_malformed(time: str) -> None:
    """RFC 3339."""
    assert seen(delivery(time=time)).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("text", [b"%%%", b"AAA", b"AA==AA==", b"\xff", b"A A A A", b"-_-_"])
def test_signature_that_is_no_base64_is_malformed(text: bytes) -> None:
    """As PayPal writes it."""
    made = delivery()
    headers_ = made.headers.replacing(b"PAYPAL-TRANSMISSION-SIG", text)

    assert seen(replace(made, headers=headers_)).outcome is Outcome.MALFORMED


def test_nobody_but_paypal_can_sign() -> None:
    """And that is what is said."""
    assert "only PayPal has" in coded.obstacle(PROVIDER)
    with pytest.raises(SigningError, match="only PayPal has"):
        coded.sign(PROVIDER, request(), WEBHOOK, now_s=NOW_S)


BYTES = st.binary(max_size=40)


@given(
    st.lists(BYTES, min_size=3, max_size=3), BYTES, BYTES, st.sampled_from([PEM, b"", None]) | BYTES
)
def test_nothing_raises(
    values: list[bytes], signature: bytes, secret: bytes, pem: bytes | None
) -> None:
    """Whatever is sent, and whatever is at the URL."""
    identity, time, algorithm = values
    whole = (
        (b"PAYPAL-TRANSMISSION-ID", identity),
        (b"PAYPAL-TRANSMISSION-TIME", TIME.encode()),
        (b"PAYPAL-TRANSMISSION-SIG", base64.b64encode(signature)),
        (b"PAYPAL-CERT-URL", URL.encode()),
        (b"PAYPAL-AUTH-ALGO", b"SHA256withRSA"),
    )
    broken = (*whole[:1], (whole[1][0], time), *whole[2:4], (whole[4][0], algorithm))

    for pairs in (whole, broken):
        made = request(headers=Headers(pairs))
        found = coded.verify(PROVIDER, made, [secret], now_s=NOW_S, fetch=lambda _: pem)
        assert found.outcome is not Outcome.VERIFIED
        assert found.detail.isprintable()

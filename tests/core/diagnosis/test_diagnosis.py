"""What a diagnosis says and does not say; for the causes in every scheme see test_matrix.py."""

import gzip
import zlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from inspector.core import keypairs
from inspector.core.diagnosis import Cause, Finding, diagnose
from inspector.core.model import Outcome
from inspector.core.signing import sign
from inspector.core.verification import verify
from tests import factories
from tests.core.diagnosis.deliveries import BODY, BUILT_IN, DECLARED, Sample, sample
from tests.factories import NOW_S

JINKO = BUILT_IN["jinko"]
SQUARE = BUILT_IN["square"]
URL = "https://shop.example/in/demo"


def jinko(body: bytes = BODY, secret: bytes = b"s3cret", *, now_s: int = NOW_S) -> Any:
    return sign(JINKO, factories.request(body=body), secret, now_s=now_s)


def found(request: Any, *secrets: bytes | str, **options: Any) -> list[Finding]:
    return diagnose(JINKO, request, secrets or ["s3cret"], **{"now_s": NOW_S, **options})


def cause(findings: list[Finding]) -> Cause | None:
    return findings[0].cause if findings else None


def test_right_delivery_has_no_findings() -> None:
    assert found(jinko()) == []


def test_nothing_to_check_has_no_findings() -> None:
    assert diagnose(None, jinko(), ["s3cret"], now_s=NOW_S) == []
    assert diagnose(BUILT_IN["wink"], jinko(), ["s3cret"], now_s=NOW_S) == []


def test_unknown_secret_has_no_findings() -> None:
    assert found(jinko(secret=b"nobody knows")) == []


def test_tampered_body_has_no_findings() -> None:
    """Nothing can be said of a body that somebody else wrote."""
    assert found(replace(jinko(), body=b'{"event":"another"}')) == []


def test_reserialised_body_is_explained() -> None:
    """Python's json.dumps is the most usual way to spoil a signature."""
    spoiled = replace(jinko(b'{"a": 1, "b": 2}'), body=b'{"a":1,"b":2}')

    assert found(spoiled) == [
        Finding(
            Cause.BODY_RESERIALISED,
            "The signature matches the body re-serialised with ', ' and ': ': something between the sender and "
            "Hooktap parsed the JSON and wrote it anew, so pass the raw bytes on; or the sender signs another text "
            "than it sends.",
        )
    ]


def test_simplest_change_names_the_cause() -> None:
    """A lost line feed is no re-serialisation, though that would lose it too."""
    spoiled = replace(jinko(b'{"a":1}\n'), body=b'{"a":1}')

    assert cause(found(spoiled)) is Cause.BODY_TRAILING_NEWLINE


def test_secret_of_several_is_named() -> None:
    details = [finding.detail for finding in found(jinko(), "another", "s3cret\n", "third")]

    assert details == [
        "Secret 2 of 3 has a line break at its end: write it without, e.g. with printf instead of echo."
    ]


def test_body_is_changed_for_all_secrets() -> None:
    assert cause(found(replace(jinko(), body=BODY + b"\n"), "another", "s3cret")) is (
        Cause.BODY_TRAILING_NEWLINE
    )


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([("shop-test", b"s3cret")], "The secret of endpoint 'shop-test' made"),
        (
            [("a", "x"), ("b", "s3cret"), ("c", b"s3cret")],
            "The secret of endpoint 'b' and 'c' made",
        ),
        (["x", "s3cret"], "Another secret that Hooktap knows made"),
        ([("\x1b[31m\n", b"s3cret")], "The secret of endpoint '␛[31m␊' made"),
    ],
)
@pytest.mark.parametrize("own", [["live"], []])
def test_other_endpoints_secret_is_named(own: list[str], others: Any, said: str) -> None:
    """Also where none is set here."""
    findings = diagnose(JINKO, jinko(), own, now_s=NOW_S, other_secrets=others)

    assert cause(findings) is Cause.SECRET_OF_OTHER
    assert findings[0].detail.startswith(said)


def test_own_secret_is_no_other() -> None:
    spoiled = replace(jinko(), body=b"other")

    assert found(spoiled, other_secrets=[("self", "s3cret")]) == []


def test_proof_that_is_old_says_so_too() -> None:
    """The cause first, and then that it would be too old besides."""
    spoiled = replace(jinko(now_s=NOW_S - 7200), body=BODY + b"\n")

    assert [finding.cause for finding in found(spoiled)] == [
        Cause.BODY_TRAILING_NEWLINE,
        Cause.CLOCK,
    ]
    assert [finding.cause for finding in found(spoiled, tolerance_s=9000)] == [
        Cause.BODY_TRAILING_NEWLINE
    ]


@pytest.mark.parametrize(
    ("age_s", "date", "said"),
    [
        (3 * 86_400, None, "This was signed 3 d ago: an old delivery was replayed"),
        (50_580, None, "this machine's clock is 14 h 3 min ahead of the sender's"),
        (50_580, NOW_S, "signed 14 h 3 min ago, and sent just now by its Date header"),
        (-50_580, None, "This machine's clock is 14 h 3 min behind the sender's"),
        (-50_580, NOW_S, "signed is 14 h 3 min ahead, and the time in its Date header is not"),
        (-50_580, NOW_S + 50_580, "This machine's clock is 14 h 3 min behind the sender's"),
    ],
)
def test_clock_has_size_and_direction(age_s: int, date: int | None, said: str) -> None:
    from email.utils import formatdate

    late = jinko(now_s=NOW_S - age_s)
    if date is not None:
        headers = late.headers.replacing(b"Date", formatdate(date, usegmt=True).encode())
        late = replace(late, headers=headers)

    (finding,) = found(late)

    assert finding.cause is Cause.CLOCK
    assert said in finding.detail


def test_time_that_is_not_there_is_said() -> None:
    """Linear's stands in the body: the signature can be right without."""
    linear = BUILT_IN["linear"]
    signed = sign(replace(linear, time=None), factories.request(body=b"{}"), "k", now_s=NOW_S)

    assert verify(linear, signed, ["k"], now_s=NOW_S).outcome is Outcome.MISSING
    assert diagnose(linear, signed, ["k"], now_s=NOW_S) == [
        Finding(
            Cause.TIMESTAMP_MISSING,
            "The signature is right, but webhookTimestamp, which Linear sends, is not there: have the sender add it.",
        )
    ]


def test_seconds_for_milliseconds_are_no_old_signature() -> None:
    """Read as milliseconds they are of 1970."""
    linear = BUILT_IN["linear"]
    body = b'{"webhookTimestamp":%d}' % NOW_S
    signed = sign(replace(linear, time=None), factories.request(body=body), "k", now_s=NOW_S)

    assert verify(linear, signed, ["k"], now_s=NOW_S).outcome is Outcome.STALE
    assert cause(diagnose(linear, signed, ["k"], now_s=NOW_S)) is Cause.TIMESTAMP_UNIT


@pytest.mark.parametrize("name", ["discord", "sendgrid", "standardwebhooks-v1a"])
def test_private_key_as_pem_is_no_public_one(name: str) -> None:
    """Its public half could be read out of it; that it is private is what matters."""
    delivery = sample(name).signed()
    private = keypairs.private_key(delivery.provider, delivery.signing)
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        if form is PrivateFormat.PKCS8 or name == "sendgrid":
            pem = private.private_bytes(Encoding.PEM, form, NoEncryption())
            findings = replace(delivery, secret=pem).findings()
            assert [finding.cause for finding in findings] == [Cause.KEY_PRIVATE]


@pytest.mark.parametrize(
    ("public_url", "said"),
    [
        ("http://shop.example/in/demo", "signed https://shop.example/in/demo, not http://"),
        ("https://u:p4ss@shop.example/in/demo/", "not https://shop.example/in/demo/: set"),
        ("https://shop.example/in/demo?token=t0k3n", "not https://shop.example/in/demo?token=...:"),
        (" https://shop.example/in/demo\n", "public_url has white space or quotes around it"),
        (None, "signed https://shop.example/in/demo: set public_url to that."),
    ],
)
def test_url_to_set_is_told_without_what_may_be_secret(public_url: str | None, said: str) -> None:
    headers = factories.headers(("Host", "127.0.0.1:8400"), ("X-Forwarded-Host", "shop.example"))
    request = factories.request(headers=headers, target=b"/in/demo")
    signed = sign(SQUARE, request, "k", now_s=NOW_S, url=URL)

    (finding,) = diagnose(SQUARE, signed, ["k"], now_s=NOW_S, url=public_url)

    assert said in finding.detail
    assert "p4ss" not in finding.detail
    assert "t0k3n" not in finding.detail


def test_sender_cannot_write_into_a_sentence() -> None:
    """Header names that a sender chose are made safe."""
    signed = jinko()
    pairs = tuple(
        (b"X-\x1b[31m-\xff" if name == b"X-Jinko-Signature" else name, value)
        for name, value in signed.headers.pairs
    )

    (finding,) = found(replace(signed, headers=type(signed.headers)(pairs)))

    assert finding.cause is Cause.HEADER_NAME
    assert "X-␛[31m-\\xff" in finding.detail


def test_inflating_is_bounded() -> None:
    """What grows to thousands of times its size is not looked into."""
    plain = b"\0" * (1 << 20)
    bomb = replace(jinko(plain), body=gzip.compress(plain))

    assert found(bomb) == []


def test_text_that_goes_on_after_a_deflated_body_is_ignored() -> None:
    spoiled = replace(jinko(BODY), body=zlib.compress(BODY) + b"rest")

    assert cause(found(spoiled)) is Cause.BODY_COMPRESSED


@pytest.mark.parametrize("name", DECLARED)
def test_ten_thousand_candidates_are_few(name: str) -> None:
    """Nobody rotates more than a few secrets."""
    delivery: Sample = sample(name).signed()
    header = delivery.provider.placements[0].signature.name
    flood = delivery.with_header(header, b",".join([b"v1=" + b"ab" * 32] * 10_000))

    assert flood.findings() == []


def test_content_length_tells_what_was_added() -> None:
    spoiled = replace(jinko(b"plain text"), body=b"plain text, and more")
    headers = spoiled.headers.replacing(b"Content-Length", b"10")

    (finding,) = found(replace(spoiled, headers=headers))

    assert finding.cause is Cause.BODY_CUT
    assert "first 10 bytes" in finding.detail

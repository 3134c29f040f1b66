import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.core.signing import sample_keys, sign
from inspector.core.timestamps import TimeRule, Unit
from inspector.core.verification import verify
from tests import factories
from tests.factories import NOW_S

BUILT_IN = providers.load()
JINKO = BUILT_IN["jinko"]
SECRET = b"s3cret-of-jinko"
BODY = b'{"event":"booking.completed"}'


def mac(secret: bytes, message: bytes) -> str:
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def jinko(
    headers: Mapping[str, str] | None = None,
    *,
    age_s: int = 0,
    secret: bytes = SECRET,
    body: bytes = BODY,
) -> Request:
    time = str(NOW_S - age_s)
    signed = {
        "X-Jinko-Signature": "sha256=" + mac(secret, time.encode() + b"." + body),
        "X-Jinko-Timestamp": time,
    }
    return factories.request(
        headers=factories.headers(*(signed | dict(headers or {})).items()), body=body
    )


def checked(request: Request, *secrets: bytes | str, **options: Any) -> Verification:
    return verify(JINKO, request, secrets or [SECRET], **{"now_s": NOW_S, **options})


def without(request: Request, name: bytes) -> Request:
    return replace(request, headers=request.headers.without([name]))


def provider(**table: Any) -> Provider:
    return parse("acme", {"scheme": "hmac", "title": "Acme", **table})


def test_right_signature_is_verified() -> None:
    assert checked(jinko()) == Verification(
        Outcome.VERIFIED,
        "HMAC-SHA256 of X-Jinko-Timestamp.body matches the secret",
        secret_index=0,
        signed_at_s=NOW_S,
        covered=("header X-Jinko-Timestamp", "body"),
    )


def test_any_of_several_secrets_may_match() -> None:
    found = checked(jinko(), "new", SECRET, "older")

    assert (found.outcome, found.secret_index) == (Outcome.VERIFIED, 1)
    assert found.detail.endswith("matches secret 2 of 3")


def test_first_of_equal_secrets_is_named() -> None:
    assert checked(jinko(), SECRET, SECRET).secret_index == 0


def test_tampered_body_is_a_mismatch() -> None:
    found = checked(replace(jinko(), body=BODY + b" "), "one", "two")

    assert found == Verification(
        Outcome.MISMATCH,
        "none of 2 secrets reproduces X-Jinko-Signature over X-Jinko-Timestamp.body",
        signed_at_s=NOW_S,
    )


def test_right_but_old_is_stale() -> None:
    found = checked(jinko(age_s=14 * 3600 + 185))

    assert found.outcome is Outcome.STALE
    assert (
        found.detail
        == "signature is right, but it was signed 14 h 3 min ago; the tolerance is 5 min"
    )
    assert (found.secret_index, found.signed_at_s) == (0, NOW_S - 14 * 3600 - 185)
    assert found.covered


def test_right_but_ahead_is_stale_too() -> None:
    found = checked(jinko(age_s=-400))

    assert found.outcome is Outcome.STALE
    assert "6 min 40 s ahead of this machine's clock" in found.detail


def test_stripe_does_not_refuse_the_future() -> None:
    """As its own libraries: only an old signature is refused."""
    stripe = BUILT_IN["stripe"]
    request = sign(stripe, factories.request(), "whsec_x", now_s=NOW_S + 86_400)

    assert verify(stripe, request, ["whsec_x"], now_s=NOW_S).outcome is Outcome.VERIFIED


def test_wrong_and_old_is_a_mismatch() -> None:
    """How old a signature is that nobody made is beside the point."""
    assert checked(jinko(age_s=10**6, secret=b"another")).outcome is Outcome.MISMATCH


def test_tolerance_may_be_the_endpoints_own() -> None:
    assert checked(jinko(age_s=900), tolerance_s=1000).outcome is Outcome.VERIFIED
    assert checked(jinko(age_s=9), tolerance_s=8).outcome is Outcome.STALE


def test_absent_signature_is_missing_with_or_without_a_secret() -> None:
    request = without(jinko(), b"X-Jinko-Signature")

    for secrets in ([SECRET], []):
        found = verify(JINKO, request, secrets, now_s=NOW_S)
        assert found.outcome is Outcome.MISSING
        assert found.detail == "no X-Jinko-Signature header, so this is not signed as Jinko signs"


def test_signature_under_an_older_name_is_pointed_at() -> None:
    """Whether it is right is for diagnosis to find out."""
    request = factories.request(headers=factories.headers(("x-hub-SIGNATURE", "sha1=ab")))

    found = verify(BUILT_IN["github"], request, [], now_s=NOW_S)

    assert found.outcome is Outcome.MISSING
    assert found.detail.endswith("; x-hub-SIGNATURE, an older name of it, is there")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("29", False),
        ("30", True),
        ("5000", True),
        ("0029", False),
        ("-1", False),
        ("9" * 5000, False),
        ("", False),
    ],
)
def test_body_of_another_length_than_declared_is_pointed_at(declared: str, said: bool) -> None:
    found = checked(jinko({"Content-Length": declared}), "another")

    assert found.outcome is Outcome.MISMATCH
    assert ("and 29 are here" in found.detail) == said
    assert len(found.detail) < 200


def test_absent_signed_header_is_missing_even_if_signed_as_empty() -> None:
    """A MAC over an empty timestamp is no MAC over a timestamp."""
    request = without(
        jinko({"X-Jinko-Signature": "sha256=" + mac(SECRET, b"." + BODY)}), b"X-Jinko-Timestamp"
    )

    found = checked(request)

    assert found.outcome is Outcome.MISSING
    assert "without the X-Jinko-Timestamp header" in found.detail


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Jinko-Signature": ""}, "the X-Jinko-Signature header is empty"),
        ({"X-Jinko-Signature": "sha256="}, "holds no 'sha256=<signature>'"),
        ({"X-Jinko-Signature": "garbage"}, "holds no 'sha256=<signature>'"),
        ({"X-Jinko-Timestamp": ""}, "the X-Jinko-Timestamp header is empty"),
        ({"X-Jinko-Timestamp": "soon"}, "X-Jinko-Timestamp is not Unix seconds"),
        ({"X-Jinko-Timestamp": str(NOW_S * 1000)}, "X-Jinko-Timestamp is not Unix seconds"),
        ({"x-jinko-timestamp": "1"}, "came several times"),
        ({"x-jinko-signature": "sha256=ab"}, "came several times"),
    ],
)
def test_what_cannot_be_read_is_malformed(headers: dict[str, str], said: str) -> None:
    for secrets in ([SECRET], []):
        found = verify(JINKO, jinko(headers), secrets, now_s=NOW_S)

        assert found.outcome is Outcome.MALFORMED
        assert said in found.detail


def test_header_sent_twice_the_same_is_no_riddle() -> None:
    request = jinko()
    twice = replace(request, headers=Headers(request.headers.pairs * 2))

    assert checked(twice).outcome is Outcome.VERIFIED


def test_nobody_told_us_the_secret() -> None:
    found = verify(JINKO, jinko(), [], now_s=NOW_S)

    assert found.outcome is Outcome.NO_SECRET
    assert found.detail == (
        "X-Jinko-Signature was sent, and this endpoint has no secret to check it with"
    )
    assert found.signed_at_s == NOW_S


@pytest.mark.parametrize("secret", ["", b""])
def test_empty_secret_never_matches(secret: str | bytes) -> None:
    """Anybody can sign with it; and it is not the same as none, or `reject` would let all through."""
    found = checked(jinko(secret=b""), secret)

    assert found.outcome is Outcome.MISMATCH
    assert found.detail.endswith("; the secret is empty or not text")


def test_undecodable_secret_is_named() -> None:
    standard = BUILT_IN["standardwebhooks"]
    request = factories.request(headers=factories.headers(("webhook-id", "m")))
    signed = sign(standard, request, "whsec_aGVsbG8=", now_s=NOW_S)

    found = verify(standard, signed, ["whsec_!", "whsec_aGVsbG8", "??"], now_s=NOW_S)
    wrong = verify(standard, signed, ["whsec_!", "whsec_aGVs"], now_s=NOW_S)

    assert found.detail.endswith("matches secret 2 of 3")
    assert wrong.detail.endswith("; secret 1 of 2 is empty or not base64 text")


def test_upper_case_hex_is_another_text() -> None:
    request = jinko()
    value = request.headers.get(b"X-Jinko-Signature") or b""
    headers = request.headers.replacing(b"X-Jinko-Signature", b"sha256=" + value[7:].upper())

    assert checked(replace(request, headers=headers)).outcome is Outcome.MISMATCH


def test_signature_is_over_bytes() -> None:
    """Nothing is decoded or re-serialised: not a NUL, not a BOM, not a line end."""
    body = b"\xef\xbb\xbf\xff\x00\r\n\x1b[31m"

    assert checked(jinko(body=body)).outcome is Outcome.VERIFIED
    assert checked(jinko(body=b"")).outcome is Outcome.VERIFIED


def test_event_and_delivery_ids_of_jinko_are_not_covered() -> None:
    """A changed event id leaves the signature right, and `covered` says why."""
    found = checked(jinko({"X-Jinko-Event-Id": "evt_forged"}))

    assert found.outcome is Outcome.VERIFIED
    assert not any("Event-Id" in part for part in found.covered)


def test_no_provider_is_unknown() -> None:
    found = verify(None, jinko(), [SECRET], now_s=NOW_S)

    assert found.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", ["wink", "checkfront"])
def test_unsigned_is_said_plainly(name: str) -> None:
    """Never an invented header, in a sentence short enough for a list; what was read is linked with the provider."""
    found = verify(BUILT_IN[name], jinko(), [SECRET], now_s=NOW_S)

    assert found.outcome is Outcome.UNSIGNED
    assert found.detail.startswith(f"{BUILT_IN[name].title} documents no signature")
    assert all(link.startswith("https://github.com/") for link in BUILT_IN[name].docs)
    assert BUILT_IN[name].docs
    assert found.covered == ()


def test_rotation_list_is_searched_to_its_end() -> None:
    """Unknown schemes are skipped; so is everything after more candidates than anybody sends."""
    stripe = BUILT_IN["stripe"]
    good = f"v1={mac(b'whsec_a', str(NOW_S).encode() + b'.' + BODY)}"

    def outcome(*parts: str) -> Outcome:
        value = ",".join((f"t={NOW_S}", *parts))
        request = factories.request(
            headers=factories.headers(("Stripe-Signature", value)), body=BODY
        )
        return verify(stripe, request, ["whsec_a"], now_s=NOW_S).outcome

    assert outcome("v1=00", "v0=11", "v2=22", good) is Outcome.VERIFIED
    assert outcome(good, "v1=00") is Outcome.VERIFIED
    assert outcome(*["v1=00"] * 70, good) is Outcome.MISMATCH
    assert outcome("v0=" + good[3:]) is Outcome.MALFORMED


def test_svix_takes_the_standard_headers_too() -> None:
    svix, standard = BUILT_IN["svix"], BUILT_IN["standardwebhooks"]
    secret = "whsec_" + b64encode(b"k" * 32).decode()
    request = factories.request(headers=factories.headers(("webhook-id", "m")))
    signed = sign(standard, request, secret, now_s=NOW_S)

    found = verify(svix, signed, [secret], now_s=NOW_S)

    assert found.outcome is Outcome.VERIFIED
    assert found.covered == ("header webhook-id", "header webhook-timestamp", "body")


def test_furthest_of_several_places_is_reported() -> None:
    svix = BUILT_IN["svix"]
    request = factories.request(headers=factories.headers(("webhook-id", "m")))
    signed = sign(BUILT_IN["standardwebhooks"], request, b"whsec_aGVsbG8=", now_s=NOW_S - 900)

    assert verify(svix, signed, ["whsec_aGVsbG8="], now_s=NOW_S).outcome is Outcome.STALE
    assert verify(svix, signed, ["whsec_aGVs"], now_s=NOW_S).outcome is Outcome.MISMATCH
    assert verify(svix, signed, [], now_s=NOW_S).outcome is Outcome.NO_SECRET
    assert "svix-signature" in verify(svix, factories.request(), [], now_s=NOW_S).detail


SQUARE = BUILT_IN["square"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_unknown_url_is_made_from_the_host(scheme: str) -> None:
    """Both schemes are tried, and the sentence says so."""
    request = factories.request(target=b"/in/sq?x=1", headers=factories.headers(("Host", "h:8400")))
    signed = sign(SQUARE, request, "k", now_s=NOW_S, url=f"{scheme}://h:8400/in/sq?x=1")

    found = verify(SQUARE, signed, ["k"], now_s=NOW_S)

    assert found.outcome is Outcome.VERIFIED
    assert "URL was made from the Host header" in found.detail
    assert found.covered == ("url", "body")


def test_wrong_guess_at_the_url_asks_for_it() -> None:
    request = factories.request()
    signed = sign(SQUARE, request, "k", now_s=NOW_S, url="https://public.example/hooks")

    assert verify(SQUARE, signed, ["k"], now_s=NOW_S, url="https://public.example/hooks").outcome
    for shown in (signed, without(signed, b"Host"), replace(signed, target=b"*")):
        found = verify(SQUARE, shown, ["k"], now_s=NOW_S)
        assert found.outcome is not Outcome.VERIFIED
        assert "set public_url" in found.detail


def test_given_url_is_used_as_it_is() -> None:
    url = "https://public.example/hooks?b=2&a=1"
    signed = sign(SQUARE, factories.request(), "k", now_s=NOW_S, url=url)

    assert verify(SQUARE, signed, ["k"], now_s=NOW_S, url=url).outcome is Outcome.VERIFIED
    for other in (url + "&c", url.replace("https", "http"), "https://public.example/hooks?a=1&b=2"):
        found = verify(SQUARE, signed, ["k"], now_s=NOW_S, url=other)
        assert found.outcome is Outcome.MISMATCH
        assert "public_url" not in found.detail


@pytest.mark.parametrize(
    ("signed_url", "seen_url", "right"),
    [
        ("https://h/p", "https://h:443/p", True),
        ("https://h:443/p", "https://h/p", True),
        ("http://h:80/p", "http://h/p", True),
        ("https://h/p", "https://h:8443/p", True),
        ("https://h:8443/p", "https://h/p", False),
        ("https://u:p@h/p?a:1", "https://u:p@h:443/p?a:1", True),
        ("https://[::1]:443/p", "https://[::1]/p", True),
        ("nonsense", "nonsense", True),
    ],
)
def test_port_may_be_spelled_out_or_not(signed_url: str, seen_url: str, right: bool) -> None:
    """Twilio signs with the port, or without."""
    twilio = BUILT_IN["twilio"]
    request = factories.request(body=b"From=%2B1&To=2")
    signed = sign(twilio, request, "k", now_s=NOW_S, url=signed_url)

    found = verify(twilio, signed, ["k"], now_s=NOW_S, url=seen_url)

    assert (found.outcome is Outcome.VERIFIED) == right


def test_query_that_the_given_url_lacks_is_the_requests() -> None:
    """Twilio adds one, which nobody can set beforehand; what came counts, whatever is set."""
    url = "https://h/p"
    signed = sign(SQUARE, factories.request(target=b"/p?x=1"), "k", now_s=NOW_S, url=url + "?x=1")

    def outcome(given: str, target: bytes) -> Outcome:
        return verify(SQUARE, replace(signed, target=target), ["k"], now_s=NOW_S, url=given).outcome

    assert outcome(url, b"/p?x=1") is Outcome.VERIFIED
    assert outcome(url, b"/p") is Outcome.MISMATCH
    assert outcome(url, b"/p?x=2") is Outcome.MISMATCH
    assert outcome(url + "?y", b"/p?x=1") is Outcome.VERIFIED
    assert outcome(url + "?x=1", b"/p?y") is Outcome.MISMATCH
    assert outcome(url + "?x=1", b"/elsewhere") is Outcome.VERIFIED


def test_hash_in_the_url_ties_the_body() -> None:
    twilio = BUILT_IN["twilio-json"]
    request = factories.request(body=BODY)
    url = f"https://h/p?bodySHA256={hashlib.sha256(BODY).hexdigest()}"
    signed = sign(twilio, request, "k", now_s=NOW_S, url=url)

    found = verify(twilio, signed, ["k"], now_s=NOW_S, url=url)
    changed = verify(twilio, replace(signed, body=b"{}"), ["k"], now_s=NOW_S, url=url)

    assert (found.outcome, found.covered) == (
        Outcome.VERIFIED,
        ("url", "query bodySHA256", "body"),
    )
    assert changed.outcome is Outcome.MISMATCH
    assert changed.detail == "signature is right, but bodySHA256 is not body.sha256.hex"


def adyen_item(secret: bytes, reference: str) -> bytes:
    signed = f"{reference}::::::AUTHORISATION:true".encode()
    item = {
        "pspReference": reference,
        "eventCode": "AUTHORISATION",
        "success": "true",
        "additionalData": {
            "hmacSignature": b64encode(hmac.digest(secret, signed, "sha256")).decode()
        },
    }
    return json.dumps({"NotificationRequestItem": item}).encode()


def test_every_item_must_verify() -> None:
    """One good item does not vouch for the next; an absent field is signed as empty."""
    adyen, right, wrong = BUILT_IN["adyen"], adyen_item(b"ab", "1"), adyen_item(b"xy", "2")

    def outcome(*items: bytes) -> Outcome:
        body = b'{"notificationItems": [%s]}' % b", ".join(items)
        return verify(adyen, factories.request(body=body), ["6162"], now_s=NOW_S).outcome

    assert outcome(right) is Outcome.VERIFIED
    assert outcome(right, adyen_item(b"ab", "3")) is Outcome.VERIFIED
    assert outcome(right, wrong) is Outcome.MISMATCH
    assert outcome(wrong, right) is Outcome.MISMATCH
    assert outcome(right, b"{}") is Outcome.MISSING
    assert outcome(right, wrong[:-1] + b", " + right[1:]) is Outcome.MISSING, "two in one item"
    assert outcome() is Outcome.MISSING
    assert verify(adyen, factories.request(body=b"\xff"), [], now_s=0).outcome is Outcome.MISSING


def test_token_proves_the_sender_only() -> None:
    token = provider(scheme="token", signature="header:X-Token")
    request = factories.request(headers=factories.headers(("X-Token", "t0k3n")))

    found = verify(token, request, ["other", "t0k3n"], now_s=NOW_S)

    assert (found.outcome, found.secret_index, found.covered) == (Outcome.VERIFIED, 1, ())
    assert found.detail == "X-Token holds secret 2 of 2; nothing else of the request is signed"
    assert verify(token, request, ["T0K3N"], now_s=NOW_S).outcome is Outcome.MISMATCH


def test_sorted_headers_can_be_signed() -> None:
    bokun = provider(signature="header:X-Bokun-HMAC", signed="{headers.sorted:x-bokun-}")
    pairs = [("X-Bokun-Topic", "bookings/create"), ("x-bokun-apikey", "k")]
    signature = mac(b"s", b"x-bokun-apikey=k&x-bokun-topic=bookings/create")
    request = factories.request(headers=factories.headers(*pairs, ("x-bokun-hmac", signature)))

    found = verify(bokun, request, ["s"], now_s=NOW_S)

    assert (found.outcome, found.covered) == (Outcome.VERIFIED, ("headers x-bokun-*",))


def test_time_without_a_tolerance_is_only_shown() -> None:
    shown = provider(
        signature="header:S", signed="{header:T}{body}", timestamp={"from": "header:T"}
    )
    request = factories.request(
        headers=factories.headers(("S", mac(b"s", b"12" + BODY)), ("T", "12")), body=BODY
    )

    found = verify(shown, request, ["s"], now_s=NOW_S)

    assert (found.outcome, found.signed_at_s) == (Outcome.VERIFIED, 12)


@pytest.mark.parametrize("time", ["1780387200123", "2026-06-02T08:00:00Z", "9" * 20, "x"])
def test_time_that_nobody_judges_may_be_written_in_any_way(time: str) -> None:
    """Where a tolerance is set it is needed; what signs an empty one is refused as ever."""
    mailgun = BUILT_IN["mailgun"]

    def found(written: str, **asked: Any) -> Verification:
        signature = mac(b"k", written.encode() + b"token")
        block = {"timestamp": written, "token": "token", "signature": signature}
        request = factories.request(body=json.dumps({"signature": block}).encode())
        return verify(mailgun, request, ["k"], now_s=NOW_S, **asked)

    assert (found(time).outcome, found(time).signed_at_s) == (Outcome.VERIFIED, None)
    assert found(time, tolerance_s=10**9).outcome is Outcome.MALFORMED
    assert found("").outcome is Outcome.MALFORMED


@pytest.mark.parametrize("name", ["discord", "sendgrid"])
def test_time_of_a_key_pairs_signature_may_be_in_milliseconds(name: str) -> None:
    """Neither names a unit that it would judge."""
    asked = BUILT_IN[name]
    keys = sample_keys(asked, b"seed")
    millis = replace(asked, time=TimeRule(Unit.MS))
    signed = sign(millis, factories.request(body=BODY), keys.signing, now_s=NOW_S * 1000)

    found = verify(asked, signed, [keys.verifying], now_s=NOW_S)

    assert (found.outcome, found.signed_at_s) == (Outcome.VERIFIED, None)
    refused = verify(asked, signed, [keys.verifying], now_s=NOW_S, tolerance_s=300)
    assert refused.outcome is Outcome.MALFORMED
    changed = replace(signed, body=b"{}")
    assert verify(asked, changed, [keys.verifying], now_s=NOW_S).outcome is Outcome.MISMATCH


def test_absent_time_that_nobody_judges_is_not_missed() -> None:
    """Unless it is signed: see above."""
    table = {"signature": "header:S", "signed": "{body}"}
    shown = provider(**table, timestamp={"from": "header:T"})
    judged = provider(**table, timestamp={"from": "header:T", "tolerance": 300})
    request = factories.request(headers=factories.headers(("S", mac(b"s", BODY))), body=BODY)

    assert verify(shown, request, ["s"], now_s=NOW_S).outcome is Outcome.VERIFIED
    assert verify(judged, request, ["s"], now_s=NOW_S).outcome is Outcome.MISSING


def linear(body: bytes, signed: bytes | None = None) -> Verification:
    signature = mac(b"k", body if signed is None else signed)
    headers = factories.headers(("Linear-Signature", signature))
    request = factories.request(headers=headers, body=body)
    return verify(BUILT_IN["linear"], request, ["k"], now_s=NOW_S)


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (f"{NOW_S}000.0", Outcome.VERIFIED),
        (f"{NOW_S}000.5", Outcome.VERIFIED),
        (f"{NOW_S / 1e9}e12", Outcome.VERIFIED),
        (f"{NOW_S - 61}000.5", Outcome.STALE),
        ("-1.5", Outcome.MALFORMED),
        ("1e300", Outcome.MALFORMED),
        ("1e999", Outcome.MISSING),
        ("NaN", Outcome.MISSING),
        ("true", Outcome.MISSING),
        ("null", Outcome.MISSING),
        ("[1.5]", Outcome.MISSING),
    ],
)
def test_time_in_the_body_may_be_any_number(number: str, outcome: Outcome) -> None:
    """As @linear/sdk takes it."""
    found = linear(b'{"webhookTimestamp": %s}' % number.encode())

    assert found.outcome is outcome
    if outcome is Outcome.VERIFIED:
        assert found.signed_at_s == NOW_S


@pytest.mark.parametrize("body", [b"", b"\xff", b"[", b'{"webhookTimestamp": "x"}', b"{}"])
def test_changed_body_that_lost_its_time_is_a_mismatch(body: bytes) -> None:
    """The header is there, and what it signs is not: that comes before the time, which is the news of a right one."""
    right = b'{"webhookTimestamp": %d000}' % NOW_S

    assert linear(right).outcome is Outcome.VERIFIED
    assert linear(body, signed=right).outcome is Outcome.MISMATCH
    own = linear(body)
    assert own.outcome is (Outcome.MALFORMED if b'"x"' in body else Outcome.MISSING)
    assert "webhookTimestamp" in own.detail


@pytest.mark.parametrize("key", [b"", b"short", b"\x30\x00", b"k" * 32])
def test_public_key_that_is_none_fits_nothing(key: bytes) -> None:
    for name in ("discord", "sendgrid"):
        asked = BUILT_IN[name]
        secret = b64encode(key) if name == "sendgrid" else key.hex()
        headers = [
            (asked.placements[0].signature.name, "ab" * 64),
            (next(asked.placements[0].locators()).name, "1"),
        ]
        request = factories.request(headers=factories.headers(*headers))

        assert verify(asked, request, [secret], now_s=NOW_S).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("name", ["standardwebhooks-v1a", "sendgrid"])
def test_key_pairs_signature_has_its_padding(name: str) -> None:
    """The vendors' libraries refuse it without ("Incorrect padding"), as every text but the one that stands for it."""
    asked = BUILT_IN[name]
    keys = sample_keys(asked, b"seed")
    header = asked.placements[0].signature.name
    identified = factories.headers(("webhook-id", "m"))
    made = (
        sign(
            asked,
            factories.request(headers=identified, body=b"%d" % number),
            keys.signing,
            now_s=NOW_S,
        )
        for number in range(99)
    )
    # DER is of several lengths, not all of which need padding.
    signed, value = next(
        (one, value)
        for one in made
        if (value := one.headers.get(header.encode()) or b"").endswith(b"=")
    )
    bare = value.rstrip(b"=")
    padding = value[len(bare) :]
    stray = bare[:-1] + bytes([bare[-1] + 1]) + padding

    def outcome(written: bytes) -> Outcome:
        came = replace(signed, headers=signed.headers.replacing(header.encode(), written))
        return verify(asked, came, [keys.verifying], now_s=NOW_S).outcome

    assert outcome(value) is Outcome.VERIFIED
    assert outcome(value[:-1]) is outcome(bare) is outcome(value + b"=") is Outcome.MISMATCH
    assert outcome(stray) is Outcome.MISMATCH


def test_discords_signature_may_be_in_capitals() -> None:
    """Its library decodes it."""
    discord = BUILT_IN["discord"]
    keys = sample_keys(discord, b"seed")
    signed = sign(discord, factories.request(), keys.signing, now_s=NOW_S)
    value = signed.headers.get(b"X-Signature-Ed25519") or b""
    came = replace(signed, headers=signed.headers.replacing(b"X-Signature-Ed25519", value.upper()))

    assert verify(discord, came, [keys.verifying], now_s=NOW_S).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("curve", "right"), [(ec.SECP256R1(), True), (ec.SECP384R1(), False)])
def test_only_the_named_curve_counts(curve: ec.EllipticCurve, right: bool) -> None:
    """A good signature by a key of another curve is not what the scheme says."""
    key = ec.generate_private_key(curve)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = b64encode(key.sign(b"1" + BODY, ec.ECDSA(SHA256()))).decode()
    name = "X-Twilio-Email-Event-Webhook-"
    headers = factories.headers((name + "Signature", signature), (name + "Timestamp", "1"))
    request = factories.request(headers=headers, body=BODY)

    found = verify(BUILT_IN["sendgrid"], request, ["AA==", b64encode(public)], now_s=NOW_S)

    assert (found.outcome is Outcome.VERIFIED) == right
    assert ("fits public key 2 of 2" in found.detail) == right


KEY = st.binary() | st.text() | st.sampled_from(["whsec_aGVsbG8=", "6162", "a:b"])


@given(st.data())
def test_nothing_whatever_raises(data: st.DataObject) -> None:
    """Any header bytes, any body, any secret, for every scheme there is."""
    asked = data.draw(st.sampled_from(list(BUILT_IN.values())))
    names = {locator.name.encode() for p in asked.placements for locator in p.locators()}
    names |= {p.signature.name.encode() for p in asked.placements} | {b"Host"}
    value = st.binary() | st.sampled_from(
        [b"sha256=", b"v0=", b"t=1,v1=a", b"v1,YQ==", b"1780387200", b"Basic YTpi", b"v1a,YQ=="]
    )
    request = Request(
        method=data.draw(st.text()),
        target=data.draw(st.binary()),
        headers=Headers(
            tuple(
                data.draw(st.lists(st.tuples(st.sampled_from(sorted(names)) | st.binary(), value)))
            )
        ),
        body=data.draw(st.binary() | st.sampled_from([b'{"signature":{}}', b"[" * 9000, b"a=%F"])),
    )

    found = verify(
        asked,
        request,
        data.draw(st.lists(KEY, max_size=3)),
        now_s=data.draw(st.floats(0, 1e12)),
        url=data.draw(st.none() | st.text()),
        tolerance_s=data.draw(st.none() | st.integers(0)),
    )

    assert found.detail
    assert found.detail.isprintable()


@given(st.sampled_from(["github", "jinko", "slack", "stripe", "svix"]), st.binary(), st.integers(0))
def test_one_flipped_bit_is_noticed(name: str, body: bytes, place: int) -> None:
    """A body that is covered cannot change by a bit. For all else that is covered see test_signing_any.py."""
    asked = BUILT_IN[name]
    ids = [(b"webhook-id", b"m"), (b"svix-id", b"m")]
    secret = asked.secret.sample(b"seed", asked.name)
    signed = sign(
        asked, factories.request(headers=Headers(tuple(ids)), body=body + b"."), secret, now_s=NOW_S
    )
    changed = bytearray(signed.body)
    changed[place % len(changed)] ^= 1

    found = verify(asked, replace(signed, body=bytes(changed)), [secret], now_s=NOW_S)

    assert found.outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    ("given", "target", "signed", "outcome"),
    [
        ("https://a.test/h", b"/h", "https://a.test/h", Outcome.VERIFIED),
        ("https://a.test/h", b"/h?x=1", "https://a.test/h?x=1", Outcome.VERIFIED),
        ("https://a.test/h", b"/h?x=1", "https://a.test/h", Outcome.MISMATCH),
        ("https://a.test/h?a=1", b"/h?a=1&x=1", "https://a.test/h?a=1&x=1", Outcome.VERIFIED),
        ("https://a.test/h?a=1", b"/h?a=1&x=1", "https://a.test/h?a=1", Outcome.MISMATCH),
        ("https://a.test/h?a=1", b"/in/h", "https://a.test/h?a=1", Outcome.VERIFIED),
        ("https://a.test/h?a=1", b"/h?b=1", "https://a.test/h?a=1", Outcome.MISMATCH),
        ("https://a.test/h?a=1", b"/h?b=1", "https://a.test/h?b=1", Outcome.VERIFIED),
    ],
)
def test_what_is_added_to_a_url_has_to_be_signed(
    given: str, target: bytes, signed: str, outcome: Outcome
) -> None:
    """The provider may add to the query of the URL it was given; so may anybody else, and that is noticed."""
    square = BUILT_IN["square"]
    there = factories.request(target=signed.removeprefix("https://a.test").encode())
    made = sign(square, there, "key", now_s=NOW_S, url=signed)

    came = replace(made, target=target)

    assert verify(square, came, ["key"], now_s=NOW_S, url=given).outcome is outcome

"""What must hold of the schemes that are data: independent vectors, and the cases that no vector has.

Signatures are made here with hashlib and hmac, or with `signing` where only what becomes of them is looked at.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Verification
from inspector.core.verification import verify
from tests import factories
from tests.core.covering import BUILT_IN, SIGNABLE, Edit, How, of_case, signed
from tests.factories import NOW_S
from tests.signatures import CASES

NOW = b"%d" % NOW_S
BODY = b' {"event": "booking.completed"}\r\n\xff'
EDITS = (Edit(How.FLIP), Edit(How.FLIP, -1, 7), Edit(How.INSERT, -1, 3), Edit(How.DELETE))
WINDOWS = {
    "jinko": (300, True),
    "slack": (300, True),
    "standardwebhooks": (300, True),
    "linear": (60, True),
    "rfc9421": (300, True),
    "stripe": (300, False),
    "hubspot-v3": (300, False),
    "paddle": (5, False),
    "twitch": (600, False),
    "contentful": (30, False),
    "plaid": (300, True),
}
"""Seconds a signature is good for, and whether one from the future is refused as well."""


def mac(secret: bytes, message: bytes, digest: str = "sha256") -> bytes:
    return hmac.digest(secret, message, digest)


def seen(
    name: str, headers: dict[str, bytes], *secrets: str, body: bytes = BODY, **asked: Any
) -> Verification:
    """Check a request that has these headers."""
    pairs = Headers(tuple((key.encode(), value) for key, value in headers.items()))
    request = replace(factories.request(headers=pairs, body=body), **asked.pop("request", {}))
    return verify(BUILT_IN[name], request, secrets, now_s=NOW_S, **asked)


def is_verified(found: Verification) -> bool:
    return found.outcome is Outcome.VERIFIED


def vectors() -> None:
    """Independent libraries and we agree on every case."""
    for case in CASES:
        assert is_verified(of_case(case).verdict()) == (case["expect"] == "valid"), case["id"]


def covered() -> None:
    """Fresh signatures are verified, and nothing that they cover can change."""
    for provider in SIGNABLE:
        for knows_url in (True, False):
            delivery = signed(provider, knows_url=knows_url)
            found = delivery.verdict()
            assert is_verified(found), f"{provider.name}: {found.detail}"
            for label in found.covered:
                for edit in EDITS:
                    changed = delivery.changed(label, edit)
                    assert not is_verified(changed.verdict()), f"{provider.name}: {label}: {edit}"


def not_covered() -> None:
    """What they do not cover can."""
    for provider in SIGNABLE:
        delivery = signed(provider)
        for what, changed in delivery.without_effect(delivery.verdict().covered).items():
            assert is_verified(changed.verdict()), f"{provider.name}: {what}"


def broken_signatures() -> None:
    """What is broken on purpose is refused."""
    for provider in SIGNABLE:
        keys = signing.sample_keys(provider, b"seed")
        good = signed(provider)
        bad = signing.break_signature(
            provider, good.request, keys.signing, now_s=NOW_S, url=good.url
        )
        assert replace(good, request=bad).verdict().outcome is Outcome.MISMATCH, provider.name


def stripe(*candidates: bytes, **asked: Any) -> Verification:
    return seen("stripe", {"Stripe-Signature": b",".join((b"t=" + NOW, *candidates))}, "k", **asked)


def every_candidate_counts() -> None:
    """Of several signatures any may be right, wherever it stands; those of other schemes are none."""
    good = b"v1=" + mac(b"k", NOW + b"." + BODY).hex().encode()
    bad, other = b"v1=" + b"0" * 64, b"v0=" + good[3:]
    for candidates in ((good,), (bad, good), (good, bad), (other, bad, good)):
        assert is_verified(stripe(*candidates)), candidates
    assert stripe(other).outcome is Outcome.MALFORMED
    assert stripe(b"t=1", good, b"t=%d" % (NOW_S + 1)).outcome is Outcome.VERIFIED
    standard = b64encode(mac(b"k", b"m." + NOW + b"." + BODY))
    headers = {"webhook-id": b"m", "webhook-timestamp": NOW}
    for value, right in ((b"v1,%b", True), (b"v1a,x v1,%b v1,x", True), (b"v2,%b", False)):
        signature = {"webhook-signature": value % standard}
        found = seen("standardwebhooks", headers | signature, "whsec_aw==")
        assert is_verified(found) == right, value


def every_secret_counts() -> None:
    """Any of several secrets may be the one, and is named; an empty or unreadable one never is."""
    good = b"v1=" + mac(b"k", NOW + b"." + BODY).hex().encode()
    for secrets, index in ((("k",), 0), (("a", "k"), 1), (("", "k", "a"), 1), (("k", "k"), 0)):
        found = seen("stripe", {"Stripe-Signature": b"t=" + NOW + b"," + good}, *secrets)
        assert (found.outcome, found.secret_index) == (Outcome.VERIFIED, index)
    empty = b"t=" + NOW + b",v1=" + mac(b"", NOW + b"." + BODY).hex().encode()
    assert seen("stripe", {"Stripe-Signature": empty}, "").outcome is Outcome.MISMATCH
    assert seen("stripe", {"Stripe-Signature": empty}).outcome is Outcome.NO_SECRET


def age_is_told_apart() -> None:
    """Too old is refused everywhere, from the future where the provider's libraries do; each as `stale`."""
    for name, (tolerance_s, refuses_future) in WINDOWS.items():
        made = signed(BUILT_IN[name])
        expected = {
            tolerance_s - 1: Outcome.VERIFIED,
            tolerance_s + 1: Outcome.STALE,
            1 - tolerance_s: Outcome.VERIFIED,
            -1 - tolerance_s: Outcome.STALE if refuses_future else Outcome.VERIFIED,
        }
        for age_s, outcome in expected.items():
            found = replace(made, now_s=NOW_S + age_s).verdict()
            assert found.outcome is outcome, f"{name}, {age_s} s old: {found.detail}"
            assert found.signed_at_s == NOW_S, name
        late = verify(
            made.provider, made.request, [made.secret], now_s=NOW_S + 3, url=made.url, tolerance_s=2
        )
        assert late.outcome is Outcome.STALE, f"{name}: the endpoint's own tolerance"


def jinko(signature: bytes, body: bytes = BODY, **more: bytes) -> Verification:
    headers = {"X-Jinko-Signature": signature, "X-Jinko-Timestamp": NOW} | more
    return seen("jinko", headers, "k", body=body)


def signatures_are_text() -> None:
    """A signature is compared as it was sent: no case is folded, nothing trimmed, its prefix has to be there."""
    right = mac(b"k", NOW + b"." + BODY).hex().encode()
    assert is_verified(jinko(b"sha256=" + right))
    for wrong in (b"%b", b"sha256= %b", b"sha256=%b ", b" sha256=%b", b"sha512=%b", b"SHA256=%b"):
        assert not is_verified(jinko(wrong % right)), wrong
    assert not is_verified(jinko(b"sha256=" + right.upper()))
    assert not is_verified(jinko(b"sha256=" + right[:-1]))
    found = jinko(b"sha256=" + right, **{"x-jinko-signature": b"sha256=00"})
    assert found.outcome is Outcome.MALFORMED
    of_pair = BUILT_IN["standardwebhooks-v1a"]
    keys, headers = signing.sample_keys(of_pair, b"seed"), Headers(((b"webhook-id", b"m"),))
    made = signing.sign(of_pair, factories.request(headers=headers), keys.signing, now_s=NOW_S)
    for cut in (0, 1, 2):  # of its padding
        value = made.headers.get(b"webhook-signature") or b""
        came = made.headers.replacing(b"webhook-signature", value[: len(value) - cut])
        found = verify(of_pair, replace(made, headers=came), [keys.verifying], now_s=NOW_S)
        assert is_verified(found) == (cut == 0), cut
    shouted = {"x-JINKO-signature": b"sha256=" + right, "X-JINKO-TIMESTAMP": NOW}
    assert is_verified(seen("jinko", shouted, "k"))


def nothing_stands_for_what_is_absent() -> None:
    """A header that is signed and was not sent is missing, also to who signed it as empty."""
    for value in ({}, {"X-Jinko-Timestamp": b""}):
        signature = b"sha256=" + mac(b"k", b"." + BODY).hex().encode()
        found = seen("jinko", {"X-Jinko-Signature": signature} | value, "k")
        assert found.outcome in {Outcome.MISSING, Outcome.MALFORMED}
    signature = b64encode(mac(b"k", b"." + NOW + b"." + BODY))
    headers = {"webhook-signature": b"v1," + signature, "webhook-timestamp": NOW}
    assert seen("standardwebhooks", headers, "whsec_aw==").outcome is Outcome.MISSING
    timeless = {"Linear-Signature": mac(b"k", BODY).hex().encode()}
    assert seen("linear", timeless, "k").outcome is Outcome.MISSING


def twilio(url: str, body: bytes, seen_url: str | None = None) -> Verification:
    fields = [each.split(b"=") for each in body.split(b"&")]
    text = b"".join(b"".join(each) for each in sorted(map(tuple, fields)))
    if len(fields) > 2:  # the one that is there twice counts once
        text = b"".join(b"".join(each) for each in sorted(set(map(tuple, fields))))
    signature = b64encode(mac(b"k", url.encode() + text, "sha1"))
    headers = {"X-Twilio-Signature": signature, "Host": b"h"}
    return seen("twilio", headers, "k", body=body, url=seen_url, request={"target": b"/p"})


def forms_are_sorted() -> None:
    """Twilio's fields count by name and then value, equal ones once."""
    for body in (b"B=1&A=2", b"A=2&A=1", b"A=1&B=2&A=1"):
        assert is_verified(twilio("https://h/p", body, "https://h/p")), body


def urls_have_spellings() -> None:
    """With and without the port, by the two schemes a Host header leaves open, and percent-encoded or not."""
    for url in ("https://h/p", "https://h:443/p"):
        for seen_url in ("https://h/p", "https://h:443/p"):
            assert is_verified(twilio(url, b"A=1", seen_url)), (url, seen_url)
    assert is_verified(twilio("https://h/p", b"A=1"))
    assert is_verified(twilio("http://h/p", b"A=1"))
    assert not is_verified(twilio("https://h/p", b"A=1", "https://h/q"))
    time = b"%d000" % NOW_S
    for url in ("https://h/p?a=x%3Ay", "https://h/p?a=x:y"):
        signature = b64encode(mac(b"k", b"POST" + url.encode() + BODY + time))
        headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": time}
        assert is_verified(seen("hubspot-v3", headers, "k", url="https://h/p?a=x%3Ay")), url


def queries_are_signed_as_they_came() -> None:
    """What a provider adds to the URL that it was given is signed; what anybody else does is not."""
    headers = {"x-square-hmacsha256-signature": b64encode(mac(b"k", b"https://h/p" + BODY))}
    for target, right in ((b"/p", True), (b"/p?admin=1", False)):
        found = seen("square", headers, "k", url="https://h/p", request={"target": target})
        assert is_verified(found) == right, target
    added = f"bodySHA256={hashlib.sha256(BODY).hexdigest()}"
    for given, query in (("https://h/p", added), ("https://h/p?x=1", f"x=1&{added}")):
        signature = mac(b"k", f"https://h/p?{query}".encode(), "sha1")
        headers, came = {"X-Twilio-Signature": b64encode(signature)}, f"/p?{query}".encode()
        found = seen("twilio-json", headers, "k", url=given, request={"target": came})
        assert is_verified(found), query


def hash_in_the_url_ties_the_body() -> None:
    url = f"https://h/p?bodySHA256={hashlib.sha256(BODY).hexdigest()}"
    headers = {"X-Twilio-Signature": b64encode(mac(b"k", url.encode(), "sha1"))}
    assert is_verified(seen("twilio-json", headers, "k", url=url))
    assert not is_verified(seen("twilio-json", headers, "k", url=url, body=BODY + b" "))


def adyen(reference: str, key: bytes = b"ab", **fields: Any) -> dict[str, Any]:
    text = f"{reference}::::::AUTHORISATION:true".encode()
    return {
        "NotificationRequestItem": {
            "pspReference": reference,
            "eventCode": "AUTHORISATION",
            "success": "true",
            "additionalData": {"hmacSignature": b64encode(mac(key, text)).decode()},
        }
        | fields
    }


def every_item_counts() -> None:
    """One good item does not vouch for the next, and a key that is there twice says nothing."""

    def outcome(*items: dict[str, Any]) -> Outcome:
        body = json.dumps({"notificationItems": items}).encode()
        return seen("adyen", {}, "6162", body=body).outcome

    assert outcome(adyen("1"), adyen("2")) is Outcome.VERIFIED
    assert outcome(adyen("1"), adyen("2", b"xy")) is Outcome.MISMATCH
    assert outcome(adyen("2", b"xy"), adyen("1")) is Outcome.MISMATCH
    assert outcome() is Outcome.MISSING
    body = json.dumps({"notificationItems": [adyen("1")]}).encode()
    twice = body.replace(b'"success"', b'"success": "false", "success"')
    assert not is_verified(seen("adyen", {}, "6162", body=twice))


def credentials_are_exact() -> None:
    """Only the word `Basic` has no case; a token in the query has to have come there."""
    headers = {"Authorization": b"bAsIc " + b64encode(b"u:Pa55")}
    assert is_verified(seen("basic-auth", headers, "u:Pa55"))
    for wrong in ("u:pa55", "U:Pa55", "u:Pa5", "u:Pa555", "u"):
        assert not is_verified(seen("basic-auth", headers, wrong)), wrong
    bearer = {"Authorization": b"Bearer " + b64encode(b"u:Pa55")}
    assert not is_verified(seen("basic-auth", bearer, "u:Pa55"))
    for token, right in ((b"t0ken", True), (b"T0ken", False), (b"t0ke", False), (b"t0kenn", False)):
        assert is_verified(seen("gitlab-token", {"X-Gitlab-Token": token}, "t0ken")) == right
    assert not is_verified(seen("mews", {}, "t0ken", url="https://h/?Token=t0ken"))


def sorted_headers_are_all() -> None:
    """Bókun signs each of its headers, sorted by name, and its signature is not among them."""
    pairs = {"X-Bokun-Topic": b"t", "x-bokun-apikey": b"k", "X-Bokun-Booking-Id": b"1"}
    text = b"x-bokun-apikey=k&x-bokun-booking-id=1&x-bokun-topic=t"
    headers = pairs | {"x-bokun-hmac": mac(b"k", text).hex().encode()}
    assert is_verified(seen("bokun", headers, "k"))


def only_the_curve_that_is_named() -> None:
    """A good signature by a key on another curve, or with another hash, is not what the scheme says."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    name = "X-Twilio-Email-Event-Webhook-"
    for curve, digest, right in (
        (ec.SECP256R1(), hashes.SHA256(), True),
        (ec.SECP256R1(), hashes.SHA384(), False),
        (ec.SECP384R1(), hashes.SHA256(), False),
    ):
        key = ec.derive_private_key(7, curve)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        headers = {
            f"{name}Signature": b64encode(key.sign(NOW + BODY, ec.ECDSA(digest))),
            f"{name}Timestamp": NOW,
        }
        assert is_verified(seen("sendgrid", headers, b64encode(public).decode())) == right


CHECKS = (
    vectors,
    covered,
    not_covered,
    broken_signatures,
    every_candidate_counts,
    every_secret_counts,
    age_is_told_apart,
    signatures_are_text,
    nothing_stands_for_what_is_absent,
    forms_are_sorted,
    urls_have_spellings,
    queries_are_signed_as_they_came,
    hash_in_the_url_ties_the_body,
    every_item_counts,
    credentials_are_exact,
    sorted_headers_are_all,
    only_the_curve_that_is_named,
)

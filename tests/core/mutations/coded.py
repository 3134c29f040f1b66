"""What must hold of the schemes that are code, of overlays, handshakes and diagnosis, with keys made for tests."""

import hashlib
import hmac
import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from jwt.algorithms import ECAlgorithm

from inspector.core import admission, handshakes
from inspector.core.diagnosis import diagnose
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Outcome, Request, Verification
from inspector.core.overlays import SecretHeader, SecretQuery
from inspector.core.verification import verify
from tests import authority, factories
from tests.core.covering import BUILT_IN, signed
from tests.factories import NOW_S

BODY = b'{"type": "x"}\n'
KEY = authority.curve_key()
JWK = json.dumps({**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1"})
CERTIFICATE = authority.certificate(authority.rsa_key())
EXPIRED = authority.certificate(authority.rsa_key(), until="2024-01-01")
SNS_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
TOPIC = "arn:aws:sns:eu-west-1:1:t"
PAYPAL_URL = "https://api.paypal.com/v1/notifications/certs/CERT-1"
TIME = "2026-06-02T08:00:00Z"


def request(headers: Mapping[str, bytes | str], body: bytes = BODY, **fields: Any) -> Request:
    pairs = ((name, value) for name, value in headers.items())
    wire = tuple((k.encode(), v if isinstance(v, bytes) else v.encode()) for k, v in pairs)
    return factories.request(headers=Headers(wire), body=body, **fields)


def outcome(name: str, made: Request, *secrets: str, **asked: Any) -> Outcome:
    known: dict[str, Any] = {"now_s": NOW_S, "fetch": lambda _url: CERTIFICATE} | asked
    return verify(BUILT_IN[name], made, secrets, **known).outcome


SIGNED_HEADERS = "x-contentful-signed-headers"
CONTENTFUL_TIME = f"{NOW_S}000"


def contentful(names: str, signed_as: str | None = None) -> Request:
    """Name headers in one order and sign them in another, with a secret of 64 characters."""
    listed = signed_as or names
    headers = {"x-contentful-timestamp": CONTENTFUL_TIME, "x-b": "2", "x-a": "1"}
    values = headers | {SIGNED_HEADERS: listed}
    text = ";".join(f"{name}:{values[name]}" for name in listed.split(","))
    message = f"POST\n/p?a%253Db\n{text}\n".encode() + BODY  # its query is encoded twice
    signature = hmac.digest(b"s" * 64, message, "sha256").hex()
    told = {SIGNED_HEADERS: names, "x-contentful-signature": signature}
    return request(headers | told, target=b"/p?a=b")


def contentful_signs_a_list() -> None:
    """Method, path, the headers of the list by name, and the body; the list and the time have to be on it."""
    order = f"x-a,x-b,{SIGNED_HEADERS},x-contentful-timestamp"
    made = contentful(order)
    shuffled = ",".join(reversed(order.split(",")))
    assert outcome("contentful", made, "s" * 64) is Outcome.VERIFIED
    assert outcome("contentful", contentful(shuffled, order), "s" * 64) is Outcome.VERIFIED
    for unlike in (
        contentful(order, shuffled),
        contentful(f"x-a,{SIGNED_HEADERS}", f"x-a,{SIGNED_HEADERS}"),
        replace(made, body=BODY + b" "),
        replace(made, method="PUT"),
        replace(made, target=b"/p"),
        replace(made, headers=made.headers.replacing(b"x-a", b"3")),
        replace(made, headers=made.headers.without([b"x-b"])),
    ):
        assert outcome("contentful", unlike, "s" * 64) is not Outcome.VERIFIED
    assert outcome("contentful", made, "a" * 64, "s" * 64) is Outcome.VERIFIED
    assert outcome("contentful", made, "s" * 64, now_s=NOW_S + 31) is Outcome.STALE


def token(header: dict[str, Any], claims: dict[str, Any], key: Any = KEY) -> bytes:
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    text = b".".join(parts)
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return text + b"." + urlsafe_b64encode(raw).rstrip(b"=")


def plaid(
    header: Mapping[str, Any] | None = None, *, key: Any = KEY, cut: bool = False, **claims: Any
) -> Outcome:
    """Check a token as Plaid's, but for what is given; `cut` leaves out its signature."""
    head = {"alg": "ES256", "kid": "k1", "typ": "JWT"} | dict(header or {})
    body = {"iat": NOW_S, "request_body_sha256": hashlib.sha256(BODY).hexdigest()} | claims
    made = token(head, body, key)
    text = made[: made.rindex(b".") + 1] if cut else made
    return outcome("plaid", request({"Plaid-Verification": text}), JWK)


def tokens_are_signed_and_name_the_body() -> None:
    """By ES256 with the endpoint's key and nothing else, of now, over this body's digest."""
    assert plaid() is Outcome.VERIFIED
    assert plaid({"alg": "none"}, cut=True) is Outcome.MALFORMED
    assert plaid({"alg": "HS256"}) is Outcome.MALFORMED
    assert plaid({"kid": "k2"}) is Outcome.MISMATCH
    assert plaid(key=authority.curve_key(1)) is Outcome.MISMATCH
    assert plaid(cut=True) is not Outcome.VERIFIED
    assert plaid(request_body_sha256=hashlib.sha256(b"").hexdigest()) is Outcome.MISMATCH
    assert plaid(request_body_sha256=None) is Outcome.MALFORMED
    assert plaid(iat=NOW_S - 301) is Outcome.STALE
    assert plaid(iat=None) is Outcome.MALFORMED
    assert plaid(exp=NOW_S - 1) is Outcome.STALE


NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "1",
    "TopicArn": TOPIC,
    "Subject": "\u00fc",
    "Message": "a\nb",
    "Timestamp": TIME,
    "SignatureVersion": "2",
    "SigningCertURL": SNS_URL,
}
ORDER = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


def sns(order: tuple[str, ...] = ORDER, **fields: str | None) -> Request:
    """Sign the members named in `order`."""
    body = {name: value for name, value in (NOTIFICATION | fields).items() if value is not None}
    text = "".join(f"{name}\n{body[name]}\n" for name in order if name in body)
    digest = hashes.SHA1() if body["SignatureVersion"] == "1" else hashes.SHA256()
    raw = authority.signed(text.encode(), digest, authority.rsa_key())
    return request({}, json.dumps(body | {"Signature": b64encode(raw).decode()}).encode())


def sns_signs_members_in_order() -> None:
    """The subject among them if there is one; by a certificate of SNS's own host, for the topic that is wanted."""
    for version in ("1", "2"):
        for subject in ("s", None):
            made = sns(Subject=subject, SignatureVersion=version)
            assert outcome("aws-sns", made) is Outcome.VERIFIED, (version, subject)
    assert outcome("aws-sns", sns(ORDER[::-1])) is Outcome.MISMATCH
    assert outcome("aws-sns", sns((*ORDER[:2], *ORDER[3:]))) is Outcome.MISMATCH
    assert outcome("aws-sns", sns(), TOPIC) is Outcome.VERIFIED
    assert outcome("aws-sns", sns(), "other", TOPIC) is Outcome.VERIFIED
    assert outcome("aws-sns", sns(), "arn:aws:sns:eu-west-1:2:t") is Outcome.MISMATCH
    for host in (
        "https://evil.example/a.pem",
        f"{SNS_URL}@evil.example",
        SNS_URL.replace("sns.", "sns-"),
    ):
        assert outcome("aws-sns", sns(SigningCertURL=host)) is Outcome.MALFORMED, host
    assert_certificate_counts("aws-sns", sns())


def assert_certificate_counts(name: str, made: Request, *secrets: str) -> None:
    """One that nobody could get vouches for nothing, nor one of another key or of another time."""
    other = authority.certificate(authority.rsa_key(1))
    for pem, expected in (
        (None, Outcome.NO_SECRET),
        (other, Outcome.MISMATCH),
        (EXPIRED, Outcome.MISMATCH),
        (b"", Outcome.MISMATCH),
    ):
        found = outcome(name, made, *secrets, fetch=lambda _url, pem=pem: pem)
        assert found is expected, (name, pem)
    assert outcome(name, made, *secrets, fetch=None) is Outcome.NO_SECRET


def paypal(
    webhook: str = "WH1", url: str = PAYPAL_URL, algorithm: str = "SHA256withRSA"
) -> Request:
    text = f"id|{TIME}|{webhook}|{zlib.crc32(BODY)}".encode()
    raw = authority.signed(text, hashes.SHA256(), authority.rsa_key())
    return request(
        {
            "PAYPAL-TRANSMISSION-ID": "id",
            "PAYPAL-TRANSMISSION-TIME": TIME,
            "PAYPAL-TRANSMISSION-SIG": b64encode(raw),
            "PAYPAL-CERT-URL": url,
            "PAYPAL-AUTH-ALGO": algorithm,
        }
    )


def paypal_signs_a_checksum() -> None:
    """Of the body, in decimal, with the webhook's id; by a certificate of PayPal's own host."""
    assert outcome("paypal", paypal(), "WH1") is Outcome.VERIFIED
    assert outcome("paypal", paypal(), "WH2", "WH1") is Outcome.VERIFIED
    assert outcome("paypal", paypal(), "WH2") is Outcome.MISMATCH
    assert outcome("paypal", paypal()) is Outcome.NO_SECRET
    assert outcome("paypal", replace(paypal(), body=BODY + b" "), "WH1") is Outcome.MISMATCH
    for host in ("https://evil.example/v1/notifications/certs/C", "http" + PAYPAL_URL[5:]):
        assert outcome("paypal", paypal(url=host), "WH1") is Outcome.MALFORMED, host
    assert outcome("paypal", paypal(algorithm="none"), "WH1") is Outcome.MALFORMED
    assert_certificate_counts("paypal", paypal(), "WH1")


def message(covered: str, **changes: str) -> Request:
    """Sign as RFC 9421 has it: `covered` is a member of `Signature-Input`. The changes come after signing."""
    digest = b64encode(hashlib.sha256(BODY).digest()).decode()
    headers = {"Host": "h", "content-digest": f"sha-256=:{digest}:"}
    values = {"@method": "POST", "@path": "/p", "content-digest": headers["content-digest"]}
    names = [name for name in values if f'"{name}"' in covered]
    lines = [f'"{name}": {values[name]}' for name in names] + [f'"@signature-params": {covered}']
    raw = hmac.digest(b"k" * 32, "\n".join(lines).encode(), "sha256")
    signature = f"s=:{b64encode(raw).decode()}:"
    signed = headers | {"Signature-Input": f"s={covered}", "Signature": signature} | changes
    return request(signed, target=b"/p")


def messages_say_what_they_cover() -> None:
    """And when they were made and until when they are good; the digest that is covered is that of the body."""
    covered = '("@method" "@path" "content-digest")'
    key = b64encode(b"k" * 32).decode()

    def judged(made: Request, **asked: Any) -> Outcome:
        return outcome("rfc9421", made, key, **asked)

    made = message(f"{covered};created={NOW_S}")
    assert judged(made) is Outcome.VERIFIED
    assert judged(replace(made, body=BODY + b" ")) is Outcome.MISMATCH
    assert judged(replace(made, method="PUT")) is Outcome.MISMATCH
    assert judged(replace(made, target=b"/q")) is Outcome.MISMATCH
    assert judged(message(f"{covered};created={NOW_S - 301}")) is Outcome.STALE
    assert judged(message(f"{covered};created={NOW_S + 301}")) is Outcome.STALE
    assert judged(message(f"{covered};created={NOW_S - 9};expires={NOW_S - 1}")) is Outcome.STALE
    assert judged(message(covered)) is Outcome.MALFORMED
    assert judged(message(f'{covered};created={NOW_S};alg="ed25519"')) is Outcome.MISMATCH
    changed = {"Signature-Input": f"s={covered};created={NOW_S + 1}"}
    assert judged(message(f"{covered};created={NOW_S}", **changed)) is Outcome.MISMATCH
    absent = message(f"{covered};created={NOW_S}")
    absent = replace(absent, headers=absent.headers.without([b"content-digest"]))
    assert judged(absent) is Outcome.MISSING


OVERLAYS = (SecretQuery("token", b"t1"), SecretHeader("X-Token", b"t2"))


def overlays_are_all_met() -> None:
    """Each of them, by each value that came; a signature does not make up for one, nor the other way round."""

    def combined(target: bytes, token: str, found: Outcome) -> Outcome:
        made = request({"X-Token": token}, target=target)
        verdict = Verification(found, "a sentence")
        return admission.combine(verdict, admission.judge(OVERLAYS, made)).outcome

    right = b"/in/x?token=t1"
    assert combined(right, "t2", Outcome.UNSIGNED) is Outcome.VERIFIED
    assert combined(right, "t2", Outcome.MISMATCH) is Outcome.MISMATCH
    assert combined(right, "T2", Outcome.VERIFIED) is Outcome.MISMATCH
    assert combined(b"/in/x?token=t2", "t2", Outcome.VERIFIED) is Outcome.MISMATCH
    assert combined(b"/in/x?token=t0&token=t1", "t2", Outcome.VERIFIED) is Outcome.MISMATCH
    assert combined(b"/in/x", "t2", Outcome.VERIFIED) is Outcome.MISSING


def strangers_shake_no_hands() -> None:
    """A handshake is answered to who knows the token, or has signed it; a secret that is there stays."""

    def status(name: str, made: Request, found: Outcome, *secrets: bytes) -> int:
        endpoint = Endpoint("x", name, secrets, verify_token=b"right")
        verdict = Verification(found, "a sentence")
        answered = handshakes.answer(BUILT_IN[name], made, verdict, endpoint, secrets)
        assert answered is not None
        return answered.reply.status

    for told, expected in ((b"right", 200), (b"wrong", 403), (b"", 403)):
        target = b"/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=" + told
        assert status("meta", request({}, method="GET", target=target), Outcome.MISSING) == expected
    ping = request({}, b'{"type":"url_verification","challenge":"c"}')
    assert status("slack", ping, Outcome.VERIFIED, b"k") == 200
    assert status("slack", ping, Outcome.MISMATCH, b"k") == 401
    assert status("slack", ping, Outcome.STALE, b"k") == 401
    hands_over = request({"X-Hook-Secret": "new"})
    assert status("asana", hands_over, Outcome.MISSING) == 200
    assert status("asana", hands_over, Outcome.MISSING, b"old") == 403


def findings_are_proven() -> None:
    """None for what an unknown secret signed; the right one for what was re-serialised."""
    for name in (
        "jinko",
        "stripe",
        "square",
        "twilio",
        "standardwebhooks",
        "gitlab-token",
        "adyen",
    ):
        made = signed(BUILT_IN[name])
        stranger = signed(BUILT_IN[name], seed=b"of somebody else")
        found = diagnose(made.provider, stranger.request, [made.secret], now_s=NOW_S, url=made.url)
        assert found == [], name
    made = signed(BUILT_IN["jinko"], body=b'{"a":1}')
    spaced = replace(made.request, body=b'{"a": 1}')
    found = diagnose(made.provider, spaced, [made.secret], now_s=NOW_S)
    assert [finding.cause for finding in found] == ["body_reserialised"]


CHECKS = (
    contentful_signs_a_list,
    tokens_are_signed_and_name_the_body,
    sns_signs_members_in_order,
    paypal_signs_a_checksum,
    messages_say_what_they_cover,
    overlays_are_all_met,
    strangers_shake_no_hands,
    findings_are_proven,
)

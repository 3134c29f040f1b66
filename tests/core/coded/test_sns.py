"""SNS's signature, by https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html ."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import coded
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.errors import SigningError
from tests.authority import certificate, curve_key, rsa_key, signed
from tests.factories import NOW_S, headers, request

PROVIDER = parse("aws-sns", {"scheme": "sns", "title": "Amazon SNS", "signature": "json:Signature"})
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-81aad56d.pem"
PEM = certificate(rsa_key())
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bookings"
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92",
    "TopicArn": TOPIC,
    "Subject": "My first \u00fcbject",
    "Message": 'line one\nline two {"a": 1}',
    "Timestamp": "2026-06-02T08:00:00.000Z",
    "SignatureVersion": "2",
    "SigningCertURL": URL,
}
WITHOUT_SUBJECT = {name: value for name, value in NOTIFICATION.items() if name != "Subject"}
CONFIRMATION = WITHOUT_SUBJECT | {
    "Type": "SubscriptionConfirmation",
    "Token": "token",
    "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
}
END = CONFIRMATION | {"Type": "UnsubscribeConfirmation"}


def message(fields: dict[str, Any]) -> str:
    """Return what SNS signs, as its page has it."""
    names = ["Message", "MessageId"]
    names += ["Subject"] if "Subject" in fields and fields["Type"] == "Notification" else []
    names += [] if fields["Type"] == "Notification" else ["SubscribeURL"]
    names += ["Timestamp"]
    names += [] if fields["Type"] == "Notification" else ["Token"]
    return "".join(f"{name}\n{fields[name]}\n" for name in [*names, "TopicArn", "Type"])


def complete(fields: dict[str, Any], key: int = 0) -> dict[str, Any]:
    digest = hashes.SHA1() if fields["SignatureVersion"] == "1" else hashes.SHA256()
    raw = signed(message(fields).encode("utf-8", "surrogatepass"), digest, rsa_key(key))
    return fields | {"Signature": base64.b64encode(raw).decode()}


def seen(
    body: dict[str, Any] | bytes,
    *secrets: str | bytes,
    pem: bytes | None = PEM,
    now_s: float = NOW_S,
    **asked: Any,
) -> Verification:
    made = delivery(body)
    return coded.verify(PROVIDER, made, secrets, now_s=now_s, fetch={URL: pem}.get, **asked)


def delivery(body: dict[str, Any] | bytes) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return request(headers=headers(("x-amz-sns-message-type", "Notification")), body=raw)


def test_right_one_says_what_it_covers() -> None:
    """The members of the body that are signed, and that it may be anybody's."""
    assert seen(complete(NOTIFICATION)) == Verification(
        Outcome.VERIFIED,
        "RSA signature by SNS's certificate fits 6 members of the body; "
        "it may be anybody's topic: set the topic's ARN as secret to accept that one only",
        None,
        NOW_S,
        (
            "json Message",
            "json MessageId",
            "json Subject",
            "json Timestamp",
            "json TopicArn",
            "json Type",
        ),
    )


@pytest.mark.parametrize("fields", [NOTIFICATION, WITHOUT_SUBJECT, CONFIRMATION, END])
@pytest.mark.parametrize("version", ["1", "2"])
def test_every_type_and_version(fields: dict[str, Any], version: str) -> None:
    """Each is signed over its own members, in the page's order."""
    whole = complete(fields | {"SignatureVersion": version})
    swapped = whole | {"SignatureVersion": "1" if version == "2" else "2"}

    assert seen(whole).outcome is Outcome.VERIFIED
    assert seen(dict(reversed(whole.items()))).outcome is Outcome.VERIFIED
    assert seen(swapped).outcome is Outcome.MISMATCH


def test_endpoint_may_want_one_topic() -> None:
    """Its ARN stands as the secret, or several do."""
    whole = complete(NOTIFICATION)

    assert seen(whole, TOPIC).secret_index == 0
    assert seen(whole, TOPIC).detail.endswith("and TopicArn is the one set as secret")
    assert seen(whole, "other", TOPIC).secret_index == 1
    found = seen(whole, "arn:aws:sns:eu-west-1:666666666666:bookings")
    assert found.outcome is Outcome.MISMATCH
    assert found.detail.endswith("of another topic")
    assert seen(whole, TOPIC + "x").outcome is Outcome.MISMATCH
    assert seen(whole, "").outcome is Outcome.VERIFIED
    assert seen(whole, "").secret_index is None


@pytest.mark.parametrize(
    "name", ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp"]
)
def test_change_of_what_is_covered_is_seen(name: str) -> None:
    """And of nothing else: the rest of the body is not signed."""
    whole = complete(NOTIFICATION)
    other = {"Timestamp": "2026-06-02T08:00:01.000Z"}.get(name, "other")

    assert seen(whole | {name: other}).outcome in {Outcome.MISMATCH, Outcome.MALFORMED}
    assert seen(whole | {name: whole[name] + "\n"}).outcome in {Outcome.MISMATCH, Outcome.MALFORMED}
    assert seen(whole | {"UnsubscribeURL": "https://evil.test"}).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("name", ["Token", "SubscribeURL"])
def test_confirmation_is_signed_whole(name: str) -> None:
    """Or somebody could have us confirm elsewhere."""
    for fields in (CONFIRMATION, END):
        assert seen(complete(fields) | {name: "https://evil.test/"}).outcome is Outcome.MISMATCH


def test_subject_that_was_added_or_taken_is_seen() -> None:
    """Where it is there, it is signed."""
    assert seen(complete(WITHOUT_SUBJECT) | {"Subject": "new"}).outcome is Outcome.MISMATCH
    whole = complete(NOTIFICATION)
    del whole["Subject"]
    assert seen(whole).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("name", [*NOTIFICATION, "Signature"])
def test_key_that_is_there_twice_is_malformed(name: str) -> None:
    """Which of the two counts is every parser's own choice: the app may read the one that nobody signed."""
    whole = complete(NOTIFICATION)
    text = json.dumps(whole)

    for twice in (
        text.replace("{", f'{{"{name}": "other", ', 1),
        text[:-1] + f', "{name}": "other"}}',
    ):
        assert seen(twice.encode()).outcome == Outcome.MALFORMED


def test_doubled_subject_cannot_be_smuggled_in() -> None:
    """Into a message that was signed without one."""
    text = json.dumps(complete(WITHOUT_SUBJECT))
    twice = text[:-1] + ', "Subject": "a", "Subject": "b"}'

    assert seen(twice.encode()).outcome is Outcome.MALFORMED
    for first, second in (("null", '"b"'), ('"a"', "null"), ("null", "null")):
        twice = text[:-1] + f', "Subject": {first}, "Subject": {second}}}'
        assert seen(twice.encode()).outcome is Outcome.MALFORMED


def test_subject_that_is_null_is_none() -> None:
    """As to the vendor's own verifiers; whatever else stands in the body, which may begin with a byte order mark."""
    whole = complete(WITHOUT_SUBJECT) | {"Subject": None, "Others": [{"Subject": "a"}]}
    text = json.dumps(whole).replace('"a"', "1" * 5000)

    for body in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        found = seen(body)
        assert found.outcome is Outcome.VERIFIED
        assert "json Subject" not in found.covered
    taken = complete(NOTIFICATION) | {"Subject": None}
    assert seen(taken).outcome is Outcome.MISMATCH
    assert seen(complete(CONFIRMATION) | {"Subject": None}).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("name", [*WITHOUT_SUBJECT, "Signature"])
@pytest.mark.parametrize("value", [None, [], {}, True, 1.5, ["Notification"]])
def test_member_of_another_kind_is_malformed(name: str, value: Any) -> None:
    """Only text is signed."""
    assert seen(complete(NOTIFICATION) | {name: value}).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("name", [*WITHOUT_SUBJECT, "Signature"])
def test_absent_member(name: str) -> None:
    """Without a signature it is not signed; without another it cannot be read."""
    whole = complete(NOTIFICATION)
    del whole[name]

    outcome = Outcome.MISSING if name == "Signature" else Outcome.MALFORMED
    assert seen(whole).outcome is outcome


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'"Signature"', b"{", b"\xff", b"[" * 10_000, b'{"Message":1}'],
)
def test_body_without_a_signature_is_missing_it(body: bytes) -> None:
    """Whatever it is."""
    assert seen(body).outcome is Outcome.MISSING


def test_raw_delivery_is_named() -> None:
    """A setting of the subscription, which takes the signature away."""
    made = request(headers=headers(("x-amz-sns-rawdelivery", "true")), body=b"hello")
    found = coded.verify(PROVIDER, made, [], now_s=NOW_S)

    assert found.outcome is Outcome.MISSING
    assert "switch raw message delivery off" in found.detail


def test_huge_body_is_not_looked_into() -> None:
    """SNS sends 256 KiB at most."""
    assert (
        seen(json.dumps(complete(NOTIFICATION)).encode() + b" " * (1 << 20)).outcome
        is Outcome.MALFORMED
    )


@pytest.mark.parametrize("version", ["", "3", "02", "sha256"])
def test_unknown_version_is_malformed(version: str) -> None:
    """There are two."""
    assert seen(complete(NOTIFICATION) | {"SignatureVersion": version}).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Signature", "%%%"),
        ("Signature", "\u00e9"),
        ("Timestamp", "now"),
        ("Timestamp", ""),
        ("Type", ""),
        ("Type", "Other"),
    ],
)
def test_unreadable_member_is_malformed(name: str, value: str) -> None:
    """Before anybody is asked."""
    assert seen(complete(NOTIFICATION) | {name: value}).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.us-gov-west-1.amazonaws.com/a.pem",
        "https://sns.ap-southeast-2.amazonaws.com/a.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
    ],
)
def test_sns_own_hosts_are_asked(url: str) -> None:
    """One per region."""
    assert coded.certificate_url(PROVIDER, delivery({"SigningCertURL": url})) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.test/a.pem",
        "https://sns.eu-west-1.amazonaws.evil.test/a.pem",
        "https://evilsns.eu-west-1.amazonaws.com/a.pem",
        "https://evil.sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "https://sns.s3.amazonaws.com/a.pem",
        "https://sns.s3-us-west-2.amazonaws.com/a.pem",
        "https://sns.us-west-2-s3.amazonaws.com/a.pem",
        "https://sqs.eu-west-1.amazonaws.com/a.pem",
        "https://eu-west-1.amazonaws.com/sns/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.test/a.pem",
        "https://x@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x",
        "https://sns.eu-west-1.amazonaws.com/?a.pem",
        "https://sns.eu-west-1.amazonaws.com/#.pem",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://sns.eu-west-1.amazonaws.com/a/b.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com/a.pem\n",
        "https://sns.\uff45u-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-\u0661.amazonaws.com/a.pem",
        "",
    ],
)
def test_nobody_else_is_asked(url: str) -> None:
    """Though the certificate there would fit; a bucket of S3 is somebody's own."""
    made = delivery(complete(NOTIFICATION | {"SigningCertURL": url}))
    found = coded.verify(PROVIDER, made, [], now_s=NOW_S, fetch=lambda _: PEM)

    assert coded.certificate_url(PROVIDER, made) is None
    assert found.outcome is Outcome.MALFORMED
    assert "evil" not in found.detail


def test_certificate_that_nobody_could_get_is_no_pass() -> None:
    """Offline: the sentence names the host, and what to do."""
    found = seen(complete(NOTIFICATION), pem=None)

    assert found.outcome is Outcome.NO_SECRET
    assert "could not be fetched from sns.eu-west-1.amazonaws.com" in found.detail
    assert seen(complete(NOTIFICATION), TOPIC, pem=None).outcome is Outcome.NO_SECRET


def test_certificate_that_nobody_can_get_is_no_way_in() -> None:
    """Where an endpoint wants one topic, a message of another, or of a region that is not there, is told from that."""
    elsewhere = complete(
        NOTIFICATION | {"SigningCertURL": URL.replace("eu-west-1", "eu-nowhere-9")}
    )

    assert seen(complete(NOTIFICATION), TOPIC + "x", pem=None).outcome is Outcome.MISMATCH
    assert seen(elsewhere, TOPIC).outcome is Outcome.MISMATCH
    assert seen(elsewhere).outcome is Outcome.NO_SECRET


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"nonsense",
        certificate(rsa_key(1)),
        certificate(curve_key()),
        certificate(rsa_key(), until="2026-06-01"),
    ],
)
def test_wrong_certificate_is_a_mismatch(pem: bytes) -> None:
    """Another's, none, or one that had run out."""
    assert seen(complete(NOTIFICATION), pem=pem).outcome is Outcome.MISMATCH


def test_age_counts_only_where_somebody_says_so() -> None:
    """AWS states no tolerance."""
    whole = complete(NOTIFICATION)

    assert seen(whole, now_s=NOW_S + 10**6).outcome is Outcome.VERIFIED
    assert seen(whole, now_s=NOW_S + 61, tolerance_s=60).outcome is Outcome.STALE


def test_text_is_signed_as_utf8() -> None:
    """Whatever JSON can say: escapes, other planes, half a surrogate pair."""
    for text in ("\u00fc\u2028\U0001f3e8", '\\"\x00\t', "\ud83c", "", "x" * 200_000):
        assert seen(complete(NOTIFICATION | {"Message": text})).outcome is Outcome.VERIFIED


def test_nobody_but_sns_can_sign() -> None:
    """And that is what is said."""
    assert "only AWS has" in coded.obstacle(PROVIDER)
    with pytest.raises(SigningError, match="only AWS has"):
        coded.sign(PROVIDER, request(), TOPIC, now_s=NOW_S)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["Notification", "1", URL]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*CONFIRMATION, "Subject"]), inner)
    ),
    max_leaves=12,
)


@given(
    st.binary(max_size=60),
    JSON,
    st.lists(st.binary(max_size=9), max_size=2),
    st.sampled_from([PEM, b"", None]),
)
def test_nothing_raises(raw: bytes, document: Any, secrets: list[bytes], pem: bytes | None) -> None:
    """Whatever the body is, and whatever is at the URL."""
    whole = complete(NOTIFICATION)
    bodies = [raw, json.dumps(document).encode()]
    if isinstance(document, dict):
        bodies.append(json.dumps(whole | document).encode())

    for body in bodies:
        found = coded.verify(PROVIDER, delivery(body), secrets, now_s=NOW_S, fetch=lambda _: pem)
        assert found.outcome is not Outcome.VERIFIED or json.loads(body) | whole == json.loads(body)
        assert found.detail.isprintable()

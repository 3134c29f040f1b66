"""Amazon SNS: an RSA signature within the JSON body, over some of its members.

Anybody with an AWS account can have SNS sign. A secret is not needed to check that; where an endpoint has one, it is
the ARN of the topic whose messages it wants. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import hmac
import json
import re
from codecs import BOM_UTF8
from typing import Any, NamedTuple

from inspector.core.bodyfields import CAP_BYTES
from inspector.core.coded import certificate
from inspector.core.coded.given import Given, judged, malformed, whole
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Verification
from inspector.core.timestamps import TimeRule, Unit, Window

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""What is signed, in this order, by the message's type."""
_DIGESTS = {"1": "sha1", "2": "sha256"}
"""By SignatureVersion."""

_MEMBERS = json.JSONDecoder(parse_int=str, object_pairs_hook=list)
"""Keeps the members of an object as pairs, those of one name too."""

_RULE = TimeRule(Unit.RFC3339, None, Window.BOTH)
"""AWS states no tolerance."""
# A region has the form of one: `sns.s3-us-west-2.amazonaws.com` would be somebody's bucket.
_ORIGIN = r"https://sns\.[a-z]{2}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_ORIGIN + r"/[A-Za-z0-9._-]{1,128}\.pem", re.ASCII)
_SUBSCRIBE = re.compile(_ORIGIN + r"/\?Action=ConfirmSubscription&[!-~]{1,2048}", re.ASCII)

OBSTACLE = "Amazon SNS puts its signature into the body, made with a private key which only AWS has"


def verify(given: Given) -> Verification:
    """Check the signature, then the topic if the endpoint names one."""
    claim = _claim(given.fields)
    if isinstance(claim, Verification):
        return claim
    pem = certificate.fetched(given, claim.url, claim.signed_at_s)
    if isinstance(pem, Verification):
        return pem if _may_be_wanted(given, claim) else _other_topic(claim)
    said = certificate.complaint(
        pem, claim.message, claim.signature, claim.digest, claim.signed_at_s
    )
    if said is not None:
        detail = f"Signature in the body does not hold: {said}"
        return Verification(Outcome.MISMATCH, detail, signed_at_s=whole(claim.signed_at_s))
    return _of_topic(given, claim)


def certificate_url(fields: Fields) -> str | None:
    """Return where the certificate is; None if the request does not say, or names a host that is not SNS's."""
    document = fields.document()
    url = document.get("SigningCertURL") if isinstance(document, dict) else None
    return url if isinstance(url, str) and _CERTIFICATE.fullmatch(url) else None


def subscribe_url(fields: Fields) -> str | None:
    """Return the URL whose visit confirms a subscription; None if this asks for none, or names a host not SNS's."""
    document = fields.document()
    # An unsubscription has such a URL too, whose visit would take it back.
    if not isinstance(document, dict) or document.get("Type") != "SubscriptionConfirmation":
        return None
    url = document.get("SubscribeURL")
    return url if isinstance(url, str) and _SUBSCRIBE.fullmatch(url) else None


class _Claim(NamedTuple):
    """What a message claims, once all of it could be read."""

    signature: bytes
    digest: str
    message: bytes
    names: tuple[str, ...]
    topic: str
    signed_at_s: float
    url: str


def _claim(fields: Fields) -> _Claim | Verification:
    document = fields.document()
    if not isinstance(document, dict) or "Signature" not in document:
        return _not_signed(fields)
    kind = document.get("Type")
    names = _SIGNED.get(kind) if isinstance(kind, str) else None
    if names is None:
        return malformed("Type in the body is none of SNS's three, or is there twice")
    if document.get("Subject", "") is None and _has_null_subject(fields):
        document = {name: value for name, value in document.items() if name != "Subject"}
    names = tuple(name for name in names if name in document or name != "Subject")
    for name in (*names, "Signature", "SignatureVersion", "SigningCertURL"):
        if not isinstance(document.get(name), str):
            return malformed(f"{name} in the body is not text, is there twice, or is missing")
    return _read(document, names, fields)


def _has_null_subject(fields: Fields) -> bool:
    """Whether Subject is there once, as null: to AWS's own verifiers that is none, so it is not signed.

    The document does not tell that from one that is there twice.
    """
    try:
        members = _MEMBERS.decode(fields.request.body.removeprefix(BOM_UTF8).decode())
    except RecursionError:  # the document was read from a place that is less deep
        return False
    return [value for name, value in members if name == "Subject"] == [None]


def _read(
    document: dict[str, Any], names: tuple[str, ...], fields: Fields
) -> _Claim | Verification:
    digest = _DIGESTS.get(document["SignatureVersion"])
    if digest is None:
        return malformed("SignatureVersion in the body is neither 1 nor 2")
    signature = certificate.decoded(_utf8(document["Signature"]))
    if signature is None:
        return malformed("Signature in the body is not base64")
    signed_at_s = _RULE.read(_utf8(document["Timestamp"]))
    if signed_at_s is None:
        return malformed("Timestamp in the body is not an RFC 3339 time")
    url = certificate_url(fields)
    if url is None:
        return malformed(
            "SigningCertURL in the body is not where SNS keeps its certificates, so it was not asked"
        )
    lines = (f"{name}\n{document[name]}\n" for name in names)
    message = _utf8("".join(lines))
    return _Claim(signature, digest, message, names, document["TopicArn"], signed_at_s, url)


def _not_signed(fields: Fields) -> Verification:
    if len(fields.request.body) > CAP_BYTES:
        return malformed("the body is larger than any SNS message, and was not looked into")
    if fields.headers.get(b"x-amz-sns-rawdelivery") == b"true":
        detail = (
            "SNS delivers this topic raw, which it does not sign: switch raw message delivery off"
        )
        return Verification(Outcome.MISSING, detail)
    return Verification(
        Outcome.MISSING, "no Signature in the body, so this is not signed as Amazon SNS signs"
    )


def _of_topic(given: Given, claim: _Claim) -> Verification:
    """Return the verdict on a message that SNS has signed."""
    index = _wanted(given, claim)
    if index is None and any(given.keys):
        return _other_topic(claim)
    late = given.lateness(_RULE, claim.signed_at_s)
    detail = f"RSA signature by SNS's certificate fits {len(claim.names)} members of the body"
    if index is None:
        detail += (
            "; it may be anybody's topic: set the topic's ARN as secret to accept that one only"
        )
    else:
        detail += ", and TopicArn is the one set as secret"
    covered = (f"json {name}" for name in claim.names)
    return judged(late, detail, index=index, signed_at_s=claim.signed_at_s, covered=covered)


def _may_be_wanted(given: Given, claim: _Claim) -> bool:
    """Whether a message may be for this endpoint, for all that can be said without its certificate.

    Or else whoever names a region that does not exist, of which nothing can be fetched, would go unchecked.
    """
    if not any(given.keys):
        return True
    region = claim.url.split(".")[1]
    return _wanted(given, claim) is not None and f":sns:{region}:" in claim.topic


def _wanted(given: Given, claim: _Claim) -> int | None:
    """Return which of the endpoint's secrets is the message's topic."""
    topic = _utf8(claim.topic)
    same = [key is not None and hmac.compare_digest(key, topic) for key in given.keys]
    return same.index(True) if True in same else None


def _other_topic(claim: _Claim) -> Verification:
    detail = (
        "TopicArn in the body is not this endpoint's secret, so the message is of another topic"
    )
    return Verification(Outcome.MISMATCH, detail, signed_at_s=whole(claim.signed_at_s))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

"""PayPal: an RSA signature over transmission id, time, webhook id and the body's CRC-32.

The secret is the id of the webhook as PayPal's developer portal shows it: it ties a delivery to this endpoint, where
the certificate only says that it is PayPal's. https://developer.paypal.com/api/rest/webhooks/rest/ (self verification)
"""

import re
import zlib
from typing import NamedTuple

from inspector.core import wording
from inspector.core.coded import certificate
from inspector.core.coded.given import Given, judged, malformed, whole
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Verification
from inspector.core.timestamps import TimeRule, Unit, Window

_SIGNATURE = b"PAYPAL-TRANSMISSION-SIG"
_ID = b"PAYPAL-TRANSMISSION-ID"
_TIME = b"PAYPAL-TRANSMISSION-TIME"
_URL = b"PAYPAL-CERT-URL"
_ALGORITHM = b"PAYPAL-AUTH-ALGO"

_RULE = TimeRule(Unit.RFC3339, None, Window.BOTH)
"""PayPal states no tolerance."""
_CERTIFICATE = re.compile(
    rb"https://api(-m)?(\.sandbox)?\.paypal\.com/v[0-9]{1,2}/notifications/certs/[A-Za-z0-9_-]{1,128}"
)
_COVERED = ("header PAYPAL-TRANSMISSION-ID", "header PAYPAL-TRANSMISSION-TIME", "body")

OBSTACLE = "PayPal signs with a private key, which only PayPal has, and names a certificate on PayPal's own host"


def verify(given: Given) -> Verification:
    """Check the signature of one of the endpoint's webhook ids."""
    claim = _claim(given)
    if isinstance(claim, Verification):
        return claim
    at_s = whole(claim.signed_at_s)
    if not given.keys:
        detail = (
            "PAYPAL-TRANSMISSION-SIG was sent, and this endpoint has no webhook id to check it with"
        )
        return Verification(Outcome.NO_SECRET, detail, signed_at_s=at_s)
    pem = certificate.fetched(given, claim.url, claim.signed_at_s)
    if isinstance(pem, Verification):
        return pem
    why = "it is empty"
    for index, key in enumerate(given.keys):
        if key is None:
            continue
        message = claim.message(key, given.request.body)
        said = certificate.complaint(pem, message, claim.signature, "sha256", claim.signed_at_s)
        if said is None:
            return _right(given, index, claim.signed_at_s)
        why = said
    detail = f"PAYPAL-TRANSMISSION-SIG does not hold for {wording.any_of('webhook id', len(given.keys))}: {why}"
    return Verification(Outcome.MISMATCH, detail, signed_at_s=at_s)


def certificate_url(fields: Fields) -> str | None:
    """Return where the certificate is; None if the request does not say, or names a host that is not PayPal's."""
    url = fields.headers.get(_URL.lower())
    return url.decode() if url and _CERTIFICATE.fullmatch(url) else None


class _Claim(NamedTuple):
    """What a request claims, once all of it could be read."""

    signature: bytes
    identity: bytes
    time: bytes
    signed_at_s: float
    url: str

    def message(self, webhook_id: bytes, body: bytes) -> bytes:
        """Return what PayPal signs for this webhook."""
        return b"|".join((self.identity, self.time, webhook_id, b"%d" % zlib.crc32(body)))


def _claim(given: Given) -> _Claim | Verification:
    found = [given.header(name) for name in (_SIGNATURE, _ID, _TIME, _URL, _ALGORITHM)]
    for value in found:
        if isinstance(value, Verification):
            return value
    text, identity, time, _, algorithm = (value for value in found if isinstance(value, bytes))
    if algorithm != b"SHA256withRSA":
        return malformed("PAYPAL-AUTH-ALGO is not SHA256withRSA, the only algorithm accepted")
    signed_at_s = _RULE.read(time)
    if signed_at_s is None:
        return malformed("PAYPAL-TRANSMISSION-TIME is not an RFC 3339 time")
    signature = certificate.decoded(text)
    if signature is None:
        return malformed("PAYPAL-TRANSMISSION-SIG is not base64")
    url = certificate_url(given.fields)
    if url is None:
        return malformed(
            "PAYPAL-CERT-URL is not where PayPal keeps its certificates, so it was not asked"
        )
    return _Claim(signature, identity, time, signed_at_s, url)


def _right(given: Given, index: int, signed_at_s: float) -> Verification:
    late = given.lateness(_RULE, signed_at_s)
    detail = (
        f"RSA-SHA256 signature by PayPal's certificate fits {wording.one_of('webhook id', index, len(given.keys))}; "
        "of the body, PayPal signs the CRC-32"
    )
    return judged(late, detail, index=index, signed_at_s=signed_at_s, covered=_COVERED)

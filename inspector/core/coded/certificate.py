"""Signatures whose key stands in a certificate at a URL that the request names: PayPal, AWS SNS.

The request may name any URL, so what makes the key the provider's is where it was fetched from: one of the provider's
own hosts, over TLS. The certificates themselves lead to roots that differ and change; the vendors' own verifiers for
AWS do not follow them either.
"""

import binascii

from inspector.core.coded.given import Given, whole
from inspector.core.model import Outcome, Verification


def fetched(given: Given, url: str, signed_at_s: float) -> bytes | Verification:
    """Return the certificate at `url`; or the verdict that nobody could get it, which is no pass."""
    pem = given.fetch(url) if given.fetch else None
    if pem is not None:
        return pem
    host = url.split("/")[2]
    detail = (
        f"certificate not available: it could not be fetched from {host}, so the signature was not checked "
        "(reverify once this machine is online)"
    )
    return Verification(Outcome.NO_SECRET, detail, signed_at_s=whole(signed_at_s))


def complaint(
    pem: bytes, message: bytes, signature: bytes, digest: str, signed_at_s: float
) -> str | None:
    """Return why the certificate does not speak for `message`, as the end of a sentence; None if it does."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "there is no certificate at the URL it names"
    if not isinstance(key, rsa.RSAPublicKey):
        return "the certificate at the URL it names has no RSA key"
    algorithm = hashes.SHA1() if digest == "sha1" else hashes.SHA256()  # noqa: S303 - SNS version 1
    try:
        key.verify(signature, message, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return "the certificate at the URL it names did not make it"
    # Not today: an old delivery is not wrong because its certificate has run out since.
    valid = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    if not valid[0].timestamp() <= signed_at_s <= valid[1].timestamp():
        return "the certificate at the URL it names was not valid when this was signed"
    return None


def decoded(signature: bytes) -> bytes | None:
    """Return the bytes of a signature in base64."""
    try:
        return binascii.a2b_base64(signature, strict_mode=True)
    except ValueError:
        return None

"""The arithmetic of the schemes: what a key makes of a message, and whether a signature is one's own."""

import hashlib
import hmac
from collections.abc import Iterable

from inspector.core import keypairs
from inspector.core.formats import Encoding
from inspector.core.providers import Provider, Scheme


def expected(provider: Provider, key: bytes, message: bytes) -> bytes:
    """Return the text that a right signature equals. Only for schemes where the key can sign."""
    match provider.scheme:
        case Scheme.HMAC:
            return provider.encoding.text_of(hmac.digest(key, message, provider.digest))
        case Scheme.DIGEST:
            return provider.encoding.text_of(hashlib.new(provider.digest, message).digest())
        case Scheme.TOKEN:
            return key
        case Scheme.BASIC:
            return Encoding.BASE64.text_of(key)
        case _:
            raise AssertionError(f"{provider.scheme} has no expected signature")


def matches(provider: Provider, key: bytes, message: bytes, candidates: Iterable[bytes]) -> bool:
    """Whether any of the candidates is right. Texts that must stay secret are all compared, each in constant time."""
    if provider.is_asymmetric:
        return any(_is_signed(provider, key, message, candidate) for candidate in candidates)
    right = expected(provider, key, message)
    found = False
    for candidate in candidates:
        found |= hmac.compare_digest(right, candidate)
    return found


def spoilt(provider: Provider, signature: bytes) -> bytes:
    """Return a text of the same form that is wrong: one character is another, or in a key pair's scheme one bit."""
    if provider.is_asymmetric:
        return keypairs.spoilt(provider, signature)
    if provider.scheme is not Scheme.BASIC:
        return _another(signature)
    user, colon, password = (Encoding.BASE64.bytes_of(signature) or b"").partition(b":")
    return Encoding.BASE64.text_of(user + colon + _another(password))


def name(provider: Provider) -> str:
    """Return what a person calls it: `HMAC-SHA256`, `Ed25519`."""
    match provider.scheme:
        case Scheme.HMAC:
            return f"HMAC-{provider.digest.upper()}"
        case Scheme.DIGEST:
            return provider.digest.upper()
        case Scheme.ED25519:
            return "Ed25519"
        case Scheme.ECDSA_P256:
            return "ECDSA P-256"
        case Scheme.CONTENTFUL:
            return "HMAC-SHA256 of listed headers"
        case Scheme.JWT:
            return "JSON Web Token (ES256)"
        case Scheme.PAYPAL | Scheme.SNS:
            return "RSA, by certificate"
        case Scheme.RFC9421:
            return "HTTP Message Signature"
        case _:
            return provider.scheme.value


def _another(text: bytes) -> bytes:
    # Both are good in hex, in base64 and in a token. Half of a UTF-8 character is left alone.
    if not text[:1].isascii():
        return text + b"0"
    return (b"1" if text.startswith(b"0") else b"0") + text[1:]


def _is_signed(provider: Provider, key: bytes, message: bytes, candidate: bytes) -> bool:
    # Loaded late: it is the slowest import there is here, and few providers need it.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    signature = provider.encoding.signature_of(candidate)
    if signature is None:
        return False
    try:
        if provider.scheme is Scheme.ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        public = load_der_public_key(key)
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
            return False
        public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False

"""The key in a secret, for schemes that take several kinds, and the algorithms of RFC 9421, 3.3.

One that is written as a public key is one: it is never taken for the text of a shared secret, which whoever knows the
public key could then sign with.
"""

import binascii
import hmac
import re
from functools import lru_cache
from typing import Any, NamedTuple

from inspector.core.bodyfields import parse_json

HMAC_SHA256 = "hmac-sha256"
ED25519 = "ed25519"
ECDSA_P256 = "ecdsa-p256-sha256"
ECDSA_P384 = "ecdsa-p384-sha384"
RSA_PSS = "rsa-pss-sha512"
RSA_V1_5 = "rsa-v1_5-sha256"

_CURVES = {"secp256r1": ECDSA_P256, "secp384r1": ECDSA_P384}
_PSS_SALT_BYTES = 64
_HEX = re.compile(rb"([0-9a-f]{2})+|([0-9A-F]{2})+")


class Key(NamedTuple):
    """What a secret turned out to be."""

    algorithms: tuple[str, ...]
    """What it can be used with."""
    shared: tuple[bytes, ...] = ()
    """What the text may stand for, where both sides know it; the first signs."""
    public: Any = None
    private: Any = None
    name: str | None = None
    """What the key calls itself: `kid` (RFC 7517, 4.5)."""


@lru_cache(
    maxsize=64
)  # an endpoint's are the same every time, and PEM takes longer to read than a signature
def read(secret: bytes) -> Key | None:
    """Read PEM, a JSON Web Key, a public key in base64 (DER), or else a shared secret; None if it is a broken key.

    A shared secret may be written in base64, as RFC 9421 writes its own (B.1.5), or be used as it stands. Most texts
    in hex are base64 as well, so both are good.
    """
    text = secret.strip()
    if b"-----BEGIN" in text:
        return _from_pem(text)
    document = parse_json(text) if text.startswith(b"{") else None
    if isinstance(document, dict) and "kty" in document:
        return _from_jwk(document)
    return _from_der(text) or Key((HMAC_SHA256,), shared=_meanings(secret))


def verifies(key: Key, algorithm: str, message: bytes, signature: bytes) -> bool:
    """Whether `key` made `signature`. `algorithm` is one of the key's own."""
    if algorithm == HMAC_SHA256:
        found = False
        for shared in key.shared:
            found |= hmac.compare_digest(hmac.digest(shared, message, "sha256"), signature)
        return found
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        _verify(key.public, algorithm, message, signature)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def made(key: Key, algorithm: str, message: bytes) -> bytes:
    """Return a signature. `key` is shared or private, `algorithm` one of its own."""
    if algorithm == HMAC_SHA256:
        return hmac.digest(key.shared[0], message, "sha256")
    from cryptography.hazmat.primitives.asymmetric import utils

    private = key.private
    if algorithm == ED25519:
        return bytes(private.sign(message))
    if algorithm in (RSA_PSS, RSA_V1_5):
        return bytes(private.sign(message, *_rsa(algorithm)))
    r, s = utils.decode_dss_signature(private.sign(message, _ecdsa(algorithm)))
    size = _half(algorithm)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _verify(public: Any, algorithm: str, message: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import utils

    if algorithm == ED25519:
        public.verify(signature, message)
    elif algorithm in (RSA_PSS, RSA_V1_5):
        public.verify(signature, message, *_rsa(algorithm))
    else:
        size = _half(algorithm)
        if len(signature) != 2 * size:
            raise ValueError("not two numbers of the curve's size")
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        public.verify(utils.encode_dss_signature(r, s), message, _ecdsa(algorithm))


def _rsa(algorithm: str) -> tuple[Any, Any]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    if algorithm == RSA_V1_5:
        return padding.PKCS1v15(), hashes.SHA256()
    return padding.PSS(padding.MGF1(hashes.SHA512()), _PSS_SALT_BYTES), hashes.SHA512()


def _ecdsa(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(hashes.SHA256() if algorithm == ECDSA_P256 else hashes.SHA384())


def _half(algorithm: str) -> int:
    return 32 if algorithm == ECDSA_P256 else 48


def _meanings(secret: bytes) -> tuple[bytes, ...]:
    try:
        decoded = binascii.a2b_base64(secret.strip(), strict_mode=True)
    except ValueError:
        return (secret,)
    return (secret, decoded) if _HEX.fullmatch(secret) else (decoded, secret)


def _from_pem(text: bytes) -> Key | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_pem_x509_certificate

    try:
        if b"PRIVATE KEY-----" in text:
            return _of(serialization.load_pem_private_key(text, None))
        if b"-----BEGIN CERTIFICATE-----" in text:
            return _of(load_pem_x509_certificate(text).public_key())
        return _of(serialization.load_pem_public_key(text))
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        return None


def _from_jwk(document: dict[str, Any]) -> Key | None:
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    # Without its algorithm, as one that a library does not know says nothing about the key.
    members = {
        name: value for name, value in document.items() if name != "alg" and type(value) is str
    }
    try:
        key = PyJWK(members).key
    except (PyJWTError, ValueError, TypeError, KeyError, NotImplementedError):
        return None
    if key == b"":
        return None
    kid = document.get("kid")
    found = Key((HMAC_SHA256,), shared=(key,)) if isinstance(key, bytes) else _of(key)
    return found._replace(name=kid if isinstance(kid, str) else None) if found else None


def _from_der(text: bytes) -> Key | None:
    # As every DER SEQUENCE does in base64: so most secrets need no library.
    if not text.startswith(b"M"):
        return None
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return _of(load_der_public_key(binascii.a2b_base64(text, strict_mode=True)))
    except (ValueError, UnsupportedAlgorithm):
        return None


def _of(key: Any) -> Key | None:
    """Return one half of a key pair as a key; of a private half, the public one is known too."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    private = key if hasattr(key, "private_bytes") else None
    public = key.public_key() if private is not None else key
    if isinstance(public, ed25519.Ed25519PublicKey):
        return Key((ED25519,), public=public, private=private)
    if isinstance(public, rsa.RSAPublicKey):
        return Key((RSA_PSS, RSA_V1_5), public=public, private=private)
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return Key((_CURVES[public.curve.name],), public=public, private=private)
    return None

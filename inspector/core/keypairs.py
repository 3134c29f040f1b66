"""Key pairs of the asymmetric schemes: a private key as people have it, what it signs, and its public half.

A provider's own private key never leaves the provider. These are pairs made for testing, the public one of which is
given to the app as if it were the provider's.
"""

import binascii
import hmac
from typing import TYPE_CHECKING, TypeGuard, Union

from inspector.core.formats import Encoding
from inspector.core.providers import Provider, Scheme
from inspector.errors import SigningError

if (
    TYPE_CHECKING
):  # loaded late elsewhere: it is the slowest import there is here, and few providers need it
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PrivateKey = Union["Ed25519PrivateKey", "EllipticCurvePrivateKey"]

_STANDARD_PREFIX = b"whsk_"
"""Before the base64 of seed and public key (Standard Webhooks, "Signature scheme")."""
_SEED_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve's base point (SEC 2, 2.4.2): private keys are less."""


def private_key(provider: Provider, secret: bytes | str) -> PrivateKey:
    """Read a private key for this provider's scheme.

    It may be PEM (PKCS #8, SEC 1 or OpenSSH), DER, the 32 bytes of the key itself, or those and the 32 of an Ed25519
    public key (`whsk_...`); all but PEM in hex or base64 as well. Raises SigningError for a public key and for
    whatever else it is; its sentence holds nothing of it.
    """
    from cryptography.hazmat.primitives.asymmetric import ed25519

    given = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    text = given.strip()
    public = bool(provider.secret.strip) and text.startswith(provider.secret.strip)
    if public or b"PUBLIC KEY" in text:
        raise SigningError(_is_public(provider))
    text = text.removeprefix(_STANDARD_PREFIX)
    if b"-----BEGIN" in text:
        found: object = _from_pem(provider, text.replace(b"\\n", b"\n"))
    else:
        found = _from_bytes(provider, _decoded(text) if text.isascii() else given)
    if provider.scheme is Scheme.ED25519 and isinstance(found, ed25519.Ed25519PrivateKey):
        return found
    if provider.scheme is Scheme.ECDSA_P256 and _is_p256(found):
        return found
    raise SigningError(
        f"{_named(provider)} is a key of another kind: {_wanted(provider)} is needed"
    )


def public_secret(provider: Provider, key: PrivateKey) -> bytes:
    """Return the public half as this provider shows it to those who verify: what an endpoint has as its secret."""
    from cryptography.hazmat.primitives.serialization import Encoding as Written
    from cryptography.hazmat.primitives.serialization import PublicFormat

    if provider.scheme is Scheme.ED25519:
        raw = key.public_key().public_bytes(Written.Raw, PublicFormat.Raw)
    else:
        raw = key.public_key().public_bytes(Written.DER, PublicFormat.SubjectPublicKeyInfo)
    return provider.secret.written(raw)


def signature(provider: Provider, key: PrivateKey, message: bytes) -> bytes:
    """Return the text of a right signature."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return provider.encoding.text_of(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return provider.encoding.text_of(key.sign(message))


def spoilt(provider: Provider, right: bytes) -> bytes:
    """Return another text of the same form: it decodes, and the numbers in it are possible ones, but wrong."""
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    raw = bytearray(provider.encoding.bytes_of(right) or b"")
    if provider.scheme is Scheme.ECDSA_P256:
        r, s = decode_dss_signature(bytes(raw))
        return provider.encoding.text_of(encode_dss_signature(r, s ^ 1))
    raw[32] ^= 1  # the lowest bit of S, which so stays below the group's order (RFC 8032, 5.1.7)
    return provider.encoding.text_of(bytes(raw))


def sample(provider: Provider, seed: bytes) -> bytes:
    """Return the private key that follows from `seed`, in hex."""
    if provider.scheme is Scheme.ED25519:
        return binascii.hexlify(_drawn(provider, seed))
    return b"%064x" % _number(provider, seed)


def sample_curve_key(provider: Provider, seed: bytes) -> "EllipticCurvePrivateKey":
    """Return the P-256 key that follows from `seed`."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(_number(provider, seed), ec.SECP256R1())


def _number(provider: Provider, seed: bytes) -> int:
    return 1 + int.from_bytes(_drawn(provider, seed)) % (_P256_ORDER - 1)


def _drawn(provider: Provider, seed: bytes) -> bytes:
    return hmac.digest(seed, b"sample private key of " + provider.name.encode(), "sha256")


def _from_pem(provider: Provider, text: bytes) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    load = serialization.load_pem_private_key
    if b"OPENSSH PRIVATE KEY" in text:
        load = serialization.load_ssh_private_key
    try:
        return load(text, None)
    except TypeError:
        raise SigningError(_is_locked(provider)) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(_is_none(provider)) from None


def _from_bytes(provider: Provider, raw: bytes) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if len(raw) in {_SEED_BYTES, 2 * _SEED_BYTES}:
        return _from_numbers(provider, raw)
    try:
        return serialization.load_der_private_key(raw, None)
    except TypeError:
        raise SigningError(_is_locked(provider)) from None
    except (ValueError, UnsupportedAlgorithm):
        pass
    try:
        serialization.load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(_is_none(provider)) from None
    raise SigningError(_is_public(provider))


def _from_numbers(provider: Provider, raw: bytes) -> object:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    own, public = raw[:_SEED_BYTES], raw[_SEED_BYTES:]
    if provider.scheme is Scheme.ED25519:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(own)
        if public and public != key.public_key().public_bytes_raw():
            raise SigningError(f"{_named(provider)} is two halves that do not belong together")
        return key
    number = int.from_bytes(own)
    if public or not 0 < number < _P256_ORDER:
        raise SigningError(_is_none(provider))
    return ec.derive_private_key(number, ec.SECP256R1())


def _is_p256(key: object) -> TypeGuard["EllipticCurvePrivateKey"]:
    from cryptography.hazmat.primitives.asymmetric import ec

    return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"


def _decoded(text: bytes) -> bytes:
    text = b"".join(text.split())
    return Encoding.HEX.bytes_of(text) or Encoding.BASE64.bytes_of(text) or b""


def _named(provider: Provider) -> str:
    return f"the signing key for {provider.title}"


def _wanted(provider: Provider) -> str:
    return "Ed25519" if provider.scheme is Scheme.ED25519 else "ECDSA on the curve P-256"


def _is_public(provider: Provider) -> str:
    return f"{_named(provider)} is a public key, which cannot sign: give the private one of a pair made for testing"


def _is_locked(provider: Provider) -> str:
    return f"{_named(provider)} is locked with a passphrase: give it without"


def _is_none(provider: Provider) -> str:
    return f"{_named(provider)} is no private key: give one for {_wanted(provider)}, as PEM, hex or base64"

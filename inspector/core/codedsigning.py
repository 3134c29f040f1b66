"""What signing needs of the schemes that are code, besides `coded.sign`: sample keys, public halves, breaking."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inspector.core import keypairs
from inspector.core.coded import contentful
from inspector.core.coded import keypairs as kinds
from inspector.core.model import Request
from inspector.core.providers import Provider, Scheme
from inspector.errors import SigningError

_TIMED = frozenset({Scheme.CONTENTFUL, Scheme.JWT, Scheme.RFC9421})
_SIGNATURES: Mapping[Scheme, tuple[bytes, re.Pattern[bytes]]] = {
    Scheme.CONTENTFUL: (contentful.SIGNATURE, re.compile(rb"^(.)")),
    Scheme.JWT: (b"", re.compile(rb"(?<=\.)(.)(?=[^.]*$)")),
    Scheme.RFC9421: (b"Signature", re.compile(rb"(?<=:)([0-9A-Za-z+/])(?=[0-9A-Za-z+/=]+:)")),
}
"""The header, where the provider's file does not name it, and in it the first character of each signature."""

_SAMPLE_KEY_ID = "hooktap-sample"


def signs_time(provider: Provider) -> bool:
    """Whether a signature of this scheme has a time."""
    return provider.scheme in _TIMED


def spoilt(provider: Provider, signed: Request) -> Request:
    """Return a signed request with one character of each signature in it changed."""
    name, first = _SIGNATURES[provider.scheme]
    name = name or provider.placements[0].signature.name.encode()
    value = signed.headers.get(name) or b""
    broken = first.sub(lambda found: b"1" if found[1] == b"0" else b"0", value)
    return replace(signed, headers=signed.headers.replacing(name, broken))


def sample_secret(provider: Provider, seed: bytes) -> bytes:
    """Return the key to sign with that follows from `seed`."""
    if provider.scheme is not Scheme.JWT:
        return provider.secret.sample(seed, provider.name)
    return _jwk(keypairs.sample_curve_key(provider, seed), _SAMPLE_KEY_ID)


def public_secret(provider: Provider, private: bytes) -> bytes:
    """Return what verifies: the public half of a private key, else the shared secret itself. Raises SigningError."""
    key = None if provider.scheme is Scheme.CONTENTFUL else kinds.read(private)
    if key is not None and key.private is not None:
        return _jwk(key.public, key.name) if provider.scheme is Scheme.JWT else _pem(key.public)
    if provider.scheme is Scheme.JWT:
        raise SigningError(
            f"the signing key for {provider.title} is no private key for ES256: give a JWK or PEM"
        )
    return private


def _jwk(key: Any, name: str | None) -> bytes:
    from jwt.algorithms import ECAlgorithm

    members = {"alg": "ES256", "use": "sig"} | ECAlgorithm.to_jwk(key, as_dict=True)
    return json.dumps(members | ({"kid": name} if name else {})).encode()


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

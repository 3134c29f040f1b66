"""Signing by RFC 9421: anew what a request's first signature covers, or what is good to cover."""

import hashlib
from dataclasses import replace
from typing import Any

from inspector.core.coded import (
    components,
    contentdigest,
    keypairs,
    structured,
    structuredreader,
)
from inspector.core.coded.components import ComponentError
from inspector.core.coded.keypairs import Key
from inspector.core.coded.structured import InnerList, Item
from inspector.core.coded.structuredreader import StructureError
from inspector.core.model import Request
from inspector.core.providers import Provider
from inspector.errors import SigningError

_DEFAULT = InnerList(
    tuple(Item(name) for name in ("@method", "@authority", "@path", "@query", "content-digest")),
    {"created": 0, "keyid": "hooktap", "alg": ""},
)
_DEFAULT_LIFETIME_S = 300
_LIFETIME_MAX_S = 10 * 366 * 86_400


def sign(
    _provider: Provider, request: Request, secret: bytes, now_s: float, url: bytes | None
) -> Request:
    """Return `request` with one signature of now, which covers what its first one did. Raises SigningError."""
    key = keypairs.read(secret)
    if key is None:
        raise SigningError(
            "the key to sign with cannot be read: it is neither whole PEM nor a JSON Web Key"
        )
    if not key.shared and key.private is None:
        raise SigningError(
            "the key is a public one, which cannot sign: set signing_key to a private one"
        )
    label, old = _first(request)
    covered = InnerList(old.items, _renewed(old.parameters, key, int(now_s)))
    request = contentdigest.renewed(request, covered)
    try:
        base = components.signature_base(request, components.addresses(request, url)[0], covered)
    except ComponentError as error:
        raise SigningError(str(error)) from error
    algorithm = str(covered.parameters.get("alg", key.algorithms[0]))
    signature = Item(keypairs.made(key, algorithm, base))
    headers = request.headers.replacing(
        b"Signature-Input", structured.write_dictionary({label: covered})
    ).replacing(b"Signature", structured.write_dictionary({label: signature}))
    return replace(request, headers=headers)


def _first(request: Request) -> tuple[str, InnerList]:
    """Return the label and the components of the request's first signature, else what is good to cover."""
    text = components.field_value(request, "signature-input") or b""
    try:
        members = structuredreader.parse_dictionary(text)
    except StructureError:
        members = {}
    for label, member in members.items():
        if isinstance(member, InnerList):
            return label, member
    return "sig1", _DEFAULT


def _renewed(old: structured.Parameters, key: Key, now_s: int) -> dict[str, structured.Bare]:
    """Return the parameters of a signature as of now, in their old order."""
    created, expires, nonce = (old.get(name) for name in ("created", "expires", "nonce"))
    new: dict[str, Any] = {**old, "created": now_s}
    if expires is not None:
        new["expires"] = now_s + _lifetime_s(created, expires)
    if isinstance(nonce, str):
        # As good as random to whoever remembers the old one, and the core draws no random numbers.
        new["nonce"] = hashlib.sha256(f"{nonce} {now_s}".encode()).hexdigest()[:32]
    if "alg" in old and old["alg"] not in key.algorithms:
        new["alg"] = key.algorithms[0]
    return new


def _lifetime_s(created: object, expires: object) -> int:
    lifetime_s = expires - created if type(created) is int and type(expires) is int else 0
    return lifetime_s if 0 < lifetime_s < _LIFETIME_MAX_S else _DEFAULT_LIFETIME_S

"""A JSON Web Token (RFC 7519) in a header, signed with ES256, that names the SHA-256 of the body: Plaid.

Which of the endpoint's keys made it, the token says itself (`kid`); a key nobody gave us is no reason to believe it.
"""

import hashlib
import hmac
import math
from dataclasses import replace
from typing import Any, NamedTuple

from inspector.core import wording
from inspector.core.bodyfields import parse_json
from inspector.core.coded import keypairs
from inspector.core.coded.given import Given, judged, malformed, whole
from inspector.core.coded.keypairs import Key
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider
from inspector.core.templates import Kind
from inspector.core.timestamps import TimeRule, Unit, Window, duration
from inspector.errors import SigningError

_ALGORITHM = "ES256"
_BODY_CLAIM = "request_body_sha256"
_RULE = TimeRule(Unit.S, 300, Window.BOTH)
_TOKEN_BYTES_MAX = 1 << 16


def verify(given: Given) -> Verification:
    """Check the token's signature, then what it says of the body, then its age."""
    place = given.provider.placements[0].signature
    token = (
        place.read(given.fields)
        if place.kind is not Kind.HEADER
        else given.header(place.name.encode())
    )
    if isinstance(token, Verification):
        return token
    if not token:
        return Verification(Outcome.MISSING, f"no {place.label}, so there is no token to check")
    header = _header(token)
    if header is None:
        return malformed(f"{place} is not a JSON Web Token")
    if header.get("alg") != _ALGORITHM:
        return malformed(
            f"the token in {place} is not signed with ES256, the only algorithm accepted"
        )
    if not given.keys:
        return Verification(
            Outcome.NO_SECRET, f"{place} was sent, and this endpoint has no key to check it with"
        )
    found = _opened(given, token, header.get("kid"))
    if isinstance(found, Verification):
        return found
    index, payload = found
    return _judged(given, index, payload)


def sign(
    provider: Provider, request: Request, secret: bytes, now_s: float, _url: bytes | None
) -> Request:
    """Return `request` with a token of now. `secret` is the private key: a JWK, or PEM. Raises SigningError."""
    import jwt

    place = provider.placements[0].signature
    if place.kind is not Kind.HEADER:
        raise SigningError(
            f"{provider.title} puts its signature into the body or the URL, which stay as they are"
        )
    key = _es256(secret)
    if key is None or key.private is None:
        raise SigningError(
            f"to sign for {provider.title}, the key has to be a private one for ES256: a JSON Web Key or PEM"
        )
    claims = {"iat": int(now_s), _BODY_CLAIM: hashlib.sha256(request.body).hexdigest()}
    name = key.name or (_header(request.headers.get(place.key) or b"") or {}).get("kid")
    extra = {"kid": name} if isinstance(name, str) else None
    token = jwt.encode(claims, key.private, _ALGORITHM, headers=extra)
    return replace(request, headers=request.headers.replacing(place.name.encode(), token.encode()))


class _Opened(NamedTuple):
    """A token whose signature is right."""

    key_index: int
    payload: Any


def _header(token: bytes) -> dict[str, Any] | None:
    """Return what the token says of itself, which nothing has proved."""
    import jwt

    if len(token) > _TOKEN_BYTES_MAX:
        return None
    try:
        return dict(jwt.get_unverified_header(token))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


def _opened(given: Given, token: bytes, kid: object) -> _Opened | Verification:
    place = given.provider.placements[0].signature
    keys = [None if secret is None else _es256(secret) for secret in given.keys]
    tried = False
    for index, key in enumerate(keys):
        if key is None or key.name not in (None, kid):
            continue
        tried = True
        payload = _payload(token, key)
        if payload is not None:
            return _Opened(index, parse_json(payload))
    count = len(keys)
    if tried:
        said = f"the token in {place} was not signed with {wording.any_of('key', count)}"
    else:
        said = f"the token in {place} names a key that is not {wording.any_of('key', count)} of this endpoint"
    useless = [wording.one_of("key", index, count) for index, key in enumerate(keys) if key is None]
    if useless:
        said += f"; {', '.join(useless)} {'is' if len(useless) == 1 else 'are'} not a JSON Web Key for ES256"
    return Verification(Outcome.MISMATCH, said)


def _payload(token: bytes, key: Key) -> bytes | None:
    """Return what was signed, if it was signed with `key`."""
    import jwt

    try:
        opened = jwt.PyJWS().decode_complete(token, key.public, algorithms=[_ALGORITHM])
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return bytes(opened["payload"])


def _judged(given: Given, index: int, payload: Any) -> Verification:
    """Return the verdict on a token that is signed as it should be."""
    place = given.provider.placements[0].signature
    claims = payload if isinstance(payload, dict) else {}
    claimed = claims.get(_BODY_CLAIM)
    if not isinstance(claimed, str):
        return malformed(
            f"the token in {place} does not say which body it belongs to ({_BODY_CLAIM})"
        )
    signed_at_s = _time(claims.get("iat"))
    if signed_at_s is None:
        return malformed(f"the token in {place} does not say when it was made (iat)")
    expected = hashlib.sha256(given.request.body).hexdigest()
    if not hmac.compare_digest(expected.encode(), claimed.encode("utf-8", "surrogatepass")):
        detail = f"signature is right, but the body is not the one that the token in {place} names"
        return Verification(Outcome.MISMATCH, detail, index, whole(signed_at_s))
    late = _expired(given, claims) or given.lateness(_RULE, signed_at_s)
    made = f"the token in {place} fits {wording.one_of('key', index, len(given.keys))} and names this body's SHA-256"
    return judged(late, made, index=index, signed_at_s=signed_at_s, covered=("body",))


def _expired(given: Given, claims: dict[str, Any]) -> str | None:
    """Return what the token's own limits (RFC 7519, 4.1.4) say against it."""
    ends_at_s = _time(claims.get("exp"))
    if ends_at_s is not None and given.now_s > ends_at_s:
        return f"the token expired {duration(given.now_s - ends_at_s)} ago"
    return None


def _time(value: object) -> float | None:
    """Return Unix seconds; integers are text here (`parse_json`)."""
    if isinstance(value, float):
        value = str(int(value)) if math.isfinite(value) else None
    return _RULE.read(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else None


def _es256(secret: bytes) -> Key | None:
    key = keypairs.read(secret)
    return key if key is not None and keypairs.ECDSA_P256 in key.algorithms else None

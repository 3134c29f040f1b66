"""Signing a request as its provider would: for samples, and for replays that the app is to accept.

Only the headers of the signature and its time change; every other header keeps its place, order and spelling, and
the body is left alone. Nothing is invented: what else the scheme signs, the request must have.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from inspector.core import schemes
from inspector.core.fields import Fields
from inspector.core.formats import Shape
from inspector.core.model import Request
from inspector.core.providers import Placement, Provider, Scheme
from inspector.core.templates import URL, Kind
from inspector.errors import SigningError

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What a header's value cannot hold (RFC 9110, 5.5)."""


def can_sign(provider: Provider) -> bool:
    """Whether a request of this provider can be signed with the secret that a verifier holds."""
    return not _obstacle(provider)


def sign(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
) -> Request:
    """Return `request` with a signature of now made with `secret`.

    `url` is the one the provider was given, for schemes that sign it. Raises SigningError.
    """
    return _signed(provider, request, secret, now_s, url, lambda signature: signature)


def break_signature(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
) -> Request:
    """Return `request` signed as by `sign`, but for one character of the signature. Raises SigningError."""
    return _signed(provider, request, secret, now_s, url, _spoiled)


def sample_secret(provider: Provider, seed: bytes) -> bytes:
    """Return the secret that follows from `seed`, written as the provider writes its own. Raises SigningError."""
    if obstacle := _obstacle(provider):
        raise SigningError(obstacle)
    secret = provider.secret.sample(seed, provider.name)
    return b"sample:" + secret if provider.scheme is Scheme.BASIC else secret


def _obstacle(provider: Provider) -> str:
    if not provider.signs:
        return f"{provider.title} documents no signature, so there is none to make"
    if provider.is_asymmetric:
        return f"{provider.title} signs with a private key, which only {provider.title} has"
    if provider.json_root or any(
        placement.signature.kind is not Kind.HEADER for placement in provider.placements
    ):
        return (
            f"{provider.title} puts its signature into the body or the URL, which stay as they are"
        )
    return ""


def _signed(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    now_s: float,
    url: str | None,
    finish: Callable[[bytes], bytes],
) -> Request:
    if obstacle := _obstacle(provider):
        raise SigningError(obstacle)
    key = provider.secret.key(secret)
    if key is None:
        raise SigningError(
            f"the secret for {provider.title} is empty or not {provider.secret.description}"
        )
    placement = _placement(provider, request)
    fields = _stamped(provider, placement, request, now_s, url)
    fields.secret = key
    message = placement.signed.render(fields, provider.missing)
    if message is None:
        raise SigningError(_what_is_missing(provider, placement, fields))
    if pair := provider.unequal(fields):
        raise SigningError(f"{provider.title} needs {pair[0].text} to be {pair[1].text}")
    signature = finish(schemes.expected(provider, key, message))
    value = provider.format.write(signature, fields.pairs)
    if _CONTROL.search(value):
        raise SigningError(f"the secret for {provider.title} has a line break in it, or the like")
    headers = fields.request.headers.replacing(placement.signature.name.encode(), value)
    return replace(request, headers=headers)


def _placement(provider: Provider, request: Request) -> Placement:
    """Return the placement whose header the request already has, else the first."""
    for placement in provider.placements:
        if placement.signature.name.encode() in request.headers:
            return placement
    return provider.placements[0]


def _stamped(
    provider: Provider, placement: Placement, request: Request, now_s: float, url: str | None
) -> Fields:
    """Return the request's fields with the time of now, wherever the provider writes it.

    A time in the body stays: bodies are not rewritten.
    """
    old = request.headers.get(placement.signature.name.encode()) or b""
    pairs = _signed_pairs(provider, placement, old)
    if provider.time and placement.time:
        now = provider.time.write(now_s)
        if placement.time.kind is Kind.HEADER:
            headers = request.headers.replacing(placement.time.name.encode(), now)
            request = replace(request, headers=headers)
        elif placement.time.kind is Kind.PAIR:
            pairs[placement.time.key] = now
    fields = Fields(request, None if url is None else url.encode("utf-8", "surrogatepass"))
    fields.pairs = pairs
    fields.signature_header = placement.signature.key
    return fields


def _signed_pairs(provider: Provider, placement: Placement, old: bytes) -> dict[bytes, bytes]:
    """Return the elements of the old signature header that the new one needs too."""
    if provider.format.shape is not Shape.PAIRS:
        return {}
    needed = [locator.key for locator in placement.locators() if locator.kind is Kind.PAIR]
    return {key: text for key, text in provider.format.pairs(old).items() if key in needed}


def _what_is_missing(provider: Provider, placement: Placement, fields: Fields) -> str:
    absent = placement.signed.absent(fields)
    if absent == URL:
        return f"{provider.title} signs its URL: set public_url to the one it was given"
    return f"{provider.title} signs {absent}, and this request has none to sign"


def _spoiled(signature: bytes) -> bytes:
    # Both are good in hex, in base64 and in a token, so that it stays well-formed.
    return (b"1" if signature.startswith(b"0") else b"0") + signature[1:]

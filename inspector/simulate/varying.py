"""What is different about one sample: other content before it is signed, another signature, damage after it."""

from dataclasses import replace
from secrets import token_bytes

from inspector.core import edits, setting, signing
from inspector.core.model import Endpoint, Request
from inspector.core.providers import Provider
from inspector.core.text import safe
from inspector.core.variations import SampleSign, Variation
from inspector.errors import ConfigError, SigningError
from inspector.simulate import identity
from inspector.simulate.samples import Sample


def made(
    provider: Provider, sample: Sample, variation: Variation, *, now_s: float, unique: str
) -> Request:
    """Return the unsigned delivery: its event's ids and time, then what is set in it.

    Raises ConfigError for a value that has no place in the body, and ReplayError for a header that cannot be sent.
    """
    at_s = now_s if variation.happened_s is None else variation.happened_s
    unique = unique if variation.unique is None else variation.unique
    request = sample.request(now_s=at_s, unique=unique)
    if variation.again:
        again = variation.again
        request = identity.another_attempt(provider, request, again, f"{unique}/{again}")
    request = edits.apply(variation.changes.of(request), request)
    for path, value in variation.values:
        body = setting.set_value(request.body, sample.format, path, value)
        request = replace(request, body=body)
    return request


def signed(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    variation: Variation,
    *,
    now_s: float,
    url: str | None,
    tolerance_s: int | None,
) -> Request:
    """Return it signed in the way that is wanted. Raises SigningError."""
    at_s = now_s if variation.signed_s is None else variation.signed_s
    if variation.sign is SampleSign.MISSING:
        return identity.without_signature(provider, request)
    sign = variation.sign.as_replayed
    return signing.resign(
        sign, provider, request, secret, now_s=at_s, url=url, tolerance_s=tolerance_s
    )


def damaged(request: Request, variation: Variation) -> Request:
    """Return it with a part of its body gone, or a byte changed. Raises ConfigError where nothing can be."""
    body = request.body
    if variation.truncate is not None:
        if variation.truncate >= len(body):
            raise ConfigError(
                f"truncate: the body has {len(body)} bytes, so {variation.truncate} leave it whole"
            )
        body = body[: variation.truncate]
    if variation.corrupt:
        if not body:
            raise ConfigError("corrupt: the body is empty, so there is no byte to change")
        body = _corrupted(body)
    return replace(request, body=body)


def other_secret(provider: Provider, place: Endpoint, sign: SampleSign) -> bytes | None:
    """Return the secret where another than the endpoint's first is wanted, else None. Raises SigningError."""
    if sign is SampleSign.WRONG_SECRET:
        return signing.sample_keys(provider, token_bytes(16)).signing
    if sign is not SampleSign.OLD_SECRET:
        return None
    if signing.needs_private_key(provider):
        raise SigningError(
            f"{provider.title} signs with a private key, and an endpoint has one signing_key: there is no older one"
        )
    if len(place.secrets) < 2:
        raise SigningError(
            f"endpoint '{safe(place.name)}' has no second secret: "
            "give a list, the new one first, secret = [{ env = ... }, { env = ... }]"
        )
    return place.secrets[1]


def _corrupted(body: bytes) -> bytes:
    """Return `body` with its last digit changed, so that it reads as before; without any, a bit in its middle."""
    at = max(map(body.rfind, (b"%d" % digit for digit in range(10))))
    if at < 0:
        at = len(body) // 2
        return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    return body[:at] + b"%d" % ((int(body[at : at + 1]) + 1) % 10) + body[at + 1 :]

"""Signing a request as its provider would: for samples, and for replays that the app is to accept.

Only the signature and its time change, wherever they stand: in a header, which keeps its place and spelling, in the
query, or in the body, of which every other byte stays. Nothing is invented: what else the scheme signs, the request
must have. Schemes of a key pair take the private key of one made for testing.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from inspector.core import coded, codedsigning, keypairs
from inspector.core.bodyfields import json_items
from inspector.core.fields import Fields
from inspector.core.model import Request, Sign
from inspector.core.obstacles import needs_private_key as needs_private_key
from inspector.core.obstacles import no_time
from inspector.core.obstacles import why_not as why_not
from inspector.core.pen import Pen
from inspector.core.providers import BARE, Placement, Provider, Scheme
from inspector.core.publicurl import with_query
from inspector.core.templates import Kind, Locator
from inspector.core.text import encode_any
from inspector.errors import SigningError

UNDOCUMENTED_TOLERANCE_S = 300
"""What an app may allow where its provider names no tolerance: what most others name."""
STALE_MARGIN_S = 3600
"""How far outside the tolerance a stale signature is: clocks differ by less."""
UNTOLD = b"(not told)"
"""Stands where a secret is told to the app, and to nobody else."""


class SampleKeys(NamedTuple):
    """What this inspector signs its own samples with, and checks them with."""

    signing: bytes
    verifying: bytes
    """The same, unless the scheme has key pairs."""


def can_sign(provider: Provider) -> bool:
    """Whether a request of this provider can be signed with the secret that a verifier holds."""
    return not why_not(provider, private_key=False)


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
    return _signed(provider, request, secret, now_s, url, breaks=False)


def break_signature(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
) -> Request:
    """Return `request` signed as by `sign`, but for one character or bit of the signature. Raises SigningError."""
    return _signed(provider, request, secret, now_s, url, breaks=True)


def sign_stale(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
    tolerance_s: int | None = None,
) -> Request:
    """Return `request` signed rightly, at a time that is too long ago by an hour.

    `tolerance_s` takes the place of the provider's own. Raises SigningError, for schemes that sign no time too.
    """
    if provider.signs and not _signs_time(provider):
        raise SigningError(no_time(provider))
    own = provider.time.tolerance_s if provider.time else None
    allowed_s = next(
        each for each in (tolerance_s, own, UNDOCUMENTED_TOLERANCE_S) if each is not None
    )
    then_s = max(0.0, now_s - allowed_s - STALE_MARGIN_S)
    return _signed(provider, request, secret, then_s, url, breaks=False)


def resign(
    sign_as: Sign,
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
    tolerance_s: int | None = None,
) -> Request:
    """Return `request` signed in the way that a replay asks for. Raises SigningError."""
    match sign_as:
        case Sign.VERBATIM:
            return request
        case Sign.FRESH:
            return sign(provider, request, secret, now_s=now_s, url=url)
        case Sign.BROKEN:
            return break_signature(provider, request, secret, now_s=now_s, url=url)
        case Sign.STALE:
            return sign_stale(
                provider, request, secret, now_s=now_s, url=url, tolerance_s=tolerance_s
            )
        case unreachable:
            assert_never(unreachable)


def as_told(provider: Provider, arrived: Request, sent: Request) -> Request:
    """Return a re-signed request as it may be stored and shown: with `UNTOLD` for a secret that did not arrive with it.

    A token or a login is the secret itself. What any other scheme writes tells nothing of it.
    """
    if provider.scheme not in BARE or sent == arrived:
        return sent
    return sign(provider, sent, UNTOLD, now_s=0)


def public_secret(provider: Provider, private: bytes | str) -> bytes:
    """Return what verifies signatures of `private`, as the provider writes it: the secret for an endpoint.

    Where one secret does both, it is that. Raises SigningError.
    """
    raw = private.encode("utf-8", "surrogatepass") if isinstance(private, str) else private
    if provider.is_asymmetric:
        return keypairs.public_secret(provider, keypairs.private_key(provider, raw))
    return codedsigning.public_secret(provider, raw) if provider.is_coded else raw


def sample_keys(provider: Provider, seed: bytes) -> SampleKeys:
    """Return the keys that follow from `seed`, written as the provider writes its own. Raises SigningError."""
    if obstacle := why_not(provider, private_key=True):
        raise SigningError(obstacle)
    if provider.is_coded:
        signing = codedsigning.sample_secret(provider, seed)
    elif provider.is_asymmetric:
        signing = keypairs.sample(provider, seed)
    else:
        signing = provider.secret.sample(seed, provider.name)
        if provider.scheme is Scheme.BASIC:
            signing = b"sample:" + signing
    return SampleKeys(signing, public_secret(provider, signing))


def _signs_time(provider: Provider) -> bool:
    if provider.is_coded:
        return codedsigning.signs_time(provider)
    return provider.time is not None and any(each.time for each in provider.placements)


def _signed(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    at_s: float,
    url: str | None,
    *,
    breaks: bool,
) -> Request:
    if obstacle := why_not(provider, private_key=True):
        raise SigningError(obstacle)
    if provider.is_coded:
        signed = coded.sign(provider, request, secret, now_s=at_s, url=url)
        return codedsigning.spoilt(provider, signed) if breaks else signed
    address = None if url is None else encode_any(with_query(url, request))
    pen = Pen.of(provider, secret, at_s, address, breaks=breaks)
    for placement in _placements(provider, Fields(request, address)):
        request = pen.write(placement, request)
    return request


def _placements(provider: Provider, fields: Fields) -> Sequence[Placement]:
    """Return those where the request has a signature already, all of which an app may look at; else a fitting one."""
    present = [each for each in provider.placements if _stands(provider, each.signature, fields)]
    ready = [each for each in provider.placements if _is_ready(provider, each, fields)]
    both = [each for each in present if each in ready]
    return both or present[:1] or ready[:1] or provider.placements[:1]


def _stands(provider: Provider, part: Locator, fields: Fields) -> bool:
    if part.kind is Kind.HEADER:
        return part.key in fields.headers
    if part.kind is Kind.JSON and provider.json_root:
        return any(json_items(fields.document(), (*provider.json_root, *part.path)))
    return part.read(fields) is not None


def _is_ready(provider: Provider, placement: Placement, fields: Fields) -> bool:
    """Whether the request has all that is signed there, but what is only written while signing."""
    if provider.json_root or provider.missing is not None:
        return True
    return all(
        locator.read(fields)
        or locator.kind is Kind.PAIR
        or (locator == placement.time and locator.kind in {Kind.HEADER, Kind.QUERY})
        for locator in placement.locators()
    )

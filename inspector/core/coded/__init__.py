"""The schemes that no table can express: what they sign takes code, or their key has to be found first."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from inspector.core.coded import contentful, jwt, paypal, rfc9421, rfc9421signing, sns
from inspector.core.coded.given import Fetch, Given
from inspector.core.fields import Fields
from inspector.core.model import Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.publicurl import with_query
from inspector.core.text import encode_any
from inspector.errors import SigningError


class _Coded(NamedTuple):
    """One scheme."""

    verify: Callable[[Given], Verification]
    sign: Callable[[Provider, Request, bytes, float, bytes | None], Request] | None = None
    certificate_url: Callable[[Fields], str | None] | None = None
    obstacle: str = ""
    """Why nobody but the provider can sign; for schemes without `sign`."""


_SCHEMES: Mapping[Scheme, _Coded] = {
    Scheme.CONTENTFUL: _Coded(contentful.verify, contentful.sign),
    Scheme.JWT: _Coded(jwt.verify, jwt.sign),
    Scheme.PAYPAL: _Coded(
        paypal.verify, certificate_url=paypal.certificate_url, obstacle=paypal.OBSTACLE
    ),
    Scheme.SNS: _Coded(sns.verify, certificate_url=sns.certificate_url, obstacle=sns.OBSTACLE),
    Scheme.RFC9421: _Coded(rfc9421.verify, rfc9421signing.sign),
}


_OF_THE_URL = frozenset({Scheme.CONTENTFUL, Scheme.JWT, Scheme.RFC9421})
"""Those that may look at it."""


def verify(
    provider: Provider,
    request: Request,
    secrets: Sequence[bytes | str],
    *,
    now_s: float,
    url: str | None = None,
    tolerance_s: int | None = None,
    fetch: Fetch | None = None,
    fields: Fields | None = None,
) -> Verification:
    """Check `request` by its provider's coded scheme, as `verification.verify` does; nothing raises.

    `fetch` gives what is at the URL of a certificate, from memory.
    """
    address = None if url is None else encode_any(with_query(url, request))
    if fields is None or (fields.url != address and provider.scheme in _OF_THE_URL):
        fields = Fields(request, address)
    keys = tuple(provider.secret.key(secret) for secret in secrets)
    given = Given(provider, fields, keys, now_s, tolerance_s, fetch)
    return _SCHEMES[provider.scheme].verify(given)


def sign(
    provider: Provider,
    request: Request,
    secret: bytes | str,
    *,
    now_s: float,
    url: str | None = None,
) -> Request:
    """Return `request` with a signature of now, as `signing.sign` does. Raises SigningError.

    `secret` is the one that a verifier holds or, where that is a public key, the private one that belongs to it.
    """
    scheme = _SCHEMES[provider.scheme]
    if scheme.sign is None:
        raise SigningError(scheme.obstacle)
    key = provider.secret.key(secret)
    if key is None:
        raise SigningError(
            f"the secret for {provider.title} is empty or not {provider.secret.description}"
        )
    return scheme.sign(
        provider, request, key, now_s, None if url is None else encode_any(with_query(url, request))
    )


def obstacle(provider: Provider) -> str:
    """Return why nobody but the provider can sign, with whatever key; empty if somebody can."""
    return _SCHEMES[provider.scheme].obstacle


def certificate_url(
    provider: Provider, request: Request, fields: Fields | None = None
) -> str | None:
    """Return the URL of the certificate this delivery is to be checked with: on the provider's own hosts, or None."""
    if not provider.is_coded:
        return None
    find = _SCHEMES[provider.scheme].certificate_url
    return find(fields or Fields(request)) if find else None

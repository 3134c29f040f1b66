"""Deliveries of every provider one can sign for, and signatures by the sample keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from inspector import providers
from inspector.core import signing
from inspector.core.model import Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.signing import sample_keys, sign
from inspector.core.verification import verify
from inspector.simulate import catalogue
from tests.factories import NOW_S

BUILT_IN = providers.load()
SIGNABLE = [each for each in BUILT_IN.values() if not signing.why_not(each, private_key=True)]
URL = "https://public.example:8443/hooks"
A_DAY_S = 86_400


def sample(provider: Provider, **changes: Any) -> Request:
    """Return a delivery of this provider that is not signed yet."""
    made = catalogue.find(provider).request(now_s=NOW_S - A_DAY_S, unique="1")
    return replace(made, **changes)


def given_url(provider: Provider, request: Request) -> str | None:
    """Return the URL the provider was given, with the query that it adds itself, where it signs that."""
    query = request.target.partition(b"?")[2].decode()
    signs = provider.signs_url or provider.scheme is Scheme.RFC9421
    return f"{URL}?{query}" if signs else None


def signed(provider: Provider, request: Request, make: Callable[..., Request] = sign) -> Request:
    url = given_url(provider, request)
    return make(provider, request, sample_keys(provider, b"seed").signing, now_s=NOW_S, url=url)


def checked(
    provider: Provider, request: Request, url: str | None = None, tolerance_s: int | None = None
) -> Verification:
    return verify(
        provider,
        request,
        [sample_keys(provider, b"seed").verifying],
        now_s=NOW_S,
        url=url or given_url(provider, request),
        tolerance_s=tolerance_s,
    )

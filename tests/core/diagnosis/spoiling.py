"""What the tables of spoiled deliveries are made of.

Each way takes a delivery that is not signed yet, and returns it signed and spoiled as it happens in life.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from inspector.core.diagnosis import Cause
from inspector.core.providers import Placement, Provider, Scheme
from inspector.core.templates import Kind, Template
from tests.core.diagnosis.deliveries import Sample

Way = Callable[[Sample], Sample | None]
"""None: it does not apply."""

SHARED = frozenset({Scheme.HMAC, Scheme.DIGEST, Scheme.TOKEN})
"""Where both sides know the secret."""
SIGNING = frozenset({Scheme.HMAC, Scheme.DIGEST, Scheme.ED25519, Scheme.ECDSA_P256})
"""Where a text is signed."""


class Spoiler(NamedTuple):
    """One way in which one cause comes about."""

    cause: Cause
    name: str
    way: Way


def place(sample: Sample) -> Placement:
    return sample.provider.placements[0]


def in_header(sample: Sample) -> bool:
    return sample.provider.scheme in SIGNING and place(sample).signature.kind is Kind.HEADER


def signable(sample: Sample) -> tuple[Any, ...]:
    """Return the parts of what is signed, if that is one text."""
    if sample.provider.scheme not in SIGNING or sample.provider.json_root:
        return ()
    return place(sample).signed.parts


def signing(provider: Provider, parts: tuple[Any, ...], scheme: Scheme | None = None) -> Provider:
    """Return the provider as if it signed another text, in another scheme if one is given."""
    placements = tuple(replace(each, signed=Template(parts)) for each in provider.placements[:1])
    return replace(provider, placements=placements, scheme=scheme or provider.scheme)

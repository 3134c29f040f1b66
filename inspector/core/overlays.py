"""What an endpoint may ask of a delivery besides its provider's signature, or in place of one.

`admission` checks them. None proves what was sent; each says something about who sent it.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import assert_never

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SecretPath:
    """The first segment of the path below `/in/<endpoint>`: it is part of our address, and not forwarded."""

    token: bytes = field(repr=False)
    """As it stands on the wire: percent-escapes are compared, not decoded."""


@dataclass(frozen=True, slots=True)
class SecretQuery:
    """A parameter of the query."""

    name: str
    token: bytes = field(repr=False)
    """Without percent-escapes; a `+` is a plus (RFC 3986), since that is what stands in many a token."""


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """A header's whole value."""

    name: str
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """HTTP Basic (RFC 7617)."""

    user: str
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceAddresses:
    """Where the sender's connection comes from."""

    networks: tuple[Network, ...]
    proxies: tuple[Network, ...] = ()
    """Peers that are believed when they name, in `X-Forwarded-For`, whom they speak for."""


Overlay = SecretPath | SecretQuery | SecretHeader | BasicLogin | SourceAddresses


def label(overlay: Overlay) -> str:
    """Return what an overlay looks at, as `Verification.covered` and lists name it: `query token`."""
    match overlay:
        case SecretPath():
            return "secret path"
        case SecretQuery():
            return f"query {overlay.name}"
        case SecretHeader():
            return f"header {overlay.name}"
        case BasicLogin():
            return "basic login"
        case SourceAddresses():
            return "source address"
        case unreachable:
            assert_never(unreachable)

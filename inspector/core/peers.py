"""Where a request came from: the other end of its connection, or whom a trusted proxy there speaks for."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from inspector.core.model import Request
from inspector.core.overlays import Network

Address = IPv4Address | IPv6Address

FORWARDED_FOR = b"X-Forwarded-For"
HOPS_MAX = 32
"""How many addresses of a list are looked at; nobody has more proxies, and each costs some microseconds."""

_WITH_PORT = re.compile(r"\[([^]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")


class Sender(NamedTuple):
    """Who sent a request, as far as somebody trustworthy knows."""

    address: Address | None
    """None: nobody connected, or the proxy names what is no address."""
    proxy: Address | None = None
    """The peer, where it is a trusted proxy."""


def read_address(text: str) -> Address | None:
    """Read an IPv4 or IPv6 address, with or without a port; None if it is none.

    An IPv4 address in IPv6 form (`::ffff:203.0.113.7`, as a socket that listens on both tells it) is the IPv4 one,
    and a link-local address is itself without the interface's name.
    """
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine by its very name: nobody is asked where the name leads."""
    address = read_address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address in network for network in networks)


def sender_of(request: Request, proxies: tuple[Network, ...]) -> Sender:
    """Return the peer's address or, where the peer is one of `proxies`, the address it forwarded for.

    Each proxy adds on the right the address that connected to it. What stands to the left came with the request, and
    who sent that may have written anything. So the rightmost address that is no trusted proxy's is the farthest that
    somebody trusted has seen. Repeated headers are one list in wire order (RFC 9110, 5.3).
    """
    peer = read_address(request.peer)
    if peer is None or not is_within(peer, proxies):
        return Sender(peer)
    sender: Address | None = peer
    named = b",".join(request.headers.get_all(FORWARDED_FOR))
    for element in reversed(named.rsplit(b",", HOPS_MAX)):  # what stands before those is no address
        text = element.strip(b" \t")
        if not text:  # RFC 9110, 5.6.1: an empty element of a list counts as none
            continue
        sender = read_address(text.decode("ascii", "replace"))
        if sender is None or not is_within(sender, proxies):
            break
    return Sender(sender, peer)

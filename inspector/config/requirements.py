"""What `[endpoint.NAME.require]` may say: what a delivery has to show besides a signature, or in place of one.

A token that is not set is an error here, unlike a signature's secret: a door must not open because its lock is missing.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address, ip_network

from inspector.config.secrets import Secrets
from inspector.core.overlays import (
    BasicLogin,
    Network,
    Overlay,
    SecretHeader,
    SecretPath,
    SecretQuery,
    SourceAddresses,
)
from inspector.core.table import Table
from inspector.errors import ConfigError

KEYS = ("path", "query", "header", "basic", "source")

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_NOT_IN_A_SEGMENT = re.compile(rb"[\0-\x20\x7f/?#]")
_NOT_IN_A_HEADER = re.compile(rb"[\r\n\0]|\A[ \t]|[ \t]\Z")
_MAPPED_BITS = 96
"""What comes before the IPv4 address in its IPv6 form, `::ffff:203.0.113.7`."""


def read_overlays(
    endpoint: Table, secrets: Secrets, proxies: tuple[Network, ...]
) -> tuple[Overlay, ...]:
    """Read the table; `proxies` are those that are believed about source addresses."""
    table = endpoint.table("require")
    if table is None:
        return ()
    table.only(KEYS)
    overlays = tuple(_overlays(table, secrets, proxies))
    if not overlays:
        raise table.error(f"empty: name what to require ({', '.join(KEYS)}), or leave it out")
    return overlays


def read_networks(table: Table, key: str) -> tuple[Network, ...] | None:
    """Read an array of addresses and networks; None if it is absent."""
    return None if table.value(key) is None else table.each(key, _network)


def _overlays(table: Table, secrets: Secrets, proxies: tuple[Network, ...]) -> Iterator[Overlay]:
    if table.value("path") is not None:
        yield SecretPath(_segment(table, secrets))
    for name, inner in _named(table, "query"):
        yield SecretQuery(name, secrets.required(inner, name))
    for name, inner in _named(table, "header"):
        yield SecretHeader(name, _header(inner, name, secrets))
    login = table.table("basic")
    if login is not None:
        yield _login(login, secrets)
    networks = read_networks(table, "source")
    if networks is not None:
        if not networks:
            raise table.error("empty: nothing could be let in", "source")
        yield SourceAddresses(networks, proxies)


def _named(table: Table, key: str) -> Iterator[tuple[str, Table]]:
    """Yield each name in the table under `key`, with that table."""
    inner = table.table(key)
    if inner is None:
        return
    names = list(inner)
    if not names or "" in names:
        raise inner.error('expected a name and its secret: NAME = { env = "VARIABLE" }')
    for name in names:
        yield name, inner


def _segment(table: Table, secrets: Secrets) -> bytes:
    token = secrets.required(table, "path")
    # Such a token stands in no segment as it is, so that no delivery would ever have it.
    if _NOT_IN_A_SEGMENT.search(token):
        raise table.error(
            "it holds a space, '/', '?', '#' or a control character: choose another", "path"
        )
    return token


def _header(table: Table, name: str, secrets: Secrets) -> bytes:
    if not HEADER_NAME.fullmatch(name):
        raise table.error("not a header's name", name)
    token = secrets.required(table, name)
    if _NOT_IN_A_HEADER.search(token):
        raise table.error(
            "it holds what no header's value can: a newline, NUL, or space around it", name
        )
    return token


def _login(table: Table, secrets: Secrets) -> BasicLogin:
    table.only(("user", "password"))
    user = table.text("user")
    if user is None:
        raise table.error("missing: the name that logs in", "user")
    if ":" in user or _CONTROL.search(user):
        raise table.error(
            "a user's name holds no ':' and no control characters (RFC 7617, 2)", "user"
        )
    return BasicLogin(user, secrets.required(table, "password"))


def _network(text: str) -> Network:
    try:
        # Without a link-local address's interface (`%eth0`), which would promise more than is looked at.
        network = ip_network("" if "%" in text else text, strict=False)
    except ValueError:
        sentence = f"'{text}' is neither an address nor a network such as 203.0.113.0/24"
        raise ConfigError(sentence) from None
    written = ip_address(text.partition("/")[0])
    if network.network_address != written:
        raise ConfigError(f"'{text}' is an address within {network}: write {written} or {network}")
    return _unmapped(network)


def _unmapped(network: Network) -> Network:
    # An IPv4 peer is looked at as such, whichever form its socket tells it in.
    if isinstance(network, IPv4Network) or network.prefixlen < _MAPPED_BITS:
        return network
    mapped = network.network_address.ipv4_mapped
    return network if mapped is None else IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))

"""Where a provider is to send to: a URL of this machine that the provider can reach."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from inspector.config import ENDPOINT_NAME, WINK
from inspector.core.forwarding import parse_target, split_ingress
from inspector.core.model import Endpoint
from inspector.core.peers import is_loopback, read_address
from inspector.core.text import safe
from inspector.errors import ConfigError


def public_url(endpoints: Mapping[str, Endpoint], named: str | None) -> str:
    """Return the public URL of the endpoint that is named, else of the one for Wink. Raises ConfigError."""
    of_wink = (each.name for each in endpoints.values() if each.provider == WINK)
    name = named or next(of_wink, WINK)
    endpoint = endpoints.get(name)
    if endpoint is None or endpoint.public_url is None:
        raise ConfigError(
            f"endpoint.{safe(name)}.public_url is not set: write there the URL under which Wink reaches this endpoint "
            "(your tunnel's, with the path /in/NAME), or give it with --url"
        )
    return endpoint.public_url


def endpoint_of(url: str) -> str:
    """Return the name of the endpoint that deliveries to this URL arrive at, if its path tells."""
    found = split_ingress(parse_target(url).path)
    return found[0] if found and ENDPOINT_NAME.fullmatch(found[0]) else WINK


def check(url: str, api: str) -> str | None:
    """Raise ConfigError for a URL that Wink does not take; return what else speaks against it.

    Whoever stands in for Wink on this machine reaches every port of it, and may be told of http.
    """
    try:
        origin = parse_target(url).origin
    except ValueError as error:
        raise ConfigError(f"the URL for Wink: {error}") from None
    if is_loopback(urlsplit(api).hostname or ""):
        return None
    if origin.scheme != "https":
        raise ConfigError(
            f"Wink takes https URLs only, and {safe(url)} is none (your tunnel has one)"
        )
    address = read_address(origin.host)
    if is_loopback(origin.host) or (address is not None and not address.is_global):
        return f"{safe(url)} leads nowhere from Wink's machines: give it your tunnel's URL"
    return None

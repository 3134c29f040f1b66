"""The URL of a request that has not been sent: what of it goes into the request, byte for byte."""

import re
from typing import NamedTuple

from inspector.errors import ConfigError

_URL = re.compile(
    rb"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?+(?:([^/?#]*)@)?([^/?#@]+)((?:[/?][^#]*)?)(?:#.*)?",
    re.DOTALL,
)
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}
_UNSENDABLE = re.compile(rb"[\x00-\x20\x7f]")


class Address(NamedTuple):
    """The parts of a URL."""

    credentials: bytes
    """`user:password`, as written; empty if there are none."""
    host: bytes
    """What the Host header says: without the scheme's own port."""
    target: bytes
    """The request target: path and query, `/` at least."""


def read(url: bytes) -> Address:
    """Take a URL apart; without a scheme it is one of `http`, as to curl. Raises ConfigError."""
    found = _URL.fullmatch(url)
    shown = url.decode("utf-8", "backslashreplace")
    if found is None or _UNSENDABLE.search(url):
        raise ConfigError(f"'{shown}' is not a URL")
    scheme = (found[1] or b"http").lower()
    if scheme not in _DEFAULT_PORTS:
        raise ConfigError(f"'{shown}' is not a URL of http or https")
    target = found[4]
    if not target.startswith(b"/"):
        target = b"/" + target
    return Address(found[2] or b"", found[3].removesuffix(_DEFAULT_PORTS[scheme]), target)

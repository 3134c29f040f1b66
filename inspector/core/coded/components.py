"""What a message signature covers, and the text that is signed (RFC 9421, 2)."""

import binascii
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from inspector.core.bodyfields import parse_form
from inspector.core.coded import structured, structuredreader
from inspector.core.coded.structured import InnerList, Item
from inspector.core.coded.structuredreader import StructureError
from inspector.core.model import Request
from inspector.core.text import shorten

COMPONENTS_MAX = 128

_URL = re.compile(
    rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")  # RFC 9110, 5.6.2, in lower case
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}
_FORM_SAFE = "*-._"
"""What the form's percent-encoding leaves alone, besides letters and digits."""
_FIELD_PARAMETERS = frozenset({"sf", "bs", "key"})


class ComponentError(ValueError):
    """A component that cannot be had; the message is a sentence without anything a sender wrote."""


class AbsentError(ComponentError):
    """It is not in this request."""


class Address(NamedTuple):
    """The target URI in its parts; None where nobody knows."""

    scheme: bytes | None
    authority: bytes | None
    """Normalised (RFC 9421, 2.2.3)."""
    path: bytes
    query: bytes | None
    origin: bytes | None = None
    """What `@target-uri`, which nobody is to normalise (2.2.2), begins with."""

    @classmethod
    def parse(cls, url: bytes) -> "list[Address]":
        """Read an absolute URL: as it is written, and, should that differ, normalised. Empty if it is none."""
        found = _URL.fullmatch(url)
        if found is None:
            return []
        scheme, authority, path, query = found.groups()
        return cls.spelled(scheme, authority, path or b"/", query)

    @classmethod
    def spelled(
        cls, scheme: bytes, authority: bytes, path: bytes, query: bytes | None
    ) -> "list[Address]":
        """Return what the target URI may be: its origin as it is written, and normalised if that is another."""
        bare = authority.rpartition(b"@")[2]  # RFC 9110, 4.2.4: no request names a user
        lower = scheme.lower()
        host = _host(bare, lower)
        origins = dict.fromkeys((scheme + b"://" + bare, lower + b"://" + host))
        return [cls(lower, host, path, query, origin) for origin in origins]

    @property
    def target(self) -> bytes:
        """The request target (RFC 9112, 3.2.1)."""
        return self.path if self.query is None else self.path + b"?" + self.query


def addresses(request: Request, url: bytes | None) -> list[Address]:
    """Return what the target URI may be: `url` if it is known, else what the request itself lets us think.

    What a URL is as it is written comes before what it is normalised, which some senders sign instead.
    """
    known = Address.parse(request.target if url is None else url)
    if known:
        return known
    host = request.headers.get(b"Host")
    path, mark, query = request.target.partition(b"?")
    rest = (path or b"/", query if mark else None)
    if host is None:
        return [Address(None, None, *rest)]
    schemes = (b"https", b"http")
    return [one for scheme in schemes for one in Address.spelled(scheme, host, *rest)]


def signature_base(request: Request, address: Address, covered: InnerList) -> bytes:
    """Return the text that is signed (RFC 9421, 2.5). Raises ComponentError."""
    if len(covered.items) > COMPONENTS_MAX:
        raise ComponentError("Signature-Input names too many components")
    lines: dict[bytes, bytes] = {}
    for item in covered.items:
        identifier = structured.write_member(item)
        if identifier in lines:
            raise ComponentError("Signature-Input names a component twice")
        value = _value(request, address, item)
        if b"\n" in value or b"\r" in value:
            raise ComponentError("Signature-Input names a component that has a line break in it")
        lines[identifier] = value
    lines[b'"@signature-params"'] = structured.write_member(covered)
    return b"\n".join(identifier + b": " + value for identifier, value in lines.items())


def label(item: Item) -> str:
    """Return what stands in `Verification.covered` for a component."""
    name = str(item.value)
    if name == "@query-param":
        return f"query {item.parameters['name']!s}"
    return _LABELS.get(name, name) if name.startswith("@") else f"header {name}"


def field_value(request: Request, name: str) -> bytes | None:
    """Return a field's lines as one (RFC 9421, 2.1); None if there is no such field."""
    lines = _lines(request, name)
    return b", ".join(lines) if lines else None


def _value(request: Request, address: Address, item: Item) -> bytes:
    name, parameters = item.value, item.parameters
    if type(name) is not str:
        raise ComponentError("Signature-Input names a component without quotes")
    if "tr" in parameters or "req" in parameters:
        raise ComponentError(
            "Signature-Input names a trailer or another request, which is not supported"
        )
    if not name.startswith("@"):
        return _field(request, name, parameters)
    if name == "@query-param":
        return _query_parameter(address, parameters)
    read = _DERIVED.get(name)
    if read is None or parameters:
        raise ComponentError(
            "Signature-Input names a component that no request has, or that is not known"
        )
    value = read(request, address)
    if value is None:
        raise AbsentError(
            "the signature covers the URL, and this request does not say which it was: "
            "set public_url to the one the sender was given"
        )
    return value


def _field(request: Request, name: str, parameters: structured.Parameters) -> bytes:
    if not _FIELD_NAME.fullmatch(name):
        raise ComponentError("Signature-Input names a header that is not written in lower case")
    if not _FIELD_PARAMETERS.issuperset(parameters) or ("bs" in parameters and len(parameters) > 1):
        raise ComponentError("Signature-Input asks for a header in a form that is not known")
    lines = _lines(request, name)
    if not lines:
        raise AbsentError(
            f"Signature-Input names the header {shorten(name, 64)}, which was not sent"
        )
    if "bs" in parameters:
        return b", ".join(b":" + binascii.b2a_base64(line, newline=False) + b":" for line in lines)
    text = b", ".join(lines)
    try:
        if "key" in parameters:
            return _entry(text, name, parameters["key"])
        return structuredreader.canonical(text) if "sf" in parameters else text
    except StructureError:
        raise ComponentError(
            f"the header {shorten(name, 64)} is signed as a structured field, and is none"
        ) from None


def _entry(text: bytes, name: str, key: structured.Bare) -> bytes:
    """Return one member of a dictionary (RFC 9421, 2.1.2)."""
    member = structuredreader.parse_dictionary(text).get(key) if isinstance(key, str) else None
    if member is None:
        raise AbsentError(
            f"Signature-Input names a member of the header {shorten(name, 64)} that is not there"
        )
    return structured.write_member(member)


def _lines(request: Request, name: str) -> list[bytes]:
    return [
        _FOLD.sub(b" ", value).strip(b" \t") for value in request.headers.get_all(name.encode())
    ]


def _query_parameter(address: Address, parameters: structured.Parameters) -> bytes:
    """Return the one parameter of that name, encoded anew (RFC 9421, 2.2.8)."""
    if set(parameters) != {"name"}:
        raise ComponentError("Signature-Input names a query parameter without its name")
    fields = parse_form(address.query or b"")
    values = [value for name, value in fields if _form_encoded(name) == parameters["name"]]
    if not values:
        raise AbsentError("Signature-Input names a query parameter that is not in the URL")
    if len(values) > 1:
        raise ComponentError(
            "Signature-Input names a query parameter that is in the URL several times"
        )
    return _form_encoded(values[0]).encode()


def _form_encoded(raw: bytes) -> str:
    # quote() also leaves `~` alone, which the form's encoding does not.
    return quote(raw.decode("utf-8", "replace"), safe=_FORM_SAFE).replace("~", "%7E")


def _host(authority: bytes, scheme: bytes) -> bytes:
    """Return host and port as they are signed (RFC 9421, 2.2.3)."""
    host = authority.lower()
    return host.removesuffix(_DEFAULT_PORTS.get(scheme, b" "))


def _target_uri(_request: Request, address: Address) -> bytes | None:
    return None if address.origin is None else address.origin + address.target


_DERIVED: Mapping[str, Callable[[Request, Address], bytes | None]] = {
    "@method": lambda request, _: request.method.encode("utf-8", "replace"),
    "@target-uri": _target_uri,
    "@authority": lambda _, address: address.authority,
    "@scheme": lambda _, address: address.scheme,
    "@request-target": lambda _, address: address.target,
    "@path": lambda _, address: address.path,
    "@query": lambda _, address: b"?" + (address.query or b""),
}
_LABELS = {
    "@method": "method",
    "@target-uri": "url",
    "@authority": "host",
    "@scheme": "URL scheme",
    "@request-target": "path and query",
    "@path": "path",
    "@query": "query",
}

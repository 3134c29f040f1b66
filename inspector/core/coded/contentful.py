"""Contentful: an HMAC over method, path, the headers that a list names, and the body.

The list stands in a header of its own, which it names as well. How the text is put together is what the vendor's
@contentful/node-apps-toolkit (src/requests) does.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from inspector.core import wording
from inspector.core.coded.given import Given, judged, malformed
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider
from inspector.core.templates import Template
from inspector.core.text import shorten
from inspector.core.timestamps import TimeRule, Unit, Window
from inspector.errors import SigningError

SIGNATURE = b"x-contentful-signature"
LIST = b"x-contentful-signed-headers"
TIME = b"x-contentful-timestamp"

_RULE = TimeRule(Unit.MS, 30, Window.PAST)
_TICK_S = 0.001
"""Times are whole milliseconds, and the vendor refuses an age of exactly the tolerance."""
_LIST_BYTES_MAX = 4096
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")  # RFC 9110, 5.6.2, in lower case
_SIGNATURE_CHARACTERS = 64
_SECRET_CHARACTERS = 64
_PATH = Template.parse("{path+query}")

# What JavaScript's querystring.escape and encodeURI leave alone, besides letters, digits and `-_.~`.
_QUERY_SAFE = "!*'()"
_URI_SAFE = "!*'();,/?:@&=+$#"

_DEFAULT_NAMES = {b"content-type", b"x-contentful-topic", b"x-contentful-webhook-name"}
_GUESSED_PATH = (
    "; the path was taken from this request: set public_url to the one the provider was given"
)
_NO_SECRET = "x-contentful-signature was sent, and this endpoint has no secret to check it with"  # noqa: S105


class _List(NamedTuple):
    """The names of the headers that are signed, as they are signed: each once, and in order."""

    names: tuple[bytes, ...]
    text: bytes
    covered: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[bytes]) -> "_List":
        """Return the list of these; as with the vendor, itself and the time are on it, named or not."""
        each = tuple(sorted({*names, LIST, TIME}))
        headers = (f"header {name.decode('ascii', 'replace')}" for name in each)
        return cls(each, b",".join(each), ("method", "path and query", *headers, "body"))


class _Claim(NamedTuple):
    """What a request claims, once all of it could be read."""

    signature: bytes
    listed: _List
    message: bytes
    signed_at_s: float


def verify(given: Given) -> Verification:
    """Check the HMAC and its age."""
    claim = _claim(given)
    if isinstance(claim, Verification):
        return claim
    at_s = int(claim.signed_at_s)
    count = len(given.keys)
    if not given.keys:
        return Verification(Outcome.NO_SECRET, _NO_SECRET, signed_at_s=at_s)
    index = None
    for number, key in enumerate(given.keys):
        right = key is not None and hmac.compare_digest(
            _signature(key, claim.message), claim.signature
        )
        if right and index is None:
            index = number
    text = f"method, path, {len(claim.listed.names)} headers and body"
    if index is None:
        detail = f"x-contentful-signature over {text} was not made with {wording.any_of('secret', count)}"
        return Verification(Outcome.MISMATCH, detail + _doubt(given), signed_at_s=at_s)
    late = given.lateness(_RULE, claim.signed_at_s - _TICK_S)
    detail = f"HMAC-SHA256 of {text} matches {wording.one_of('secret', index, count)}"
    return judged(late, detail, index=index, signed_at_s=at_s, covered=claim.listed.covered)


def sign(
    _provider: Provider, request: Request, secret: bytes, now_s: float, url: bytes | None
) -> Request:
    """Return `request` with a signature of now over the headers that its list names, else the content's type."""
    headers = request.headers.replacing(TIME, _RULE.write(now_s))
    old = headers.get(LIST)
    present = {name.lower() for name, _ in headers}
    listed = _List.of(_DEFAULT_NAMES & present if old is None else old.split(b","))
    request = replace(request, headers=headers.replacing(LIST, listed.text))
    message = _message(Fields(request, url), listed)
    if message is None:
        raise SigningError(
            "Contentful's list of signed headers names one that this request has not got once"
        )
    return replace(
        request, headers=request.headers.replacing(SIGNATURE, _signature(secret, message))
    )


def _claim(given: Given) -> _Claim | Verification:
    found = [given.header(name) for name in (SIGNATURE, LIST, TIME)]
    for value in found:
        if isinstance(value, Verification):
            return value
    signature, text, time = (value for value in found if isinstance(value, bytes))
    signed_at_s = _RULE.read(time)
    if signed_at_s is None:
        return malformed("x-contentful-timestamp is not Unix milliseconds")
    if len(signature) != _SIGNATURE_CHARACTERS:
        return malformed("x-contentful-signature is not 64 characters of hex")
    listed = _listed(text) if len(text) <= _LIST_BYTES_MAX else None
    if listed is None:
        return malformed("x-contentful-signed-headers is not a list of header names in lower case")
    message = _message(given.fields, listed)
    if message is None:
        return _unsigned(given.fields, listed)
    return _Claim(signature, listed, message, signed_at_s)


@lru_cache(maxsize=64)  # one sender's is the same every time
def _listed(text: bytes) -> _List | None:
    names = text.split(b",")
    return _List.of(names) if len(names) > 1 and all(map(_NAME.fullmatch, names)) else None


def _message(fields: Fields, listed: _List) -> bytes | None:
    """Return what is signed; None if a header is not there once."""
    values: list[bytes] = []
    for name in listed.names:
        value = listed.text if name == LIST else fields.headers.get(name)
        if value is None:
            return None
        values.append(name + b":" + value.strip())
    request = fields.request
    path = _encoded(_PATH.render(fields) or b"/")
    return b"\n".join(
        (request.method.encode("utf-8", "replace"), path, b";".join(values), request.body)
    )


@lru_cache(maxsize=64)  # likewise
def _encoded(target: bytes) -> bytes:
    path, mark, rest = target.partition(b"?")
    query = quote(rest.partition(b"?")[0], safe=_QUERY_SAFE)
    # The query is encoded twice: so does the vendor.
    return quote(path + (mark + query.encode() if query else b""), safe=_URI_SAFE).encode()


def _signature(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256").hex().encode()


def _unsigned(fields: Fields, listed: _List) -> Verification:
    for name in listed.names:
        if fields.is_repeated(name):
            return malformed(
                "a header that x-contentful-signed-headers names came several times, each different"
            )
    absent = next(name for name in listed.names if name not in fields.headers)
    detail = f"x-contentful-signed-headers names {shorten(absent.decode(), 64)}, which was not sent"
    return Verification(Outcome.MISSING, detail)


def _doubt(given: Given) -> str:
    """Return what is odd about the secrets, or about what we know of the path."""
    if any(key is None or len(key) != _SECRET_CHARACTERS for key in given.keys):
        return "; Contentful's signing secrets have 64 characters, and this endpoint's have not"
    return "" if given.fields.url else _GUESSED_PATH

"""A form as other programs would write it, and the form that a flat JSON object may have been."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from inspector.core.bodyfields import read_form

_FORM = re.compile(rb"[!$'()*,\-./0-9:;?@A-Z\[\]_a-z~%+]+=[^\s\"<>{}]*")
"""How a form begins; what is none would only cost time."""
_ESCAPE = re.compile(rb"%[0-9a-fA-F]{2}")
_ESCAPES_MAX = 20_000


def respelled(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the form `body` as it may have been, and how it is then written; nothing if it is no form."""
    if not _FORM.match(body) or body.count(b"%") > _ESCAPES_MAX:
        return
    yield "with %20 for each '+': something wrote the form anew", body.replace(b"+", b"%20")
    yield "with '+' for each %20: something wrote the form anew", body.replace(b"%20", b"+")
    yield "with its escapes in upper case: something wrote the form anew", _ESCAPE.sub(_upper, body)
    yield "with its escapes in lower case: something wrote the form anew", _ESCAPE.sub(_lower, body)
    fields = read_form(body)
    orders = [] if fields is None else [(fields, ""), (sorted(fields), " and its fields sorted")]
    for order, how in orders:
        for written, quoted in (("'+' for spaces", quote_plus), ("%20 for spaces", quote)):
            detail = (
                f"with {written}, its other escapes renewed{how}: something wrote the form anew"
            )
            yield detail, urlencode(order, quote_via=quoted, safe="").encode()
    yield (
        "with its fields sorted: something changed their order",
        b"&".join(sorted(body.split(b"&"))),
    )


def of_document(document: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the forms that may have been turned into this JSON value."""
    if not isinstance(document, dict) or not document:
        return
    if not all(isinstance(value, str) for value in document.values()):
        return
    for quoted in (quote_plus, quote):
        form = urlencode(document, quote_via=quoted, errors="surrogatepass")
        yield "as the form that its JSON was made from: something converted it", form.encode()


def _upper(found: re.Match[bytes]) -> bytes:
    return found[0].upper()


def _lower(found: re.Match[bytes]) -> bytes:
    return found[0].lower()

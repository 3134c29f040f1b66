"""Secrets taken out of a request that is to leave this machine: an export is pasted into chats and tickets.

Signatures stay: they prove something about one body and open no door. A token that is the secret itself goes, wherever
the provider's file or the endpoint says that it stands.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from inspector.core import multipart
from inspector.core.bodyfields import json_items, parse_form, parse_json
from inspector.core.forwarding import split_ingress, split_segment
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.overlays import Overlay, SecretHeader, SecretPath, SecretQuery
from inspector.core.providers import BARE, Provider
from inspector.core.splicing import replace_form, replace_json
from inspector.core.templates import Kind
from inspector.core.text import decode, encode

REDACTED = b"REDACTED"
"""Stands where a secret stood."""
PATH = "path"
"""The place of a secret path: the segment after the endpoint's name."""
_ALWAYS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""Of whomever they are: they are credentials by definition (RFC 9110, 11.6 and 11.7; RFC 6265)."""


def places(provider: Provider | None, overlays: Iterable[Overlay] = ()) -> list[str]:
    """Return where a delivery of this provider, to an endpoint with these overlays, shows a secret.

    Each is a locator such as `header:X-Gitlab-Token`, or `PATH`. The headers that are always redacted go unsaid.
    """
    return list(dict.fromkeys([*_of_provider(provider), *_of_overlays(overlays)]))


def redact(request: Request, places: Iterable[str]) -> Request:
    """Return `request` with `REDACTED` for each secret; a body that may hold one and cannot be read goes as a whole."""
    request = replace(request, headers=_without_values(request.headers, _ALWAYS))
    for place in places:
        request = _without(place, request)
    return request


def redact_url(url: str, places: Iterable[str]) -> str:
    """Return the URL that a request was sent to, or is to be sent to, with `REDACTED` for each secret."""
    target = encode(url)
    for place in places:
        target = _without_in_target(place, target)
    return decode(target)


def _of_provider(provider: Provider | None) -> Iterator[str]:
    if provider is None:
        return
    for handshake in provider.handshake:
        yield from (f"{each.kind}:{each.name}" for each in handshake.token)
    if provider.scheme in BARE:
        for placement in provider.placements:
            part = placement.signature
            root = provider.json_root if part.kind is Kind.JSON else ()
            yield f"{part.kind}:{'.'.join((*root, part.name))}"


def _of_overlays(overlays: Iterable[Overlay]) -> Iterator[str]:
    for overlay in overlays:
        match overlay:
            case SecretHeader(name):
                yield f"{Kind.HEADER}:{name}"
            case SecretQuery(name):
                yield f"{Kind.QUERY}:{name}"
            case SecretPath():
                yield PATH
            case _:  # a login stands in Authorization, and an address is no secret
                pass


def _without(place: str, request: Request) -> Request:
    kind, _, name = place.partition(":")
    match kind:
        case Kind.HEADER:
            names = frozenset({name.lower().encode()})
            return replace(request, headers=_without_values(request.headers, names))
        case Kind.JSON:
            return replace(request, body=_in_json(request.body, name.split(".")))
        case Kind.FORM:
            content_type = request.headers.get(b"Content-Type") or b""
            if multipart.is_form(content_type):
                return replace(request, body=_in_parts(request.body, content_type, encode(name)))
            return replace(request, body=_in_form(request.body, encode(name)))
        case Kind.XML:
            return replace(request, body=_in_unread(request.body, name))
        case _:
            return replace(request, target=_without_in_target(place, request.target))


def _without_in_target(place: str, target: bytes) -> bytes:
    kind, _, name = place.partition(":")
    if kind == Kind.QUERY:
        before, hash_mark, fragment = target.partition(b"#")
        path, mark, query = before.partition(b"?")
        return path + mark + _in_form(query, encode(name)) + hash_mark + fragment
    if kind == PATH and (found := split_ingress(target)):
        segment, rest = split_segment(found[1])
        if segment:
            return target.removesuffix(found[1]) + b"/" + REDACTED + rest
    return target


def _without_values(headers: Headers, names: frozenset[bytes]) -> Headers:
    return Headers(
        tuple((name, REDACTED if name.lower() in names else value) for name, value in headers.pairs)
    )


def _in_form(text: bytes, name: bytes) -> bytes:
    fields = parse_form(text)
    if name in dict(fields):
        return replace_form(text, name, REDACTED) or REDACTED
    return text if fields or not text else REDACTED  # more than are looked through


def _in_parts(body: bytes, content_type: bytes, name: bytes) -> bytes:
    made = multipart.replace_form(body, content_type, name, REDACTED)
    if made is not None:
        return made
    is_unread = multipart.read_form(body, content_type) is None
    return REDACTED if body and (is_unread or name in body) else body


def _in_json(body: bytes, path: Sequence[str]) -> bytes:
    items = json_items(parse_json(body), path)
    made = replace_json(body, path, [REDACTED] * len(items))
    if made is None and any(item is not None for item in items):
        return REDACTED
    return _in_unread(body, path[-1]) if made is None else made


def _in_unread(body: bytes, name: str) -> bytes:
    return REDACTED if encode(name.rpartition(".")[2].lstrip("@")) in body else body

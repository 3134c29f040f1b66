"""What a delivery says of itself, changed where its provider puts it: the ids, the event's type, the signature."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from inspector.core.bodyfields import EVERY, json_items, json_text, parse_json
from inspector.core.fields import Fields
from inspector.core.model import Request
from inspector.core.providers import Provider
from inspector.core.setting import set_value
from inspector.core.splicing import put
from inspector.core.templates import Kind, Locator, Template

UNKNOWN_EVENT = b"hooktap.lab"
"""No provider sends it yet."""
_USUAL_EVENT = Template((Locator(Kind.JSON, "event"),))
"""Where the event most likely is, if the provider does not say."""
_CODED_SIGNATURES = (b"Signature", b"Signature-Input", b"X-Contentful-Signature")
_COUNT = 3
"""Digits: more are an id."""
_TAIL = re.compile(rb"[0-9A-Za-z]{1,8}(?=[^0-9A-Za-z]*\Z)")
"""The characters of an id that are made anew: its last ones, as the first often say what it is of."""
_LIKE = (
    (b"0123456789", b"123456789"),  # a number that begins with 0 is none to JSON
    (b"abcdef", b"abcdef"),
    (b"ABCDEF", b"ABCDEF"),
    (b"ghijklmnopqrstuvwxyz", b"ghjkmnpqrstvwxyz"),  # without those that a ULID has not
    (b"GHIJKLMNOPQRSTUVWXYZ", b"GHJKMNPQRSTVWXYZ"),
)
"""Characters, and by which of them they are replaced."""


def another_event(provider: Provider, request: Request, unique: str) -> Request:
    """Return the request with another event id of the same form, or as it is where it names none to change."""
    return _renewed(provider.dedupe, request, unique)


def another_attempt(provider: Provider, request: Request, number: int, unique: str) -> Request:
    """Return what the provider sends when it tries again for the `number`th time: the same event, another attempt."""
    events = set(_ids(provider.dedupe))
    fields = Fields(request)
    for locator in _ids(provider.attempt):
        value = locator.read(fields)
        if locator in events or (value is None and locator.kind is not Kind.HEADER):
            continue
        old = value or b"0"  # some leave a count out on the first attempt
        is_count = len(old) <= _COUNT and old.isdigit()
        made = b"%d" % (int(old) + number) if is_count else _another(old, unique)
        request = put(request, locator, [made]) or request
    return request


def unknown_event(provider: Provider, request: Request) -> Request | None:
    """Return the request as of an event that nobody has heard of; None where it names none that can be changed."""
    fields = Fields(request)
    for template in provider.event or (_USUAL_EVENT,):
        if template.render(fields):
            last = [part for part in template.placeholders() if isinstance(part, Locator)][-1]
            return put(request, last, [UNKNOWN_EVENT])
    return None


def without_signature(provider: Provider, request: Request) -> Request:
    """Return the request with no signature anywhere: headers are gone, a place in the query is empty, in JSON null."""
    names = [*provider.older_headers]
    if provider.is_coded:
        names += _CODED_SIGNATURES
    for placement in provider.placements:
        match placement.signature:
            case Locator(Kind.HEADER) as place:
                names.append(place.key)
            case Locator(Kind.JSON) as place:
                request = _nulled(request, place, provider.json_root)
            case place:
                if place.read(Fields(request)) is not None:
                    request = put(request, place, [b""]) or request
    return replace(request, headers=request.headers.without(names))


def _nulled(request: Request, place: Locator, root: Sequence[str]) -> Request:
    document = parse_json(request.body)
    for index, _ in enumerate(json_items(document, root)):
        path = [*(str(index) if step == EVERY else step for step in root), *place.path]
        if json_text(document, path) is not None:
            body = set_value(request.body, "json", ".".join(path), "null")
            request = replace(request, body=body)
    return request


def _renewed(templates: Iterable[Template], request: Request, unique: str) -> Request:
    fields = Fields(request)
    for locator in _ids(templates):
        value = locator.read(fields)
        if value and (made := put(request, locator, [_another(value, unique)])):
            request = made
    return request


def _ids(templates: Iterable[Template]) -> Iterator[Locator]:
    """Yield the places that hold an id and nothing else: of one that is put together, no part is an id."""
    for template in templates:
        match template.parts:
            case (Locator() as locator,):
                yield locator
            case _:
                pass


def _another(value: bytes, unique: str) -> bytes:
    """Return an id that looks like `value`: a digit for a digit, a letter for a letter. Equal ones stay equal."""
    drawn = hashlib.sha256(unique.encode() + value).digest()
    return _TAIL.sub(lambda tail: bytes(map(_like, tail[0], drawn)), value)


def _like(character: int, roll: int) -> int:
    chosen = next(by for those, by in _LIKE if character in those)
    return chosen[roll % len(chosen)]

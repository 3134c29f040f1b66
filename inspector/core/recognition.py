"""Telling from a request which provider sent it: by its headers, or where they say nothing by the shape of the rest."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from inspector.core.bodyfields import CAP_BYTES
from inspector.core.conditions import Condition
from inspector.core.fields import Fields
from inspector.core.model import Request
from inspector.core.providers import Provider
from inspector.core.templates import Kind

_HEAD = frozenset({Kind.HEADER, Kind.QUERY})
"""What can be looked at without reading the body."""
_START_BYTES = 64
"""How far into a body its first character is looked for."""


class Recognition(NamedTuple):
    """Whose delivery a request looks like."""

    provider: Provider | None
    """The one that fits best."""
    others: tuple[Provider, ...] = ()
    """Those that fit as well, or for a reason that the best one does not explain."""


class _Way(NamedTuple):
    """One set of conditions that tells a provider's deliveries."""

    provider: Provider
    order: int
    head: tuple[Condition, ...]
    body: tuple[Condition, ...]
    names: tuple[bytes, ...]
    """What a body has in it wherever the conditions about it hold: quicker to find than to parse."""
    weight: tuple[int, int]
    """How much it asks for. What stands in the head counts first: a body may hold anything."""
    needs: frozenset[tuple[Kind, bytes]]
    """What has to be there."""
    explains: frozenset[tuple[Kind, bytes]]
    """What is there because this is the right one: that, and where the signature stood before."""


class Recogniser:
    """Knows the deliveries of some providers. Making one takes a while, asking it a few look-ups."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._by_header: dict[bytes, list[_Way]] = {}
        self._by_shape: dict[Kind, list[_Way]] = {}
        for order, provider in enumerate(providers.values()):
            for conditions in provider.recognised_by:
                self._file(_way(provider, order, conditions))

    def recognise(
        self, request: Request, fields: Fields | None = None, *, hint: str = ""
    ) -> Recognition:
        """Say whose `request` is. Of equals, the one named `hint` counts, else the last: one's own come after ours.

        `fields` are those of the request, where somebody has read some of them already.
        """
        fields = fields or Fields(request)
        found = self._from_headers(fields) or list(self._from_shape(fields))
        return _best(found, fields, hint)

    def _file(self, way: _Way) -> None:
        for condition in way.head:
            if condition.locator.kind is Kind.HEADER:
                self._by_header.setdefault(condition.locator.key, []).append(way)
                return
        kinds = {condition.locator.kind for condition in way.body} or {Kind.QUERY}
        if len(kinds) == 1:  # no body is JSON and a form
            self._by_shape.setdefault(kinds.pop(), []).append(way)

    def _from_headers(self, fields: Fields) -> list[_Way]:
        ways = [
            way
            for name in fields.headers
            if name in self._by_header
            for way in self._by_header[name]
            if _hold(way.head, fields)
        ]
        # A body is read only to choose between those whose headers say as much.
        most = max((len(way.head) for way in ways), default=0)
        return [
            way
            for way in ways
            if not way.body or (len(way.head) == most and _hold(way.body, fields))
        ]

    def _from_shape(self, fields: Fields) -> Iterator[_Way]:
        request = fields.request
        if b"?" in request.target:
            yield from (
                way for way in self._by_shape.get(Kind.QUERY, ()) if _hold(way.head, fields)
            )
        shape = _shape(request.body)
        for way in self._by_shape.get(shape, ()) if shape else ():
            if all(name in request.body for name in way.names) and _hold(
                (*way.head, *way.body), fields
            ):
                yield way


def recognise(
    providers: Mapping[str, Provider], request: Request, fields: Fields | None = None
) -> Recognition:
    """Say whose `request` is, once: who asks often keeps a `Recogniser`."""
    return Recogniser(providers).recognise(request, fields)


def _way(provider: Provider, order: int, conditions: Iterable[Condition]) -> _Way:
    parts: tuple[list[Condition], list[Condition]] = ([], [])
    for condition in conditions:
        parts[condition.locator.kind not in _HEAD].append(condition)
    # The longest step of `booking.@attributes.booking_id` is the rarest; `@` is ours in XML, and the brackets in the
    # name of a form's field may be escaped.
    steps = (max(condition.locator.path, key=len) for condition in parts[1])
    names = dict.fromkeys(step.lstrip("@").partition("[")[0].encode() for step in steps)
    locators = (condition.locator for part in parts for condition in part)
    needs = frozenset((locator.kind, locator.key) for locator in locators)
    return _Way(
        provider,
        order,
        head=tuple(parts[0]),
        body=tuple(parts[1]),
        names=tuple(names),
        weight=(len(parts[0]), len(parts[1])),
        needs=needs,
        explains=needs.union((Kind.HEADER, name) for name in provider.older_headers),
    )


def _hold(conditions: Iterable[Condition], fields: Fields) -> bool:
    for condition in conditions:
        locator = condition.locator
        if condition.value is None and locator.kind is Kind.HEADER:
            # One that came several times is there, though nobody could say which of its values counts.
            if locator.key not in fields.headers:
                return False
        elif not condition.holds(fields):
            return False
    return True


def _shape(body: bytes) -> Kind | None:
    """Return what a body looks to be from its first character, or None for one that is not looked into."""
    start = body[:_START_BYTES].removeprefix(BOM_UTF8).lstrip()[:1]
    if not start or len(body) > CAP_BYTES:
        return None
    if start in b"{[":
        return Kind.JSON
    return Kind.XML if start == b"<" else Kind.FORM


def _best(found: Sequence[_Way], fields: Fields, hint: str) -> Recognition:
    ways: dict[str, _Way] = {}
    for way in found:
        best = ways.setdefault(way.provider.name, way)
        if way.weight > best.weight:
            ways[way.provider.name] = way
    if len(ways) < 2:
        return Recognition(found[0].provider if found else None)
    scores = {name: (_is_readable(way.provider, fields), way.weight) for name, way in ways.items()}
    name = max(ways, key=lambda name: (scores[name], name == hint, ways[name].order))
    others = [
        way
        for other, way in ways.items()
        if other != name and (scores[other] == scores[name] or not way.needs <= ways[name].explains)
    ]
    others.sort(key=lambda way: way.order)
    return Recognition(ways[name].provider, tuple(way.provider for way in others))


def _is_readable(provider: Provider, fields: Fields) -> bool:
    """Whether a signature's header has what it should have: `sha1=` where others of that name have `sha256=`."""
    values = [
        placement.signature.read(fields)
        for placement in provider.placements
        if placement.signature.kind is Kind.HEADER
    ]
    return not values or any(value and provider.format.candidates(value) for value in values)

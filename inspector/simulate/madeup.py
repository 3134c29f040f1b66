"""A sample for a provider of which no file shows one: made up from what its locators name, and no more.

It holds what is read from a delivery and what is signed, so that it is recognised and can be verified.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from inspector.core.bodyfields import EVERY
from inspector.core.providers import Placement, Provider
from inspector.core.templates import Kind, Locator, Template
from inspector.core.text import safe
from inspector.core.timestamps import Unit
from inspector.errors import ConfigError
from inspector.simulate.samples import Sample

USUAL_EVENT = "test.event"
EVENT_MAX = 256
"""Characters: more are not read from a delivery either."""

_SOMETHING = "$token"
_ID = "sample_$token"
_TIMES = {Unit.S: "$now_s", Unit.MS: "$now_ms", Unit.RFC3339: "$now_iso"}
_BODY_DIGEST = "body.sha256.hex"
_INDEX_MAX = 99
_FORMATS = {Kind.JSON: "json", Kind.FORM: "form"}


def events(provider: Provider) -> list[str]:
    """Return the one event that is offered; others may be asked for."""
    readable = list(_readable(provider.event, _body_kind(provider)))
    if not readable or any(_split(template, USUAL_EVENT) for template in readable):
        return [USUAL_EVENT]
    shape = readable[0].parts
    return ["".join(part.decode() if isinstance(part, bytes) else "test" for part in shape)]


def find(
    provider: Provider,
    event: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the word of the API
) -> Sample:
    """Return the sample. Raises ConfigError for an event or a format that the provider cannot have."""
    kind = _body_kind(provider)
    offered = _FORMATS[kind]
    if format not in (None, offered):
        raise ConfigError(f"{provider.name} is not sampled as '{format}' (one of: {offered})")
    chosen = events(provider)[0] if event is None else event
    draft = _Draft(kind)
    _tell_event(draft, provider, chosen)
    _fill(draft, provider)
    if draft.body == {}:
        draft.body = {"event": _verbatim(chosen)}
    return Sample(
        provider=provider.name,
        event=chosen,
        format=offered,
        note=f"a made-up body: {provider.title}'s own shape is not known here",
        headers={"Content-Type": "$content_type", **draft.headers},
        body=_json(draft.body),
        target="/?" + "&".join(draft.query) if draft.query else "/",
    )


class _Number(str):
    """Text that JSON has without quotes."""

    __slots__ = ()


Node = dict[str, "Node"] | list["Node"] | str


@dataclass(slots=True)
class _Draft:
    """What the sample holds so far, with `$names` for what differs each time. What was set first stays."""

    kind: Kind
    headers: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    body: Node = field(default_factory=dict)
    done: set[tuple[str, ...]] = field(default_factory=set)

    def set(self, locator: Locator, text: str, root: Sequence[str] = ()) -> None:
        """Put `text` where `locator` points, below `root` if it is in JSON."""
        root = root if locator.kind is Kind.JSON else ()
        place = (locator.kind, *root, locator.key.decode())
        if place in self.done:
            return
        self.done.add(place)
        match locator.kind:
            case Kind.HEADER:
                self.headers[locator.name] = text
            case Kind.QUERY:
                self.query.append(f"{quote_plus(locator.name)}={text}")
            case Kind.FORM if self.kind is Kind.FORM:
                self.body = _with(self.body, (locator.name,), text)
            case Kind.JSON if self.kind is Kind.JSON:
                self.body = _with(self.body, (*root, *locator.path), text)
            case _:
                pass


def _body_kind(provider: Provider) -> Kind:
    """Return what the body is, from the first thing in it that is signed or read."""
    templates = [Template((each.signature,)) for each in provider.placements]
    templates += [each.signed for each in provider.placements]
    for template in (*templates, *provider.event, *provider.dedupe):
        for part in template.placeholders():
            if isinstance(part, Locator) and part.kind in _FORMATS:
                return part.kind
            if not isinstance(part, Locator) and part.name == "form.sorted":
                return Kind.FORM
    return Kind.JSON


def _tell_event(draft: _Draft, provider: Provider, event: str) -> None:
    if not event.isprintable() or not 0 < len(event) <= EVENT_MAX:
        raise ConfigError(
            f"'{safe(event)}' is no event: that is a line of 1 to {EVENT_MAX} characters"
        )
    readable = list(_readable(provider.event, draft.kind))
    for template in readable:
        if found := _split(template, event):
            for locator, text in found:
                draft.set(locator, _verbatim(text))
            return
    if readable:
        shape = readable[0].text
        raise ConfigError(
            f"{provider.name} has no event '{safe(event)}': it writes them as {shape}"
        )


def _fill(draft: _Draft, provider: Provider) -> None:
    """Put in whatever else is signed, tells the provider, or is read."""
    root = ["0" if step == EVERY else step for step in provider.json_root]
    for placement in provider.placements[:1]:
        _make_room(draft, provider, placement, root)
    _fill_equalities(draft, provider)
    made_by_signing = set(_made_by_signing(provider))
    for template in list(_readable(provider.dedupe, draft.kind))[:1]:
        for locator in _locators(template):
            draft.set(locator, _ID)
    for condition in next(iter(provider.recognised_by), ()):
        if condition.locator not in made_by_signing:
            value = _SOMETHING if condition.value is None else _verbatim(condition.value.decode())
            draft.set(condition.locator, value)
    for placement in provider.placements[:1]:
        for locator in _locators(placement.signed):
            if locator not in made_by_signing:
                draft.set(locator, _SOMETHING, root)


def _made_by_signing(provider: Provider) -> Iterator[Locator | None]:
    for placement in provider.placements:
        yield placement.signature
        yield placement.time


def _make_room(
    draft: _Draft, provider: Provider, placement: Placement, root: Sequence[str]
) -> None:
    """Put in what signing only replaces: signature and time within a body, and what stands beside the signature."""
    time = placement.time
    if provider.time and time and time.kind in _FORMATS:
        now = _TIMES[provider.time.unit]
        draft.set(time, now if provider.time.unit is Unit.RFC3339 else _Number(now), root)
    if placement.signature.kind in _FORMATS:
        draft.set(placement.signature, "", root)
    pairs = [
        each for each in _locators(placement.signed) if each.kind is Kind.PAIR and each != time
    ]
    if pairs:
        separator = provider.format.separator.decode()
        draft.set(placement.signature, separator.join(f"{each}={_SOMETHING}" for each in pairs))


def _fill_equalities(draft: _Draft, provider: Provider) -> None:
    for one, other in provider.also:
        if [str(part) for part in other.placeholders()] == [_BODY_DIGEST]:
            for locator in _locators(one):
                draft.set(locator, "$body_sha256")


def _readable(alternatives: Iterable[Template], kind: Kind) -> Iterator[Template]:
    """Yield those that a request with such a body can have: no builtin, and nothing of another kind of body."""
    kinds = {Kind.HEADER, Kind.QUERY, kind}
    for template in alternatives:
        parts = list(template.placeholders())
        if parts and all(isinstance(part, Locator) and part.kind in kinds for part in parts):
            yield template


def _locators(template: Template) -> list[Locator]:
    return [part for part in template.placeholders() if isinstance(part, Locator)]


def _split(template: Template, event: str) -> list[tuple[Locator, str]]:
    """Return what each locator has to hold so that `template` reads as `event`; nothing if it never does."""
    pattern = "".join(
        re.escape(part.decode()) if isinstance(part, bytes) else "(.+?)" for part in template.parts
    )
    found = re.fullmatch(pattern, event)
    return list(zip(_locators(template), found.groups(), strict=True)) if found else []


def _with(node: Node, path: Sequence[str], text: str) -> Node:
    """Return `node` with `text` at `path`, unless something that is no part of the path stands in its way."""
    if not path:
        return text if node == {} else node
    step, rest = path[0], path[1:]
    if step.isdecimal() and int(step) <= _INDEX_MAX and (node == {} or isinstance(node, list)):
        items: list[Node] = list(node) if isinstance(node, list) else []
        items += [{}] * (int(step) + 1 - len(items))
        items[int(step)] = _with(items[int(step)], rest, text)
        return items
    if isinstance(node, dict):
        return {**node, step: _with(node.get(step, {}), rest, text)}
    return node


def _verbatim(text: str) -> str:
    return text.replace("$", "$$")


def _json(node: Node) -> str:
    match node:
        case dict():
            members = (f"{json.dumps(_verbatim(key))}:{_json(node[key])}" for key in node)
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(map(_json, node)) + "]"
        case _Number():
            return str(node)
        case _:
            return json.dumps(node)

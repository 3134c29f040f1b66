"""What else the sender may have signed: parts left out, joined in another way or order, a time in another unit."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations

from inspector.core.diagnosis import clock
from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import SIGNING, Probe, Subject, is_time
from inspector.core.providers import Placement, Scheme
from inspector.core.templates import BODY, SECRET, Builtin, Kind, Locator, Part, Template
from inspector.core.text import safe

_SEPARATORS = (
    b".",
    b":",
    b"",
    b"\n",
    b"|",
    b"-",
    b",",
    b" ",
    b"_",
    b";",
    b"&",
    b"+",
    b"/",
    b"\r\n",
)
_USUAL = 4
"""So many of them are tried in one place while the others stay."""
_MARKS = re.compile(rb"[^0-9A-Za-z]+")
_ORDERED_MAX = 4
"""More parts are not put into every order."""

Variant = tuple[Cause, str, Sequence[Part]]


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield other texts made of the same request."""
    if subject.provider.scheme not in SIGNING or subject.provider.json_root:
        return
    for placement in subject.placements():
        seen = {placement.signed}
        for variants in _VARIANTS:
            for cause, detail, parts in variants(subject, placement):
                template = Template(tuple(parts))
                if template not in seen and any(template.placeholders()):
                    seen.add(template)
                    yield Probe(cause, detail, subject.signing(template, placement))
        yield from _constructions(subject, placement)


_UNSIGNED = "The sender does not sign the {}: have it sign {}."
_BODY_ALONE = "The sender signs the body alone: have it sign {}."
_NO_TEXT = "The sender leaves out '{}' in what it signs: have it sign {}."


def _left_out(_subject: Subject, placement: Placement) -> Iterator[Variant]:
    """Yield the text without one of its parts, and the body alone."""
    parts, right = placement.signed.parts, _shown(placement.signed.parts)
    causes = [
        (index, part, _cause(part, placement))
        for index, part in enumerate(parts)
        if not isinstance(part, bytes) and part is not SECRET
    ]
    for index, part, cause in causes:
        yield cause, _UNSIGNED.format(_name(part, placement), right), _without(parts, index)
    missing = [cause for _, part, cause in causes if part is not BODY]
    if missing:
        is_timed = Cause.TIMESTAMP_LEFT_OUT in missing
        cause = Cause.TIMESTAMP_LEFT_OUT if is_timed else missing[0]
        yield cause, _BODY_ALONE.format(right), [each for each in parts if each in (SECRET, BODY)]
    for index, text in enumerate(parts):
        if isinstance(text, bytes) and not _MARKS.fullmatch(text):
            kept = [*parts[:index], *parts[index + 1 :]]
            yield Cause.PART_LEFT_OUT, _NO_TEXT.format(safe(text), right), kept


def _cause(part: Part, placement: Placement) -> Cause:
    if is_time(part, placement):
        return Cause.TIMESTAMP_LEFT_OUT
    return Cause.ID_LEFT_OUT if isinstance(part, Locator) else Cause.PART_LEFT_OUT


def _without(parts: Sequence[Part], index: int) -> list[Part]:
    """Return the parts without one, and without the text that joined it to the next, or else to the one before."""
    after = index + 1 < len(parts) and isinstance(parts[index + 1], bytes)
    before = not after and index > 0 and isinstance(parts[index - 1], bytes)
    return [*parts[: index - before], *parts[index + 1 + after :]]


_UNIT = "The sender signs its time as {}, and sends {} in another unit: have it sign the very text that it sends."


def _times(subject: Subject, placement: Placement) -> Iterator[Variant]:
    """Yield the text with its time in another unit than the one that was sent."""
    parts = placement.signed.parts
    for index, part in enumerate(parts):
        if isinstance(part, Locator) and is_time(part, placement):
            for unit, value in clock.respelled(subject.read(part, placement)):
                changed = [*parts[:index], value, *parts[index + 1 :]]
                yield Cause.TIMESTAMP_UNIT, _UNIT.format(unit, part), changed


_JOINED = "The sender joins what it signs in another way, {}: have it sign {}."
_ORDERED = "The sender joins what it signs in another order, {}: have it sign {}."


def _separated(_subject: Subject, placement: Placement) -> Iterator[Variant]:
    """Yield the same parts with another text between them."""
    values, (first, *between, last) = _split(placement.signed.parts)
    right = _shown(placement.signed.parts)
    choices: list[list[bytes]] = []
    for separator in _SEPARATORS:
        same = [separator] * len(between)
        choices += [[first, *same, last], [_MARKS.sub(separator, first), *same, last]]
    for index in range(len(between)):
        for separator in _SEPARATORS[:_USUAL]:
            choices.append([first, *between[:index], separator, *between[index + 1 :], last])
    choices += [[first, *between, end] for end in (b"", b"\n")]
    for gaps in choices:
        parts = _joined(values, gaps)
        yield Cause.SEPARATOR, _JOINED.format(_shown(parts), right), parts


def _reordered(_subject: Subject, placement: Placement) -> Iterator[Variant]:
    values, gaps = _split(placement.signed.parts)
    right = _shown(placement.signed.parts)
    for order in permutations(reversed(values)) if len(values) <= _ORDERED_MAX else ():
        parts = _joined(order, gaps)
        yield Cause.PART_ORDER, _ORDERED.format(_shown(parts), right), parts


def _split(parts: Sequence[Part]) -> tuple[list[Part], list[bytes]]:
    """Return the values, and the texts before, between and after them."""
    values: list[Part] = []
    gaps = [b""]
    for part in parts:
        if isinstance(part, bytes):
            gaps[-1] += part
        else:
            values.append(part)
            gaps.append(b"")
    return values, gaps


def _joined(values: Sequence[Part], gaps: Sequence[bytes]) -> list[Part]:
    parts: list[Part] = [gaps[0]]
    for value, gap in zip(values, gaps[1:], strict=True):
        parts += [value, gap]
    return [part for part in parts if part]


_HMAC = "The sender makes an HMAC, and {} a plain hash over {}: change that at the sender."
_HASH = "The sender makes a plain hash over the secret and the text, and {} an HMAC of {}: change that at the sender."


def _constructions(subject: Subject, placement: Placement) -> Iterator[Probe]:
    """Yield an HMAC where a hash over the secret belongs, and the reverse."""
    provider, parts = subject.provider, placement.signed.parts
    right = _shown(parts)
    if provider.scheme is Scheme.DIGEST:
        text = Template(tuple(part for part in parts if part is not SECRET))
        changed = replace(subject.signing(text, placement), scheme=Scheme.HMAC)
        yield Probe(Cause.CONSTRUCTION, _HMAC.format(provider.title, right), changed)
    if provider.scheme is Scheme.HMAC:
        detail = _HASH.format(provider.title, right)
        for joined in ((SECRET, *parts), (*parts, SECRET), (SECRET, BODY), (BODY, SECRET)):
            text = Template(joined)
            changed = replace(subject.signing(text, placement), scheme=Scheme.DIGEST)
            yield Probe(Cause.CONSTRUCTION, detail, changed)


def _shown(parts: Sequence[Part]) -> str:
    """Return a formula in which white space can be seen."""
    return " + ".join(f"'{safe(part)}'" if isinstance(part, bytes) else str(part) for part in parts)


def _name(part: Locator | Builtin, placement: Placement) -> str:
    if isinstance(part, Locator):
        is_pair = part.kind is Kind.PAIR
        return f"'{part}' in {placement.signature}" if is_pair else part.label
    return {"url": "URL", "method": "HTTP method"}.get(part.name, part.label)


_VARIANTS: tuple[Callable[[Subject, Placement], Iterator[Variant]], ...] = (
    _left_out,
    _times,
    _separated,
    _reordered,
)

"""What senders get wrong in what they sign."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from inspector.core.diagnosis import Cause
from inspector.core.templates import BODY, SECRET, Locator
from inspector.core.timestamps import Unit
from tests.core.diagnosis.deliveries import Sample
from tests.core.diagnosis.spoiling import Spoiler, Way, place, signable, signing
from tests.factories import NOW_S


def text_changes() -> Iterator[Spoiler]:
    """What senders get wrong in what they sign."""
    yield Spoiler(Cause.TIMESTAMP_LEFT_OUT, "the body alone", _body_alone)
    yield Spoiler(Cause.TIMESTAMP_LEFT_OUT, "its separator too", _without_time)
    yield Spoiler(Cause.TIMESTAMP_UNIT, "signed in another unit", _signed_unit)
    yield Spoiler(Cause.TIMESTAMP_UNIT, "sent and signed in another unit", _sent_unit)
    yield Spoiler(Cause.ID_LEFT_OUT, "its separator too", _without_id)
    yield Spoiler(Cause.PART_LEFT_OUT, "no URL", _without_builtin("url"))
    yield Spoiler(Cause.PART_LEFT_OUT, "no method", _without_builtin("method"))
    for name, separator in (
        ("colon", b":"),
        ("dot", b"."),
        ("nothing", b""),
        ("line feed", b"\n"),
        ("bar", b"|"),
    ):
        yield Spoiler(Cause.SEPARATOR, name, _separated(separator))
    yield Spoiler(Cause.PART_ORDER, "reversed", _reversed)


def _times(sample: Sample) -> list[int]:
    time = place(sample).time
    return [
        index
        for index, part in enumerate(signable(sample))
        if isinstance(part, Locator) and (part == time or "time" in part.name.lower())
    ]


def _body_alone(sample: Sample) -> Sample | None:
    if not _times(sample) or BODY not in signable(sample):
        return None
    return sample.signed(signing(sample.provider, (BODY,)))


def _without_time(sample: Sample) -> Sample | None:
    times = _times(sample)
    return _without(sample, times[0]) if times else None


def _without(sample: Sample, index: int) -> Sample | None:
    parts = signable(sample)
    joined = index + 1 < len(parts) and isinstance(parts[index + 1], bytes)
    kept = (*parts[:index], *parts[index + 1 + joined :])
    if not any(not isinstance(part, bytes) and part is not SECRET for part in kept):
        return None
    return sample.signed(signing(sample.provider, kept))


def _without_id(sample: Sample) -> Sample | None:
    times = _times(sample)
    for index, part in enumerate(signable(sample)):
        if isinstance(part, Locator) and index not in times:
            return _without(sample, index)
    return None


def _without_builtin(name: str) -> Way:
    def way(sample: Sample) -> Sample | None:
        for index, part in enumerate(signable(sample)):
            if not isinstance(part, bytes) and part.name == name:
                return _without(sample, index)
        return None

    return way


def _signed_unit(sample: Sample) -> Sample | None:
    """Milliseconds are signed, and seconds sent; or the reverse."""
    times, rule = _times(sample), sample.provider.time
    if not times or rule is None or rule.unit is Unit.RFC3339:
        return None
    parts = signable(sample)
    value = b"%d" % (NOW_S if rule.unit is Unit.MS else NOW_S * 1000)
    return sample.signed(
        signing(sample.provider, (*parts[: times[0]], value, *parts[times[0] + 1 :]))
    )


def _sent_unit(sample: Sample) -> Sample | None:
    """Milliseconds are sent and signed where seconds are expected; or the reverse."""
    rule = sample.provider.time
    if not _times(sample) or rule is None or rule.tolerance_s is None:
        return None
    unit = Unit.MS if rule.unit is Unit.S else Unit.S
    return sample.signed(replace(sample.provider, time=replace(rule, unit=unit)))


def _values(sample: Sample) -> list[Any]:
    return [part for part in signable(sample) if not isinstance(part, bytes)]


def _separated(separator: bytes) -> Way:
    def way(sample: Sample) -> Sample | None:
        values = [part for part in _values(sample) if part is not SECRET]
        if len(values) < 2 or SECRET in _values(sample):
            return None
        parts = signable(sample)
        lead = parts[0] if isinstance(parts[0], bytes) else b""
        joined: list[Any] = [lead] if lead else []
        for value in values:
            joined += [value, separator] if separator else [value]
        if separator:
            joined.pop()
        return (
            None
            if tuple(joined) == parts
            else sample.signed(signing(sample.provider, tuple(joined)))
        )

    return way


def _reversed(sample: Sample) -> Sample | None:
    values = _values(sample)
    if not 2 <= len(values) <= 4 or isinstance(signable(sample)[0], bytes):
        return None
    swapped = iter(reversed(values))
    parts = tuple(part if isinstance(part, bytes) else next(swapped) for part in signable(sample))
    return sample.signed(signing(sample.provider, parts))

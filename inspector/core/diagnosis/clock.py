"""What can be said of a signature's time: whose clock is wrong, and which unit it is in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from inspector.core.diagnosis.findings import Cause, Finding
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.model import Verification
from inspector.core.timestamps import TimeRule, Unit, duration

_UNITS = {Unit.S: "Unix seconds", Unit.MS: "Unix milliseconds", Unit.RFC3339: "an RFC 3339 time"}
_BY_DIGITS = {
    10: _UNITS[Unit.S],
    13: _UNITS[Unit.MS],
    16: "Unix microseconds",
    19: "Unix nanoseconds",
}
_AGREES_S = 60

_ABSENT = "The signature is right, but {}, which {} sends, is not there: have the sender add it."
_UNREADABLE = (
    "The signature is right, but {} is {}, and {} sends {}: change what the sender writes there."
)
_OTHER_UNIT = "{} is of now if it is read as {}, and {} sends {}: change what the sender writes there, and signs."
_AHEAD = "This machine's clock is {} behind the sender's: set right the one that is wrong, most likely this one."
_SENT_AHEAD = (
    "The time that the sender signed is {} ahead, and the time in its Date header is not: "
    "set right which time it signs."
)
_PAST = (
    "This was signed {0} ago: an old delivery was replayed or held up on its way, so have it signed anew; "
    "or this machine's clock is {0} ahead of the sender's."
)
_SENT_AGAIN = (
    "This was signed {} ago, and sent just now by its Date header: an old delivery was replayed, or a retry keeps its "
    "first signature; have it signed anew."
)


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield the request as it is, for a signature whose time cannot be read: a subject's time is not asked for."""
    rule, title = subject.time, subject.provider.title
    for placement in subject.placements():
        if rule is None or placement.time is None:
            continue
        value = subject.read(placement.time, placement)
        if not value:
            yield Probe(Cause.TIMESTAMP_MISSING, _ABSENT.format(placement.time, title))
        elif rule.read(value) is None:
            detail = _UNREADABLE.format(placement.time, _unit(value), title, _UNITS[rule.unit])
            yield Probe(Cause.TIMESTAMP_UNIT, detail)


def explained(
    subject: Subject, found: Verification, now_s: float, tolerance_s: int | None
) -> Finding:
    """Say why a right signature is not of now."""
    if unit := _other_unit(subject, now_s, tolerance_s):
        return Finding(Cause.TIMESTAMP_UNIT, unit)
    age_s = now_s - (found.signed_at_s or 0)
    past, ahead = (_SENT_AGAIN, _SENT_AHEAD) if _is_sent_now(subject, now_s) else (_PAST, _AHEAD)
    detail = ahead if age_s < 0 else past
    return Finding(Cause.CLOCK, detail.format(duration(abs(age_s))))


def respelled(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a time in other units, with their names; nothing if it is none."""
    if value.isdigit() and len(value) == 10:
        yield _UNITS[Unit.MS], value + b"000"
        yield from _calendar(value, b"")
    elif value.isdigit() and len(value) == 13:
        yield _UNITS[Unit.S], value[:-3]
        yield from _calendar(value[:-3], b"." + value[-3:])
    elif (seconds := TimeRule(Unit.RFC3339).read(value)) is not None:
        yield _UNITS[Unit.S], b"%d" % seconds
        yield _UNITS[Unit.MS], b"%d" % round(seconds * 1000)


def _calendar(seconds: bytes, fraction: bytes) -> Iterator[tuple[str, bytes]]:
    written = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
    for end in (fraction + b"Z", fraction + b"+00:00", b".000Z"):
        yield _UNITS[Unit.RFC3339], written + end


def _unit(value: bytes) -> str:
    if TimeRule(Unit.RFC3339).read(value) is not None:
        return _UNITS[Unit.RFC3339]
    return _BY_DIGITS.get(len(value) if value.isdigit() else 0, "written in another way")


def _other_unit(subject: Subject, now_s: float, tolerance_s: int | None) -> str | None:
    """Return what is to be said if the time is of now in another unit than the provider's."""
    rule = subject.time
    for placement in subject.placements():
        if rule is None or placement.time is None:
            continue
        value = subject.read(placement.time, placement)
        for unit in Unit:
            other = TimeRule(unit, rule.tolerance_s)
            seconds = other.read(value)
            if unit is rule.unit or seconds is None:
                continue
            if not other.complaint(seconds, now_s, tolerance_s):
                title, right = subject.provider.title, _UNITS[rule.unit]
                return _OTHER_UNIT.format(placement.time, _UNITS[unit], title, right)
    return None


def _is_sent_now(subject: Subject, now_s: float) -> bool:
    """Whether the sender's Date header shows what our clock does."""
    value = subject.request.headers.get(b"Date") or b""
    try:
        date = parsedate_to_datetime(value.decode("ascii"))
        return abs(date.timestamp() - now_s) <= _AGREES_S
    except (ValueError, TypeError, IndexError, OverflowError):  # as odd dates make it raise
        return False

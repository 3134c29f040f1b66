"""The time a provider signed: reading it, judging its age, writing it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

_DIGITS_MAX = 15
_LATEST_S = 253_402_300_799
"""The last second of the year 9999: anything later is not a time, and would not fit where times are kept."""
_RFC3339 = re.compile(
    rb"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})"
)  # RFC 3339, 5.6


class Unit(StrEnum):
    """How a time is written."""

    S = "s"
    """Unix seconds."""
    MS = "ms"
    """Unix milliseconds."""
    RFC3339 = "rfc3339"

    @property
    def description(self) -> str:
        """What a time in it is, for a sentence."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Unit.S: "Unix seconds",
    Unit.MS: "Unix milliseconds",
    Unit.RFC3339: "an RFC 3339 time",
}


class Window(StrEnum):
    """Which times are refused."""

    PAST = "past"
    """Those too long ago."""
    BOTH = "both"
    """Those too far ahead as well: the provider's clock or ours is wrong."""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How a provider writes the time it signed, and how long a signature is good for."""

    unit: Unit = Unit.S
    tolerance_s: int | None = None
    """None: the time is shown, not checked."""
    window: Window = Window.BOTH

    def read(self, value: bytes) -> float | None:
        """Return Unix seconds, or None if `value` is not a time in this unit."""
        match self.unit:
            case Unit.S:
                return _number(value, 1)
            case Unit.MS:
                return _number(value, 1000)
            case Unit.RFC3339:
                return _rfc3339(value)
            case unreachable:
                assert_never(unreachable)

    def write(self, now_s: float) -> bytes:
        """Return `now_s` as the provider would write it."""
        match self.unit:
            case Unit.S:
                return b"%d" % now_s
            case Unit.MS:
                return b"%d" % (now_s * 1000)
            case Unit.RFC3339:
                written = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")
                return written.replace("+00:00", "Z").encode()
            case unreachable:
                assert_never(unreachable)

    def complaint(self, signed_at_s: float, now_s: float, tolerance_s: int | None) -> str | None:
        """Return how far outside the window the time is, as the end of a sentence, or None if it is inside.

        `tolerance_s` takes the place of the provider's own.
        """
        allowed = self.tolerance_s if tolerance_s is None else tolerance_s
        if allowed is None:
            return None
        age_s = now_s - signed_at_s
        if age_s > allowed:
            return f"it was signed {duration(age_s)} ago; the tolerance is {duration(allowed)}"
        if self.window is Window.BOTH and -age_s > allowed:
            return (
                f"its time is {duration(-age_s)} ahead of this machine's clock; "
                f"the tolerance is {duration(allowed)}"
            )
        return None


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `14 h 3 min`, `5 min`, `45 s`."""
    whole = int(seconds)
    words: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            words.append(f"{count} {unit}")
        elif words:
            break
    return " ".join(words[:2]) or "0 s"


def _number(value: bytes, per_second: int) -> float | None:
    if not value.isdigit() or len(value) > _DIGITS_MAX:
        return None
    seconds = int(value) / per_second
    return seconds if seconds <= _LATEST_S else None


def _rfc3339(value: bytes) -> float | None:
    if not _RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.decode().upper()).timestamp()
    except ValueError:
        return None

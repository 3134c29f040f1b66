"""One term of a query: what it looks at, and how its value is read. How terms combine stands in `query`."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from inspector.core.model import FailureKind, Outcome
from inspector.core.text import safe


class Key(StrEnum):
    """What a term looks at."""

    ID = "id"
    ENDPOINT = "endpoint"
    PROVIDER = "provider"
    OUTCOME = "outcome"
    EVENT = "event"
    METHOD = "method"
    STATUS = "status"
    """What the target answered to the last attempt."""
    FAILURE = "failure"
    """Why it did not."""
    SIZE = "size"
    """Bytes of the body."""
    SINCE = "since"
    UNTIL = "until"
    HAS = "has"
    IS = "is"
    HEADER = "header"
    BODY = "body"
    JSON = "json"
    NOTE = "note"
    """What a person wrote about it: anywhere inside."""
    TEXT = "text"
    """A bare word: anywhere inside endpoint, event, event id or attempt id."""


class Has(StrEnum):
    """What a delivery may have or not."""

    ATTEMPT = "attempt"
    HANDSHAKE = "handshake"
    EVENT = "event"
    NOTE = "note"
    """A person wrote one."""


class Is(StrEnum):
    """What has become of a delivery."""

    FAILED = "failed"
    """Its last attempt was not answered 2xx."""
    FORWARDED = "forwarded"
    """It was."""
    PENDING = "pending"
    """Its target is still to get it."""
    DUPLICATE = "duplicate"
    """Its event came before."""
    MARKED = "marked"
    """A person marked it."""


NONE = "none"
"""The status of what was not answered, and of what was never sent."""


@dataclass(frozen=True, slots=True)
class Term:
    """A comparison of text, which ignores the case of ASCII letters."""

    key: Key
    value: str
    prefix: bool = False
    """The value is only how it begins."""


@dataclass(frozen=True, slots=True)
class Span:
    """A number between two others, both included."""

    key: Key
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of arrival: from then on (`since`), or before then (`until`)."""

    key: Key
    at: datetime | None = None
    """Without a time zone: that of whoever asks the store."""
    ago_s: int = 0
    """So long before now, where `at` is None."""


@dataclass(frozen=True, slots=True)
class Field:
    """A header's value, or what stands at a place in a JSON body."""

    key: Key
    path: tuple[str, ...]
    """A header's name; or the names and places on the way, `*` for any of a list's."""
    value: str | None
    """None: it is there at all."""
    prefix: bool = False


Leaf = Term | Span | Moment | Field

PREFIXABLE = frozenset(
    {Key.ENDPOINT, Key.PROVIDER, Key.EVENT, Key.METHOD, Key.BODY, Key.HEADER, Key.JSON}
)
_CHOICES: Mapping[Key, tuple[str, type[StrEnum]]] = {
    Key.OUTCOME: ("outcome", Outcome),
    Key.FAILURE: ("failure", FailureKind),
    Key.HAS: ("thing to have", Has),
    Key.IS: ("state", Is),
}
_UNITS_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
"""What a person may write behind a number for a length of time."""
_LONGEST_S = 1000 * 365 * 86_400
"""Further back than any delivery came."""


class Unreadable(ValueError):
    """A value that means nothing to its key; the message says why."""


def key_named(name: str) -> Key:
    """Return the key of that name, in any case of letters. Raises Unreadable with the nearest."""
    if name.lower() not in set(Key):
        raise Unreadable(f"unknown key '{safe(name)}' {_suggestion(name, Key)}")
    return Key(name.lower())


def read(key: Key, value: str, *, prefix: bool) -> Leaf:
    """Read what stands after a key's colon. Raises Unreadable."""
    if not value and not prefix:
        raise Unreadable(f"'{key}:' needs a value")
    if prefix and key not in PREFIXABLE:
        value, prefix = value + "*", False
    if key in _READERS:
        return _READERS[key](value)
    if key in (Key.HEADER, Key.JSON):
        return _field(key, value, prefix=prefix)
    if key in _CHOICES:
        _check_choice(key, value)
    if key is Key.BODY and not value:
        raise Unreadable("'body:*' would be every body: say how a word begins")
    return Term(key, value, prefix)


def _check_choice(key: Key, value: str) -> None:
    what, choices = _CHOICES[key]
    if value.lower() not in set(choices):
        raise Unreadable(f"unknown {what} '{safe(value)}' {_suggestion(value, choices)}")


def _span(key: Key, number: Callable[[str], int], value: str) -> Span:
    if found := re.fullmatch(r"(>=|<=|>|<)(.*)", value):
        sign, limit = found[1], number(found[2])
        if sign.startswith(">"):
            return Span(key, limit + (sign == ">"), None)
        return Span(key, None, limit - (sign == "<"))
    low, dots, high = value.partition("..")
    if not dots:
        return Span(key, number(low), number(low))
    if not low and not high:
        raise Unreadable(f"'{key}:..' needs a number before or after the dots")
    span = Span(key, number(low) if low else None, number(high) if high else None)
    if span.low is not None and span.high is not None and span.low > span.high:
        raise Unreadable(f"'{safe(value)}' ends before it begins")
    return span


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise Unreadable(f"'{safe(value)}' is not a number")
    return int(value)


def _bytes(value: str) -> int:
    found = re.fullmatch(r"([0-9]+)([kmg]?)(?:i?b)?", value, re.IGNORECASE | re.ASCII)
    if not found:
        raise Unreadable(f"'{safe(value)}' is not a size (as in 512, 10k or 2m)")
    return int(found[1]) * _UNITS_BYTES[found[2].lower()]


def _status(value: str) -> Leaf:
    if value.lower() == NONE:
        return Term(Key.STATUS, NONE)
    if found := re.fullmatch("([1-9])xx", value, re.IGNORECASE):
        return Span(Key.STATUS, int(found[1]) * 100, int(found[1]) * 100 + 99)
    try:
        return _span(Key.STATUS, _number, value)
    except Unreadable as error:
        raise Unreadable(f"{error} (as in 500, >=500, 400..499, 5xx or {NONE})") from None


def _moment(key: Key, value: str) -> Moment:
    if found := re.fullmatch(r"([0-9]{1,12})([smhdw])", value, re.IGNORECASE | re.ASCII):
        ago_s = int(found[1]) * UNITS_S[found[2].lower()]
        return Moment(key, ago_s=min(ago_s, _LONGEST_S))
    try:
        at = datetime.fromisoformat(value)
        if key is Key.UNTIL and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            at += timedelta(days=1)  # that day included
    except (ValueError, OverflowError):
        raise Unreadable(
            f"'{safe(value)}' is not a time (as in 10m, 2h, 3d, 2026-06-02 or 2026-06-02T08:00Z)"
        ) from None
    return Moment(key, at)


def _field(key: Key, value: str, *, prefix: bool) -> Field:
    name, equals, wanted = value.partition("=")
    if prefix and not equals:
        name, prefix = name + "*", False
    path = tuple(re.sub(r"\[([0-9*]+)\]", r".\1", name).split(".")) if key is Key.JSON else (name,)
    if not all(path):
        shape = "booking.status=PAID" if key is Key.JSON else "x-foo=bar"
        raise Unreadable(f"'{key}:' needs a name and a value, as in {key}:{shape}")
    if not equals:
        return Field(key, path, None)
    return Field(key, path, wanted, prefix)


_READERS: Mapping[Key, Callable[[str], Leaf]] = {
    Key.ID: partial(_span, Key.ID, _number),
    Key.SIZE: partial(_span, Key.SIZE, _bytes),
    Key.STATUS: _status,
    Key.SINCE: partial(_moment, Key.SINCE),
    Key.UNTIL: partial(_moment, Key.UNTIL),
}


def _suggestion(wrong: str, choices: Iterable[str]) -> str:
    names = [str(choice) for choice in choices]
    nearest = difflib.get_close_matches(wrong.lower(), names, n=1)
    return f"(did you mean '{nearest[0]}'?)" if nearest else f"(one of {', '.join(names)})"

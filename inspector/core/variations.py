"""What is to be different about a sample: its content, its signature, what becomes of it on the way; and its JSON."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from inspector.core.edits import BODY_MAX_BYTES, Changes
from inspector.core.model import Sign
from inspector.core.text import decode, encode, is_unicode
from inspector.core.wire import JSON

UNIQUE_MAX: Final = 64
"""Characters."""
AGAIN_MAX: Final = 1_000_000
TIME_MAX_S: Final = 2**35
"""A sample's bookings lie ahead of it, and no calendar of ours goes beyond the year 9999."""
PIECES_MAX: Final = 200
"""Values, and headers."""


class SampleSign(StrEnum):
    """How a sample is signed."""

    FRESH = "fresh"
    """As its provider would, now."""
    BROKEN = "broken"
    """A well-formed signature that is wrong."""
    STALE = "stale"
    """A right one, of a time outside the tolerance."""
    MISSING = "missing"
    """Not at all."""
    WRONG_SECRET = "wrong-secret"  # noqa: S105 - a way to sign
    """Rightly, with a secret that nobody has."""
    OLD_SECRET = "old-secret"  # noqa: S105 - a way to sign
    """Rightly, with the second of the endpoint's secrets."""

    @property
    def as_replayed(self) -> Sign:
        """What is done with the secret it is signed with."""
        match self:
            case SampleSign.FRESH | SampleSign.WRONG_SECRET | SampleSign.OLD_SECRET:
                return Sign.FRESH
            case SampleSign.BROKEN:
                return Sign.BROKEN
            case SampleSign.STALE:
                return Sign.STALE
            case SampleSign.MISSING:
                return Sign.VERBATIM
            case unreachable:
                assert_never(unreachable)


@dataclass(frozen=True, slots=True)
class Variation:
    """How one sample is made; without more, as its provider would send it now."""

    values: tuple[tuple[str, str], ...] = ()
    """What to put into the body, each at its path; see `core.setting`."""
    headers: tuple[tuple[bytes, bytes | None], ...] = ()
    """Each takes the place of those of its name, and joins a value given before; None takes them away."""
    body: bytes | None = None
    """In place of the sample's."""
    sign: SampleSign = SampleSign.FRESH
    unique: str | None = None
    """What the ids of its event follow from, with `happened_s`: the same again is the same event. None: a new one."""
    again: int = 0
    """How often that event was sent before."""
    happened_s: int | None = None
    """When the event was, Unix seconds. None: now."""
    signed_s: int | None = None
    """As of when it is signed. None: now."""
    truncate: int | None = None
    """Only so many bytes of the body are sent. So here and below: after it was signed."""
    corrupt: bool = False
    """One byte of the body is changed."""

    @property
    def changes(self) -> Changes:
        """What is changed in the sample as a whole, its values apart."""
        return Changes(headers=self.headers, body=self.body)


AS_SENT: Final = Variation()
"""Nothing is different."""
_NAMES: Final = tuple(AS_SENT.__slots__)


def to_json(variation: Variation) -> JSON:
    """Return what is different, and nothing else; the body in Base64."""
    data: JSON = {
        name: getattr(variation, name)
        for name in _NAMES
        if getattr(variation, name) != getattr(AS_SENT, name)
    }
    if variation.headers:
        data["headers"] = [
            [decode(name), None if value is None else decode(value)]
            for name, value in variation.headers
        ]
    if variation.body is not None:
        del data["body"]
        data["body_base64"] = base64.b64encode(variation.body).decode()
    return data


def take(data: JSON) -> Variation:
    """Read a variation out of an order, of which the rest is left. Raises ValueError with a sentence."""
    given = {name: data.pop(name, None) for name in (*_NAMES, "body_base64") if name != "body"}
    return Variation(
        values=tuple(_values(given["values"])),
        headers=tuple(_headers(given["headers"])),
        body=_body(given["body_base64"]),
        sign=_sign(given["sign"]),
        unique=_unique(given["unique"]),
        again=_number("again", given["again"], AGAIN_MAX) or 0,
        happened_s=_number("happened_s", given["happened_s"], TIME_MAX_S),
        signed_s=_number("signed_s", given["signed_s"], TIME_MAX_S),
        truncate=_number("truncate", given["truncate"], BODY_MAX_BYTES),
        corrupt=_flag("corrupt", given["corrupt"]),
    )


def _values(data: object) -> list[tuple[str, str]]:
    pairs = _pairs("values", data)
    if any(value is None or not is_unicode(name + value) for name, value in pairs):
        raise ValueError("values: each must be a path and a value, both text")
    return [(name, value) for name, value in pairs if value is not None]


def _headers(data: object) -> list[tuple[bytes, bytes | None]]:
    try:
        return [
            (encode(name), None if value is None else encode(value))
            for name, value in _pairs("headers", data)
        ]
    except UnicodeEncodeError:
        raise ValueError("headers: one holds what stands for no byte") from None


def _pairs(name: str, data: object) -> list[tuple[str, str | None]]:
    items = [] if data is None else data
    if not isinstance(items, list) or not all(map(_is_pair, items)) or len(items) > PIECES_MAX:
        raise ValueError(f"{name}: must be a list of at most {PIECES_MAX} pairs of text")
    return [(first, second) for first, second in items]


def _is_pair(item: object) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and isinstance(item[1], str | None)
    )


def _body(data: object) -> bytes | None:
    if data is None:
        return None
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else _no_base64()
    except (binascii.Error, ValueError):
        return _no_base64()


def _no_base64() -> bytes:
    raise ValueError("body_base64: is not Base64")


def _sign(data: object) -> SampleSign:
    if data is None:
        return SampleSign.FRESH
    if data not in list(SampleSign):
        raise ValueError(f"sign: must be one of {', '.join(SampleSign)}")
    return SampleSign(str(data))


def _unique(data: object) -> str | None:
    if data is None:
        return None
    if not isinstance(data, str) or not is_unicode(data) or not 0 < len(data) <= UNIQUE_MAX:
        raise ValueError(f"unique: must be 1 to {UNIQUE_MAX} characters")
    return data


def _flag(name: str, data: object) -> bool:
    if data is None or isinstance(data, bool):
        return bool(data)
    raise ValueError(f"{name}: must be true or false")


def _number(name: str, data: object, most: int) -> int | None:
    if data is None:
        return None
    if not isinstance(data, int) or isinstance(data, bool) or not 0 <= data <= most:
        raise ValueError(f"{name}: must be a whole number from 0 to {most}")
    return data

"""Single values as SQLite holds them. What a sender wrote can neither break a commit nor, where it is evidence, change.

Evidence (target, header pairs, bodies) is BLOB, byte for byte. Text for people (event, detail, ...) is TEXT, where no
lone surrogate may stand: it is stored as its escape, `\\udc80`. A number too big for SQLite is stored as the nearest.
"""

import json
from functools import lru_cache
from itertools import chain
from typing import Any, overload

from inspector.core.headers import Headers

Row = tuple[Any, ...]

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The integers of SQLite."""

SEAL = b"\1\1"
"""What no encoded headers begin with: so begin those with checksums in front (`seals`)."""
SEAL_BYTES = len(SEAL) + 8


def encode_headers(headers: Headers) -> bytes:
    """Write the pairs into one blob: name, NUL, value, NUL, name, ... where a field's own NUL or SOH is escaped."""
    fields = list(chain.from_iterable(headers.pairs))
    blob = b"\0".join(fields)
    if _ESCAPE in blob or blob.count(b"\0") != len(fields) - 1:  # never in what came over HTTP
        return b"\0".join([_escape(field) for field in fields])
    return blob


def decode_headers(blob: bytes) -> Headers:
    """Give back the pairs that `encode_headers` was given, whether they were sealed or not. Raises ValueError."""
    blob = unsealed(blob)
    if not blob:
        return Headers()
    fields = blob.split(b"\0")
    if _ESCAPE in blob:
        fields = [_unescape(field) for field in fields]
    return Headers(tuple(zip(fields[::2], fields[1::2], strict=True)))


def unsealed(blob: bytes) -> bytes:
    """Return encoded headers without the checksums in front of them, if there are any."""
    return blob[SEAL_BYTES:] if blob.startswith(SEAL) else blob


_ESCAPE = b"\1"
_NUL = b"\1\2"
_SOH = b"\1\3"


def _escape(field: bytes) -> bytes:
    return field.replace(_ESCAPE, _SOH).replace(b"\0", _NUL)


def _unescape(field: bytes) -> bytes:
    return field.replace(_NUL, b"\0").replace(_SOH, _ESCAPE)


@overload
def text(value: str) -> str: ...
@overload
def text(value: str | None) -> str | None: ...
def text(value: str | None) -> str | None:
    """Return text that SQLite can hold: the same, or with each lone surrogate as its escape."""
    if value is None or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


@overload
def integer(value: int) -> int: ...
@overload
def integer(value: int | None) -> int | None: ...
def integer(value: int | None) -> int | None:
    """Return a number that SQLite can hold: the same, or the nearest of 64 bits."""
    if value is None or LOWEST <= value <= HIGHEST:
        return value
    return HIGHEST if value > 0 else LOWEST


def storable(value: Any) -> Any:
    """Return anything that SQLite can hold, as above."""
    if isinstance(value, str):
        return text(value)
    return integer(value) if isinstance(value, int) else value


@lru_cache(maxsize=256)
def covered_to_text(covered: tuple[str, ...]) -> str:
    """Write what a signature covers as a JSON array."""
    return json.dumps(covered, separators=(",", ":"))


@lru_cache(maxsize=256)
def covered_from_text(stored: str) -> tuple[str, ...]:
    """Give back what `covered_to_text` was given."""
    return tuple(json.loads(stored))

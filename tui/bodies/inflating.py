"""A compressed body inflated for the eye, and no further than the eye follows. What is stored stays as it came."""

import zlib
from dataclasses import dataclass

from inspector.core.text import shorten
from tui.bodies.layout import SHOWN_BYTES

RATIO_CAP = 200
"""What grows further is made to fill a memory; no text does."""
RATIO_FREE_BYTES = 64 * 1024
"""Up to here it may."""
MEMBERS = 100
"""Of gzip one after the other, which together are the body (RFC 1952, 2.2)."""
_GZIP = ("gzip", "x-gzip")
_WITH_HEADER, _RAW = 47, -15
"""What zlib calls a stream with the header of gzip or zlib, and one without, which some send as `deflate`."""
_ENCODING_MAX = 40


@dataclass(frozen=True, slots=True)
class Inflated:
    """What there is to read of a body."""

    content: bytes
    is_whole: bool
    notes: tuple[str, ...] = ()
    is_coded: bool = False
    """It is still encoded."""


def inflated(content: bytes, encoding: str, *, is_whole: bool) -> Inflated:
    """Inflate `content` if its Content-Encoding says that it is compressed; `is_whole`: nothing of it is missing."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return Inflated(content, is_whole)
    if encoding not in (*_GZIP, "deflate"):
        note = f"the body says it is encoded as {shorten(encoding, _ENCODING_MAX)}, which is not undone here"
        return Inflated(content, is_whole, (note,), is_coded=True)
    cap = min(SHOWN_BYTES, max(RATIO_CAP * len(content), RATIO_FREE_BYTES))
    try:
        found, is_end = _inflate(content, cap, _WITH_HEADER)
    except zlib.error:
        try:
            if encoding in _GZIP:
                raise
            found, is_end = _inflate(content, cap, _RAW)
        except zlib.error:
            return Inflated(content, is_whole, (f"the body says {encoding}, and is not",))
    note = f"inflated from {encoding} to be read; kept and forwarded as sent"
    cut = f"only the first {len(found):,} bytes of what it inflates to are shown"
    return Inflated(found, is_end, (note,) if is_end or not is_whole else (cut, note))


def _inflate(content: bytes, cap: int, wbits: int) -> tuple[bytes, bool]:
    """Return up to `cap` bytes, and whether that is all. Raises zlib.error if nothing can be made of it."""
    found = b""
    for _ in range(MEMBERS):
        inflater = zlib.decompressobj(wbits=wbits)
        try:
            # Bounded by what comes out, so that a bomb costs no more than a body of that size.
            found += inflater.decompress(content, cap - len(found))
        except zlib.error:
            if found:  # what follows a member of gzip is no other
                return found, False
            raise
        if not inflater.eof:
            return found, False
        content = inflater.unused_data
        if not content or len(found) >= cap:
            return found, not content
    return found, False

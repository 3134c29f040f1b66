"""Where an attempt's time went, in front of its request headers: a column would come after the body.

So it is guarded with the headers, by the checksum of their row, and a row without one is as it always was.
"""

import struct

from inspector.core.model import Timing

MARK = b"\1\4"
"""What neither encoded headers begin with nor those with checksums in front (`seals`)."""

_LAYOUT = struct.Struct(f"<{len(MARK)}s4I")
_NONE = 2**32 - 1
_LONGEST_US = _NONE - 1
"""More than an hour, which no attempt lasts."""


def encode_timing(timing: Timing | None) -> bytes:
    """Return what stands in front of the headers: nothing for None."""
    if timing is None:
        return b""
    return _LAYOUT.pack(
        MARK,
        _stored(timing.connect_us),
        _stored(timing.wait_us),
        _stored(timing.read_us),
        _stored(timing.lost_us),
    )


def split_timing(blob: bytes) -> tuple[Timing | None, bytes]:
    """Give back a timing, if there is one, and the encoded headers behind it. Raises ValueError."""
    if not blob.startswith(MARK):
        return None, blob
    if len(blob) < _LAYOUT.size:
        raise ValueError("a timing that was cut off")
    _, *spans_us = _LAYOUT.unpack_from(blob)
    return Timing(*(None if each == _NONE else each for each in spans_us)), blob[_LAYOUT.size :]


def _stored(span_us: int | None) -> int:
    return _NONE if span_us is None else min(max(span_us, 0), _LONGEST_US)

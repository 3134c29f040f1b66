"""How large a picture is, read from its first bytes."""

import re
import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The markers of ITU-T T.81, B.1.1.3 that begin a frame, which says how large it is."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Those without a length behind them."""


def describe(content: bytes) -> str | None:
    """Return `PNG image, 640 x 480`; None for anything but the beginning of a PNG, GIF, JPEG or WebP."""
    for kind, measure in (("PNG", _png), ("GIF", _gif), ("JPEG", _jpeg), ("WebP", _webp)):
        try:
            size = measure(content)
        except (struct.error, IndexError):  # it ends before it says
            continue
        if size is not None:
            return f"{kind} image, {size[0]:,} x {size[1]:,}"
    return None


def _png(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(_PNG) or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        elif marker in _JPEG_BARE:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            at += 2 + length
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    if not re.match(rb"RIFF.{4}WEBPVP8[ LX]", content, re.DOTALL):
        return None
    match content[15:16]:
        case b" ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            if len(content) < 30:
                return None
            width = int.from_bytes(content[24:27], "little") + 1
            return width, int.from_bytes(content[27:30], "little") + 1

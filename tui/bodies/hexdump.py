"""Bytes as numbers, and as characters where they are printable."""

from collections.abc import Iterator

from tui.folding import Line

HEX_16_WIDTH = 77
"""Columns that 16 bytes a line need."""


def lines(content: bytes, width: int) -> Iterator[Line]:
    """Give out 16 bytes a line, or 8 where `width` columns are too few."""
    per_line = 16 if width >= HEX_16_WIDTH else 8
    for at in range(0, len(content), per_line):
        part = content[at : at + per_line]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
        yield Line(f"{at:08x}  {part.hex(' '):<{per_line * 3 - 1}}  {shown}")

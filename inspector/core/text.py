r"""Text from outside made safe to show: what a sender wrote can neither steer a terminal nor hide in it.

The one choke point. Everything a sender or a target wrote passes `safe` or `safe_lines` before it reaches
a widget, a log line or a printed line. It escapes no markup language: hand the result over as literal text.
"""

import itertools
import re
import unicodedata
from functools import lru_cache

_FORBIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f"  # C0 and DEL: ESC starts every terminal sequence, CR overwrites a line
    "\x80-\x9f"  # C1: 0x9b is CSI in one byte
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # invisible
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # zero-width, line separators, bidi
    "\ud800-\udfff"  # bytes that were not UTF-8 (PEP 383), and lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # invisible layout of shorthand and music
    "\U000e0000-\U000e0fff"  # tags: invisible ASCII
    "]"
)
MARKS_MAX = 8
"""Combining marks on one letter: as many as the tallest stacks of Tibetan have. More are drawn over other lines."""
_STACK = re.compile(
    rf"[^\x00-\xbf\w\s\u2010-\u20cf\u2100-\u2cee\U0001f000-\U0001ffff]{{{MARKS_MAX + 1},}}"
)
"""Where there may be more: marks, and what else is no letter, digit, blank or sign (arrow, picture, box, emoji)."""
_MARKS = frozenset({"Mn", "Me"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(raw: bytes) -> str:
    """Decode wire bytes as UTF-8; other bytes become lone surrogates (PEP 383), so `encode` gives them back."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Give back the bytes that `decode` was given."""
    return text.encode("utf-8", "surrogateescape")


def encode_any(text: str) -> bytes:
    """Encode as `encode` does, but never fail: a surrogate that stands for no byte is written as it is."""
    try:
        return encode(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def is_unicode(text: str) -> bool:
    """Whether `text` has no surrogates, so that UTF-8 can write it and every other program read it."""
    return _SURROGATE.search(text) is None


def safe(text: str | bytes) -> str:
    r"""Return `text` as one line: control, invisible and direction-changing characters become visible escapes.

    C0 controls become their pictures (ESC `␛`, LF `␊`), a byte that is not UTF-8 `\xNN`, all others `\uNNNN`, and so
    do the marks on one letter beyond MARKS_MAX.
    """
    if isinstance(text, bytes):
        text = decode(text)
    shown = _FORBIDDEN.sub(_escape, text)
    return shown if shown.isascii() else _STACK.sub(_unstack, shown)


def safe_lines(text: str | bytes, *, tab_width: int = 4) -> str:
    r"""Like `safe`, but keeps line feeds, reads CRLF as one, and lays tabs out as spaces."""
    if isinstance(text, bytes):
        text = decode(text)
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(safe(line.expandtabs(tab_width)) for line in lines)


def shorten(text: str, width: int) -> str:
    """Cut `text` to `width` characters, the last one `…` if any were lost."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 0 else ""


def cells(text: str) -> int:
    """Return how many of a terminal's columns safe text takes: CJK and emoji two each, combining marks none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def fit(text: str, width: int, most: int | None = None) -> str:
    """Fill safe text up to `width` columns; cut it to `most`, the last one `…` if any was lost."""
    if most is not None and cells(text) > most:
        ends = itertools.accumulate(map(_cells, text))
        text = "".join(each for each, end in zip(text, ends, strict=True) if end < most) + "…"
    return text + " " * (width - cells(text))


@lru_cache(maxsize=1024)
def _cells(character: str) -> int:
    if (
        "\u1160" <= character <= "\u11ff"
    ):  # what stands in one block with the Hangul letter before it
        return 0
    if unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _unstack(found: re.Match[str]) -> str:
    shown = []
    height = 0
    for character in found[0]:
        height = height + 1 if unicodedata.category(character) in _MARKS else 0
        shown.append(character if height <= MARKS_MAX else _visible(character))
    return "".join(shown)


def _escape(found: re.Match[str]) -> str:
    return _visible(found.group())


@lru_cache(maxsize=1024)
def _visible(character: str) -> str:
    # Kept: a mebibyte of controls is then one text a million times over, and not a million texts.
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

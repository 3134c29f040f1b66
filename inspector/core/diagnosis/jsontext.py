"""A JSON text as other programs would write it: their white space, escapes, numbers and order of keys.

Works on the text rather than on its values, so that what is beside the point (how a number is spelled, a key that
stands twice, the order) stays; and on all of it at once, since bodies may be large. For that, what looks like
punctuation or a number within a string is disguised: as control characters, which JSON has nowhere (RFC 8259, 7).
"""

import json
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Any, NamedTuple

from inspector.core.diagnosis.jsonspelling import BACKSLASH, QUOTE, plain, renumbered, spelled

_STRING = b"\x01"
_IN, _OUT, _ON = b"\x05", b"\x06", b"\x07"
"""Stand for a line's end where the next line is a level further in, further out, or neither."""
_BREAKS = _IN + _OUT + _ON
_STEPS = bytes.maketrans(_BREAKS, b"\x01\xff\x00")
_LINE_FEEDS = bytes.maketrans(_BREAKS, b"\n\n\n")
_NO_BREAKS = bytes(set(range(256)) - set(_BREAKS))
_PUNCTUATION = b"{}[],: 0123456789"
_MASKS = bytes(range(0x0E, 0x0E + len(_PUNCTUATION)))
_DISGUISED = bytes.maketrans(_PUNCTUATION, _MASKS)
_REVEALED = bytes.maketrans(_MASKS, _PUNCTUATION)
_COMMA, _COLON = b",".translate(_DISGUISED), b":".translate(_DISGUISED)
_EXCHANGED = bytes.maketrans(b",:" + _COMMA + _COLON, _COMMA + _COLON + b",:")
_BLANKS = b" \t\r\n"

_THOROUGH_MAX_BYTES = 32_768
"""Larger bodies are tried in the usual ways only."""
_OTHERS = 2
"""In so many spellings of strings besides the two most usual."""
_DEPTH_MAX = 32
_GROWTH_MAX = 8
"""Nobody indents what becomes this many times as long."""
_LINES_MAX = 65_536
"""Nor is what has more lines indented here: it takes too long."""


class _Text(NamedTuple):
    """A text without white space, disguised, and how it differs from the one that came."""

    text: bytes
    how: str = ""

    def also(self, text: str, how: str) -> "_Text":
        """Return another text, which differs in this way too."""
        return _Text(
            text.encode("utf-8", "surrogatepass"), ", ".join(filter(None, (self.how, how)))
        )


class _Lines(NamedTuple):
    """The lines of an indented text, without what is between them."""

    lines: list[bytes]
    depths: list[int]
    """Of all but the first."""
    size: int
    """Of the text in one line."""

    def indented(self, step: bytes, newline: bytes) -> bytes:
        """Return them as one text; nothing if it becomes too long."""
        if sum(self.depths) * len(step) > _GROWTH_MAX * self.size + 4096:
            return b""
        indents = [newline + step * depth for depth in range(_DEPTH_MAX + 1)]
        parts = [b""] * (2 * len(self.lines) - 1)
        parts[::2] = self.lines
        parts[1::2] = map(indents.__getitem__, self.depths)
        return b"".join(parts)


class _Layout(NamedTuple):
    """The white space in a text."""

    how: str
    comma: bytes = b","
    colon: bytes = b":"
    step: bytes = b""
    """One step of indentation; empty: all in one line."""
    newline: bytes = b"\n"


_FLAT = (
    _Layout("without white space"),
    _Layout("with ', ' and ': '", comma=b", ", colon=b": "),
)
_PRETTY = (
    _Layout("indented by 2 spaces", step=b"  "),
    _Layout("indented by 4 spaces", step=b"    "),
)
_RARE = (
    _Layout("indented by tabs", step=b"\t"),
    _Layout("indented by 2 spaces, with CRLF as line ends", step=b"  ", newline=b"\r\n"),
)
_ENDS = (b"", b"\n")


def rewritten(text: str, document: Any) -> Iterator[tuple[str, bytes]]:
    """Yield a JSON text as it may have been, with how it is then written; nothing if it is no object or array.

    The same bytes may come twice. The usual ways come first.
    """
    if not isinstance(document, (dict, list)):
        return
    is_small = len(text) <= _THOROUGH_MAX_BYTES
    bases = _bases(text.encode(), rarely=is_small)
    came = next(bases)
    usual = list(islice(bases, 1))
    for base in (came, *usual):
        yield from _written(base, _FLAT)
    yield from _written(came, _PRETTY)
    ordered = list(_ordered(document)) if b"{" in came.text else []
    for base in ordered:
        yield from _written(base, _FLAT)
    others = list(islice(bases, None if is_small else _OTHERS))
    for base in others:
        yield from _written(base, _FLAT[:1])
    for base in (came, *usual):
        yield from _written(base, _FLAT[:1], b"\n")
    if is_small:
        for base in ordered[:1]:
            others += _bases(_revealed(base.text), base.how)
        yield from _rarely(came, [*usual, *others])


def _rarely(came: _Text, others: list[_Text]) -> Iterator[tuple[str, bytes]]:
    """Yield what a large body is not tried in."""
    for how, text in renumbered(came.text.decode()):
        for special, changed in spelled(text):
            yield from _written(came.also(text, how).also(changed, special), _FLAT)
    for base in (came, *others):
        yield from _written(base, (*_FLAT, *_PRETTY, *_RARE), *_ENDS)


def _bases(raw: bytes, how: str = "", *, rarely: bool = True) -> Iterator[_Text]:
    """Yield a text as it came, and then with its strings spelled in other ways."""
    parts = _masked(raw).split(b'"')
    between = _STRING.join(parts[::2])
    if len(bare := between.translate(None, _BLANKS)) < len(between):
        parts[::2] = bare.split(_STRING)
    strings = _STRING.join(parts[1::2])
    came = _Text(_joined(parts, strings), how)
    yield came
    text = came.text
    if b"\\" in strings:
        minimal = plain(strings.decode("utf-8", "surrogatepass"))
        text = _joined(parts, minimal.encode("utf-8", "surrogatepass"))
    for special, changed in spelled(text.decode("utf-8", "surrogatepass"), rarely=rarely):
        if special or text != came.text:
            yield came.also(changed, special or "without needless escapes")


def _joined(parts: list[bytes], strings: bytes) -> bytes:
    """Put the strings in their places."""
    if len(parts) > 1:
        parts[1::2] = strings.translate(_DISGUISED).split(_STRING)
    return b'"'.join(parts)


def _ordered(document: Any) -> Iterator[_Text]:
    """Yield two texts, of which only the commas and colons are disguised: good for one line."""
    marks = (_COMMA.decode(), _COLON.decode())
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=marks)
    exchanged = text.encode("utf-8", "surrogatepass").translate(_EXCHANGED)
    first = _Text(_masked(exchanged), "with its keys sorted")
    for special, changed in islice(spelled(first.text.decode("utf-8", "surrogatepass")), 2):
        yield first.also(changed, special)


def _masked(text: bytes) -> bytes:
    return text.replace(b"\\\\", BACKSLASH).replace(b'\\"', QUOTE)


def _written(
    base: _Text, layouts: tuple[_Layout, ...], *ends: bytes
) -> Iterator[tuple[str, bytes]]:
    lines: _Lines | None = None
    for layout in layouts:
        if layout.step:
            lines = lines or _broken(base.text)
            text = lines.indented(layout.step, layout.newline)
        else:
            text = _revealed(base.text.replace(b",", layout.comma).replace(b":", layout.colon))
        if not text:
            continue
        for end in ends or (b"",):
            ending = "and a line feed at its end" if end else ""
            yield ", ".join(filter(None, (layout.how, base.how, ending))), text + end


def _revealed(text: bytes) -> bytes:
    return text.translate(_REVEALED).replace(BACKSLASH, b"\\\\").replace(QUOTE, b'\\"')


def _broken(text: bytes) -> _Lines:
    """Break a text into lines; one empty line if they are too many, or too deep."""
    nothing, size = _Lines([b""], [], 0), len(text)
    if text.count(b",") + 2 * (text.count(b"{") + text.count(b"[")) > _LINES_MAX:
        return nothing
    text = text.replace(b",", b"," + _ON).replace(b":", b": ")
    for opener, closer in ((b"{", b"}"), (b"[", b"]")):
        text = text.replace(opener, opener + _IN).replace(closer, _OUT + closer)
        text = text.replace(opener + _IN + _OUT + closer, opener + closer)
    steps = text.translate(_STEPS, _NO_BREAKS)
    depths = list(accumulate(memoryview(steps).cast("b")))
    if max(depths, default=0) > _DEPTH_MAX:
        return nothing
    return _Lines(_revealed(text).translate(_LINE_FEEDS).split(b"\n"), depths, size)

"""A JSON text as other programs would write it: their white space, escapes, numbers and order of keys.

Works on the text rather than on its values, so that what is beside the point (how a number is spelled, a key that
stands twice, the order) stays; and on all of it at once, since bodies may be large. For that, what looks like
punctuation or a number within a string is disguised: as control characters, which JSON has nowhere (RFC 8259, 7).
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from inspector.core.diagnosis.jsonspelling import BACKSLASH, QUOTE, plain, renumbered, spelled

_STRING = b"\x01"
_LEVEL = b"\x04"
"""Stands for one step of indentation."""
_PUNCTUATION = b"{}[],: 0123456789"
_MASKS = bytes(range(0x0E, 0x0E + len(_PUNCTUATION)))
_DISGUISED = bytes.maketrans(_PUNCTUATION, _MASKS)
_REVEALED = bytes.maketrans(_MASKS, _PUNCTUATION)
_BLANKS = b" \t\r\n"

_THOROUGH_MAX_BYTES = 32_768
"""Larger bodies are tried in the usual ways only."""
_USUAL = 3
"""How many spellings of strings are usual."""
_DEPTH_MAX = 32
_GROWTH_MAX = 8
"""Nobody indents what becomes this many times as long."""
_INDENTS = [b"\n" + _LEVEL * depth for depth in range(_DEPTH_MAX + 1)]
_OPENERS, _CLOSERS = frozenset(b"{["), frozenset(b"}]")


class _Text(NamedTuple):
    """A text without white space, disguised, and how it differs from the one that came."""

    text: bytes
    how: str = ""

    def also(self, text: str, how: str) -> "_Text":
        """Return another text, which differs in this way too."""
        return _Text(
            text.encode("utf-8", "surrogatepass"), ", ".join(filter(None, (self.how, how)))
        )


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
    bases = _bases(text.encode())
    came = next(bases)
    yield from _written(came, _FLAT)
    usual = list(islice(bases, _USUAL))
    for base in usual:
        yield from _written(base, _FLAT)
    yield from _written(came, _PRETTY, *_ENDS)
    orders = _bases(_ordered(document), "with its keys sorted")
    ordered = list(islice(orders, 2))
    for base in ordered:
        yield from _written(base, _FLAT)
    for base in (came, *usual[:1]):
        yield from _written(base, _FLAT, b"\n")
    if len(text) <= _THOROUGH_MAX_BYTES:
        yield from _rarely(came, [*usual, *bases], [*ordered, *orders])


def _rarely(came: _Text, others: list[_Text], ordered: list[_Text]) -> Iterator[tuple[str, bytes]]:
    """Yield what a large body is not tried in."""
    for how, text in renumbered(came.text.decode()):
        for special, changed in spelled(text):
            yield from _written(came.also(text, how).also(changed, special), _FLAT)
    for base in (came, *others, *ordered):
        yield from _written(base, (*_FLAT, *_PRETTY, *_RARE), *_ENDS)


def _bases(raw: bytes, how: str = "") -> Iterator[_Text]:
    """Yield a text as it came, and then with its strings spelled in other ways."""
    parts = raw.replace(b"\\\\", BACKSLASH).replace(b'\\"', QUOTE).split(b'"')
    parts[::2] = _STRING.join(parts[::2]).translate(None, _BLANKS).split(_STRING)
    strings = _STRING.join(parts[1::2])
    came = _Text(_joined(parts, strings), how)
    yield came
    text = came.text
    if b"\\" in strings:
        minimal = plain(strings.decode("utf-8", "surrogatepass"))
        text = _joined(parts, minimal.encode("utf-8", "surrogatepass"))
    for special, changed in spelled(text.decode("utf-8", "surrogatepass")):
        if special or text != came.text:
            yield came.also(changed, special or "without needless escapes")


def _joined(parts: list[bytes], strings: bytes) -> bytes:
    """Put the strings in their places."""
    if len(parts) > 1:
        parts[1::2] = strings.translate(_DISGUISED).split(_STRING)
    return b'"'.join(parts)


def _ordered(document: Any) -> bytes:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _written(
    base: _Text, layouts: tuple[_Layout, ...], *ends: bytes
) -> Iterator[tuple[str, bytes]]:
    lines: bytes | None = None
    for layout in layouts:
        if layout.step:
            lines = _broken(base.text) if lines is None else lines
            text = _stepped(lines, layout, len(base.text))
        else:
            text = base.text.replace(b",", layout.comma).replace(b":", layout.colon)
        if not text:
            continue
        text = text.translate(_REVEALED).replace(BACKSLASH, b"\\\\").replace(QUOTE, b'\\"')
        for end in ends or (b"",):
            ending = "and a line feed at its end" if end else ""
            yield ", ".join(filter(None, (layout.how, base.how, ending))), text + end


def _stepped(lines: bytes, layout: _Layout, size: int) -> bytes:
    if len(lines) + lines.count(_LEVEL) * len(layout.step) > _GROWTH_MAX * size + 4096:
        return b""
    return lines.replace(b"\n", layout.newline).replace(_LEVEL, layout.step)


def _broken(text: bytes) -> bytes:
    """Break a text into lines, each with a mark per level in front; nothing if there are too many levels."""
    text = text.replace(b",", b",\n").replace(b":", b": ")
    for opener, closer in ((b"{", b"}"), (b"[", b"]")):
        text = text.replace(opener, opener + b"\n").replace(closer, b"\n" + closer)
        text = text.replace(opener + b"\n\n" + closer, opener + closer)
    depth = 0
    lines: list[bytes] = []
    for line in text.split(b"\n"):
        # An empty object or array begins with an opener, and ends with a closer.
        if line[0] in _CLOSERS:
            depth -= 1
        lines.append(_INDENTS[depth])
        lines.append(line)
        if line[-1] in _OPENERS:
            depth += 1
            if depth > _DEPTH_MAX:
                return b""
    return b"".join(lines)[1:]

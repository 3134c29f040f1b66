"""A body as lines to look at: pretty, text or hex; bounded in bytes and lines, and safe. Pure, and fit for a thread.

The bytes themselves are never changed by being looked at. What cannot be shown one way falls back to the next.
"""

import codecs
import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NoReturn, Self, assert_never
from urllib.parse import unquote_plus

from inspector.core.headers import Headers
from inspector.core.text import safe, safe_lines
from tui.folding import Line

SHOWN_BYTES = 1024 * 1024
SHOWN_LINES = 20_000
LINE_CAP = 2000
"""Longer lines are cut in pieces: laying out and colouring one costs more than its share."""
DEPTH_CAP = 100
"""JSON nested deeper is shown as text: its indentation alone would fill the memory."""
HEX_16_WIDTH = 77
"""Columns that 16 bytes a line need."""


class View(StrEnum):
    """A way to look at a body."""

    PRETTY = "pretty"
    TEXT = "text"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes to look at, with what their headers say about them."""

    content: bytes
    """At least the first SHOWN_BYTES, if there are so many."""
    length_bytes: int
    """Of the whole body."""
    content_type: str = ""
    content_encoding: str = ""

    @classmethod
    def of(cls, content: bytes, length_bytes: int, headers: Headers) -> Self:
        """Return the body that came with `headers`, of which no more is kept than is shown."""
        content_type, content_encoding = (
            safe(headers.get(name) or b"") for name in (b"Content-Type", b"Content-Encoding")
        )
        return cls(content[:SHOWN_BYTES], length_bytes, content_type, content_encoding)


@dataclass(frozen=True, slots=True)
class BodyView:
    """One way of looking at one body."""

    view: View
    views: tuple[View, ...]
    """All that make sense for this body, the best first."""
    lines: Sequence[Line] = ()
    """None longer than LINE_CAP."""
    language: str | None = None
    """What to colour each line as."""
    notes: tuple[str, ...] = ()
    """Sentences for a person: what is not shown, and why."""


@dataclass(frozen=True, slots=True)
class _Content:
    """What there is to read of a body."""

    content: bytes
    is_whole: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Layout:
    """Lines before they are bounded; none if the body cannot be laid out this way, with the reason if it matters."""

    lines: Iterable[str] | None
    language: str | None = None
    complaint: str | None = None


def build(body: Body, view: View | None = None, *, width: int = 80) -> BodyView:
    """Lay out `body` as `view`, or as what suits it best; `width` columns decide how long a hex line is."""
    if not body.length_bytes:
        return BodyView(View.TEXT, (View.TEXT,), notes=("the body is empty",))
    readable = _readable(body)
    text = _as_text(readable)
    pretty = _pretty(body, text) if text is not None and readable.is_whole else _Layout(None)
    views = (
        *((View.PRETTY,) if pretty.lines is not None else ()),
        *((View.HEX, View.TEXT) if text is None else (View.TEXT, View.HEX)),
    )
    chosen = view if view is not None and view in views else views[0]
    match chosen:
        case View.PRETTY:
            layout = pretty
        case View.TEXT:
            layout = _text(body, readable.content, pretty.complaint)
        case View.HEX:
            layout = _Layout(_hex(body.content[:SHOWN_BYTES], 16 if width >= HEX_16_WIDTH else 8))
        case unreachable:
            assert_never(unreachable)
    return _bounded(chosen, views, layout, readable.notes)


def _bounded(
    view: View, views: tuple[View, ...], layout: _Layout, notes: tuple[str, ...]
) -> BodyView:
    lines = list(itertools.islice(_cut(layout.lines or ()), SHOWN_LINES + 1))
    if layout.complaint is not None:
        notes = (*notes, layout.complaint)
    if len(lines) > SHOWN_LINES:
        lines.pop()
        notes = (*notes, f"only the first {SHOWN_LINES:,} lines are shown")
    shown = [Line(text, _hang(text) if view is View.PRETTY else 0) for text in lines]
    return BodyView(view, views, shown, layout.language, notes)


def _hang(text: str) -> int:
    return len(text) - len(text.lstrip(" ")) + 2


def _cut(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if len(line) <= LINE_CAP:
            yield line
        else:
            yield from (line[at : at + LINE_CAP] for at in range(0, len(line), LINE_CAP))


def _readable(body: Body) -> _Content:
    """Cap the body, and inflate it for the eye if it came compressed."""
    notes: tuple[str, ...] = ()
    content = body.content[:SHOWN_BYTES]
    is_whole = len(content) >= body.length_bytes
    if not is_whole:
        notes = (f"only the first {len(content):,} of {body.length_bytes:,} bytes are shown",)
    encoding = body.content_encoding.strip().lower()
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return _Content(content, is_whole, notes)
    inflater = zlib.decompressobj(wbits=47)  # 47: with a gzip or a zlib header
    try:
        # Bounded by what comes out, so that a bomb costs no more than a body of that size.
        inflated = inflater.decompress(content, SHOWN_BYTES)
    except zlib.error:
        return _Content(content, is_whole, (*notes, f"the body says {encoding}, and is not"))
    if not inflater.eof and is_whole:
        notes = (*notes, f"only the first {len(inflated):,} bytes of what it inflates to are shown")
    notes = (*notes, f"inflated from {encoding} to be read; kept and forwarded as sent")
    return _Content(inflated, inflater.eof, notes)


def _as_text(readable: _Content) -> str | None:
    """Return the content as text if it is UTF-8 without NUL; a character cut by the cap is forgiven."""
    if b"\0" in readable.content:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(readable.content, final=readable.is_whole)
    except UnicodeDecodeError:
        return None


def _text(body: Body, content: bytes, complaint: str | None) -> _Layout:
    wire_lines = content.removesuffix(b"\n").split(b"\n")
    lines = (safe_lines(line.removesuffix(b"\r")) for line in wire_lines)
    is_markup = any(kind in body.content_type.lower() for kind in ("xml", "html"))
    return _Layout(lines, "xml" if is_markup else None, complaint)


def _hex(content: bytes, per_line: int) -> Iterator[str]:
    for at in range(0, len(content), per_line):
        part = content[at : at + per_line]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
        yield f"{at:08x}  {part.hex(' '):<{per_line * 3 - 1}}  {shown}"


def _pretty(body: Body, text: str) -> _Layout:
    content_type = body.content_type.lower()
    is_form = content_type.startswith("application/x-www-form-urlencoded")
    layout = _Layout(None)
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        layout = _json(text)
    if layout.lines is None and is_form:  # curl says so of whatever it sends
        return _Layout([_form_field(field) for field in text.split("&")])
    return layout if "json" in content_type else replace(layout, complaint=None)


def _form_field(field: str) -> str:
    name, _, value = (unquote_plus(part, errors="surrogateescape") for part in field.partition("="))
    return f"{safe(name)} = {safe(value)}"


_JSON_PART = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"', re.DOTALL)


def _json(text: str) -> _Layout:
    """Indent JSON without reading its values: every number, string and repeated key stays as it was written."""
    lines = _indented(text)
    if lines is None:
        return _Layout(None, complaint=f"nested more than {DEPTH_CAP} deep, shown as text")
    try:
        # Only checked: `str` keeps a number of a million digits from being converted.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return _Layout(None, complaint=f"not JSON: {safe(str(error))}")
    return _Layout(lines, "json")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _indented(text: str) -> list[str] | None:
    lines: list[str] = []
    line = ""
    depth = 0
    opened = False  # the last part opened an object or array: `{}` stays on one line
    for match in _JSON_PART.finditer(text):
        part = match.group()
        closes = part in ("}", "]")
        depth -= closes
        if opened != closes:
            lines.append(line)
            line = "  " * depth
        opened = part in ("{", "[")
        depth += opened
        if depth > DEPTH_CAP:
            return None
        line += ": " if part == ":" else safe(part)
        if part == ",":
            lines.append(line)
            line = "  " * depth
        if len(lines) > SHOWN_LINES:
            break
    return [*lines, line]

"""A body as lines to look at: pretty, text or hex; bounded in bytes and lines, and safe. Pure, and fit for a thread.

The bytes themselves are never changed by being looked at. What cannot be shown one way falls back to the next.
"""

import codecs
import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Self, assert_never

from inspector.core.headers import Headers
from inspector.core.text import safe, safe_lines
from tui.bodies import form, hexdump, images, multipart, xml
from tui.bodies.inflating import Inflated, inflated
from tui.bodies.layout import DEPTH_CAP, LINE_CAP, SHOWN_BYTES, SHOWN_LINES, Layout, Unfit, cut
from tui.folding import Line, until_set
from tui.jsontree import JsonTree

__all__ = [
    "DEPTH_CAP",
    "LINE_CAP",
    "SHOWN_BYTES",
    "SHOWN_LINES",
    "Body",
    "BodyView",
    "View",
    "build",
]


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
    tree: JsonTree | None = None
    """What can be folded: a line's `target` is its row."""
    parts: tuple[Body, ...] = ()
    """What can be opened on its own: a line's `target` is the place of one here."""


def build(
    body: Body, view: View | None = None, *, width: int = 80, stop: Event | None = None
) -> BodyView:
    """Lay out `body` as `view`, or as what suits it best; `width` columns decide how long a hex line is.

    Raises GivenUp soon after `stop` is set.
    """
    if not body.length_bytes:
        return BodyView(View.TEXT, (View.TEXT,), notes=("the body is empty",))
    content = body.content[:SHOWN_BYTES]
    is_whole = len(content) >= body.length_bytes
    readable = inflated(content, body.content_encoding, is_whole=is_whole)
    text = _as_text(readable)
    pretty, complaint = _pretty(body, readable, text, stop)
    if readable.is_coded:  # no wonder that it is not what it says
        complaint = None
    views = (
        *((View.PRETTY,) if pretty is not None else ()),
        *((View.HEX, View.TEXT) if text is None else (View.TEXT, View.HEX)),
    )
    chosen = view if view is not None and view in views else views[0]
    match chosen:
        case View.PRETTY:
            layout = pretty or Layout(())
        case View.TEXT:
            layout = _text(body, readable.content)
        case View.HEX:
            layout = Layout(hexdump.lines(content, width))
        case unreachable:
            assert_never(unreachable)
    lines = list(itertools.islice(until_set(stop, layout.lines), SHOWN_LINES + 1))
    is_cut = len(lines) > SHOWN_LINES or (layout.tree is not None and layout.tree.is_cut)
    shown_bytes = None if is_whole else len(content)
    if is_cut and shown_bytes is not None:  # of what there is to read of it fewer are shown
        shown_bytes = _bytes_shown(chosen, lines, content, readable.content)
    notes = (
        _of_bytes(shown_bytes, body),
        *readable.notes,
        images.describe(readable.content),
        layout.note,
        complaint,
        f"only the first {SHOWN_LINES:,} lines are shown"
        if is_cut and shown_bytes is None
        else None,
    )
    parts = tuple(
        Body.of(part.content, len(part.content), Headers(part.headers)) for part in layout.parts
    )
    told = tuple(note for note in notes if note is not None)
    return BodyView(chosen, views, lines[:SHOWN_LINES], layout.language, told, layout.tree, parts)


def _of_bytes(shown: int | None, body: Body) -> str | None:
    if shown is None:
        return None
    return f"only the first {shown:,} of {body.length_bytes:,} bytes are shown"


def _bytes_shown(view: View, lines: Sequence[Line], content: bytes, readable: bytes) -> int | None:
    """Return how many bytes of `content` stand in the first SHOWN_LINES of more lines; None: it is not known."""
    if view is View.HEX:  # each line begins with its place
        return int(str(lines[SHOWN_LINES].content).split(maxsplit=1)[0], 16)
    if view is View.PRETTY or readable is not content:
        return None
    at, left = 0, SHOWN_LINES
    for line in content.split(b"\n", SHOWN_LINES):
        if not left:
            break
        rows = -(-len(safe_lines(line.removesuffix(b"\r"))) // LINE_CAP) or 1
        if rows > left:  # what is cut in pieces may be shown in part
            room = left * LINE_CAP
            part = bisect_right(range(len(line)), room, key=lambda end: len(safe_lines(line[:end])))
            return at + max(part - 1, 0)
        at, left = at + len(line) + 1, left - rows
    return at


def _as_text(readable: Inflated) -> str | None:
    """Return the content as text if it is UTF-8 without NUL; a character cut by the cap is forgiven."""
    if b"\0" in readable.content:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(readable.content, final=readable.is_whole)
    except UnicodeDecodeError:
        return None


def _text(body: Body, content: bytes) -> Layout:
    wire_lines = content.removesuffix(b"\n").split(b"\n", SHOWN_LINES)
    wire_lines[SHOWN_LINES:] = [b""] * (
        len(wire_lines) > SHOWN_LINES
    )  # the rest, only to say that there is one
    lines = (safe_lines(line.removesuffix(b"\r")) for line in wire_lines)
    is_markup = any(kind in body.content_type.lower() for kind in ("xml", "html"))
    return Layout(cut(lines), "xml" if is_markup else None)


def _pretty(
    body: Body, readable: Inflated, text: str | None, stop: Event | None
) -> tuple[Layout | None, str | None]:
    """Return what the body looks like as what it is, or None and, if it says to be something, why it is not."""
    content_type = body.content_type.lower()
    if content_type.startswith("multipart/"):
        return _tried(lambda: multipart.lay_out(readable.content, body.content_type))
    if text is None or not readable.is_whole:
        return None, None
    complaint = None
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        found, complaint = _tried(lambda: _json(text, stop))
        if found is not None or "json" in content_type:
            return found, complaint
    if "xml" in content_type or text.lstrip()[:5] == "<?xml":
        return _tried(lambda: xml.lay_out(text))
    if content_type.startswith(
        "application/x-www-form-urlencoded"
    ):  # curl says so of whatever it sends
        return form.lay_out(text), None
    return None, None


def _tried(lay_out: Callable[[], Layout]) -> tuple[Layout | None, str | None]:
    try:
        return lay_out(), None
    except Unfit as reason:
        return None, str(reason)


def _json(text: str, stop: Event | None) -> Layout:
    tree = JsonTree(text, stop)
    return Layout(tree.lines(), "json", tree=tree)

"""A body of several parts, each with headers of its own (RFC 2046, 5.1; RFC 7578)."""

import re
from collections.abc import Iterator

from textual.content import Content

from inspector.core.headers import Headers
from inspector.core.text import encode, safe, safe_lines, shorten
from tui import labels, pairs
from tui.bodies import images
from tui.bodies.layout import LINE_CAP, Layout, Part, Unfit
from tui.folding import Line

PARTS_MAX = 200
HEADERS_MAX = 50
"""Of one part."""
PREVIEW_LINES = 12
"""Of each part's content; `enter` opens all of it."""
PREVIEW_BYTES = 4096
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)
BOUNDARY_MAX = 200
"""Characters: RFC 2046 allows 70."""
_NAME = re.compile(rb'[;\s]name="((?:[^"\\]|\\.)*)"|[;\s]name=([^\s;"]+)', re.IGNORECASE)


def lay_out(content: bytes, content_type: str) -> Layout:
    """Return the parts one under the other. Raises Unfit if there are none to be found."""
    found = parts(content, content_type)
    note = f"only the first {PARTS_MAX} parts are shown" if len(found) > PARTS_MAX else None
    shown = found[:PARTS_MAX]
    return Layout(_lines(shown), None, parts=tuple(shown), note=note)


def parts(content: bytes, content_type: str) -> list[Part]:
    """Take a body apart, up to one part more than are shown. Raises Unfit."""
    boundary = _boundary(content_type)
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*+(?:\r?\n|\Z)")
    found: list[Part] = []
    start = None
    for mark in delimiter.finditer(content):
        if start is not None:
            found.append(_part(content[start : max(mark.start(), start)]))
        start = mark.end()
        if mark[1] is not None or len(found) > PARTS_MAX:
            return found
    if start is None:
        raise Unfit("the boundary that Content-Type names stands nowhere in the body")
    found.append(_part(content[start:]))  # broken off
    return found


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    boundary = "" if found is None else re.sub(r"\\(.)", r"\1", found[1] or found[2] or "")
    if not boundary:
        raise Unfit("Content-Type names no boundary, so the parts cannot be told apart")
    if len(boundary) > BOUNDARY_MAX:
        raise Unfit("the boundary is too long to be one")
    return encode(boundary)


def _part(content: bytes) -> Part:
    # A part without headers begins with the empty line that would end them.
    if content.startswith((b"\r\n", b"\n")):
        return Part((), content.split(b"\n", 1)[1])
    end = re.search(rb"\r?\n\r?\n", content)
    head, rest = (content, b"") if end is None else (content[: end.start()], content[end.end() :])
    lines = head.split(b"\n", HEADERS_MAX)[:HEADERS_MAX]
    split = (line.rstrip(b"\r").partition(b":") for line in lines)
    return Part(tuple((name.strip(), value.strip()) for name, _, value in split), rest)


def _lines(shown: list[Part]) -> Iterator[Line]:
    for number, part in enumerate(shown):
        headers = Headers(part.headers)
        name = _name(headers)
        yield Line(
            Content.assemble(
                (f"part {number + 1} of {len(shown)}", ".strong"),
                f"  {name}" if name else "",
                (f"  {labels.size(len(part.content))}  enter opens it", ".faint"),
            ),
            hang=2,
            value=name,
            target=number,
        )
        yield from pairs.of_headers(headers, indent=2)
        yield from _preview(part)
        yield Line(Content())


def _name(headers: Headers) -> str:
    found = _NAME.search(headers.get(b"Content-Disposition") or b"")
    return "" if found is None else shorten(safe(found[1] or found[2] or b""), 100)


def _preview(part: Part) -> Iterator[Line]:
    if (picture := images.describe(part.content)) is not None:
        yield Line(Content.styled(f"  {picture}", ".faint"), value=picture)
        return
    try:
        text = part.content[:PREVIEW_BYTES].decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        if error.start < PREVIEW_BYTES - 4 or "\0" in str(error.object[: error.start]):
            yield Line(Content.styled("  not text", ".faint"))
            return
        text = part.content[: error.start].decode("utf-8")
    if "\0" in text:
        yield Line(Content.styled("  not text", ".faint"))
        return
    lines = safe_lines(text).split("\n")
    for line in lines[:PREVIEW_LINES]:
        yield Line(Content(f"  {shorten(line, LINE_CAP)}"), hang=2)
    if len(lines) > PREVIEW_LINES or len(part.content) > PREVIEW_BYTES:
        yield Line(Content.styled("  …", ".faint"))

"""A body of several parts, each with headers of its own (RFC 2046, 5.1; RFC 7578), laid out."""

from collections.abc import Iterator
from itertools import islice

from textual.content import Content

from inspector.core import multipart
from inspector.core.headers import Headers
from inspector.core.text import encode, safe, safe_lines, shorten
from tui import labels, pairs
from tui.bodies import images
from tui.bodies.layout import LINE_CAP, Layout, Part, Unfit
from tui.folding import Line

PARTS_MAX = 200
PREVIEW_LINES = 12
"""Of each part's content; `enter` opens all of it."""
PREVIEW_BYTES = 4096


def lay_out(content: bytes, content_type: str) -> Layout:
    """Return the parts one under the other. Raises Unfit if there are none to be found."""
    found = parts(content, content_type)
    note = f"only the first {PARTS_MAX} parts are shown" if len(found) > PARTS_MAX else None
    shown = found[:PARTS_MAX]
    return Layout(_lines(shown), None, parts=tuple(shown), note=note)


def parts(content: bytes, content_type: str) -> list[Part]:
    """Take a body apart, up to one part more than are shown. Raises Unfit."""
    boundary = multipart.parameters(encode(content_type)).get(b"boundary", b"")
    if not boundary:
        raise Unfit("Content-Type names no boundary, so the parts cannot be told apart")
    if len(boundary) > multipart.BOUNDARY_MAX:
        raise Unfit("the boundary is too long to be one")
    found = list(islice(multipart.parts(content, boundary), PARTS_MAX + 1))
    if not found:
        raise Unfit(
            "the boundary that Content-Type names stands nowhere in the body, unless at its end"
        )
    return [Part(each.headers, content[each.start : each.end]) for each in found]


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
    found = multipart.parameters(headers.get(b"Content-Disposition") or b"")
    return shorten(safe(found.get(b"name", b"")), 100)


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

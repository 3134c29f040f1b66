"""Names with their values, one under the other: headers, fields of a form, facts."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from inspector.core.headers import Headers
from inspector.core.text import safe, shorten
from tui.bodies.layout import LINE_CAP
from tui.folding import Line

NAME_WIDTH = 26


def of_headers(headers: Headers, indent: int = 0) -> list[Line]:
    """Return headers in wire order; each is copied as its value."""
    return lines([(safe(name), safe(value)) for name, value in headers], ".name", indent)


def lines(pairs: Sequence[tuple[str, str]], style: str, indent: int = 0) -> list[Line]:
    """Return safe names, in that style, and their safe values in a column of their own."""
    return list(_lines(pairs, style, indent))


def _lines(pairs: Sequence[tuple[str, str]], style: str, indent: int) -> Iterator[Line]:
    width = min(max((len(name) for name, _ in pairs), default=0), NAME_WIDTH) + 2
    for name, value in pairs:
        label = Content.styled(shorten(name, LINE_CAP), style)
        shown = label.pad_right(max(width - len(name), 1)).pad_left(indent)
        yield Line(shown + shorten(value, LINE_CAP), hang=indent + width, value=value)

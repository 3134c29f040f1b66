"""A form as a table of its fields, in their order, repeated ones as often as they came."""

from collections.abc import Iterator
from urllib.parse import unquote_plus

from inspector.core.text import safe
from tui import pairs
from tui.bodies.layout import SHOWN_LINES, Layout


def lay_out(text: str) -> Layout:
    """Return one line for each field, its name and value decoded."""
    return Layout(pairs.lines(list(_fields(text)), ".name"))


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for field in text.split("&", SHOWN_LINES)[: SHOWN_LINES + 1]:
        name, _, value = field.partition("=")
        yield _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    return safe(unquote_plus(text, errors="surrogateescape"))

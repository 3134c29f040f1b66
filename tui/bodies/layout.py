"""What laying a body out comes to, and the limits that hold for every kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.folding import Line

if TYPE_CHECKING:
    from tui.jsontree import JsonTree

SHOWN_BYTES = 1024 * 1024
SHOWN_LINES = 20_000
LINE_CAP = 2000
"""Longer lines are cut in pieces: laying out and colouring one costs more than its share."""
DEPTH_CAP = 100
"""What is nested deeper is shown as text: its indentation alone would fill the memory."""


class Unfit(Exception):
    """A body is not what it was taken for; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body that is several: with headers of its own."""

    headers: tuple[tuple[bytes, bytes], ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines, not yet bounded in number."""

    lines: Iterable[Line]
    language: str | None = None
    """What to colour each line as that is a `str`."""
    tree: "JsonTree | None" = None
    """What can be folded."""
    parts: tuple[Part, ...] = ()
    """What can be opened on its own: `target` of a line is the place of one here."""
    note: str | None = None


def cut(texts: Iterable[str]) -> Iterator[Line]:
    """Give out lines of which none is too long."""
    for text in texts:
        if len(text) <= LINE_CAP:
            yield Line(text)
        else:
            yield from (Line(text[at : at + LINE_CAP]) for at in range(0, len(text), LINE_CAP))


def hang_of(text: str) -> int:
    """Return by how much the folded rest of an indented line is indented."""
    return len(text) - len(text.lstrip(" ")) + 2

"""Lines folded to a width: which part of which line stands on which row. Pure, and fit for a thread."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from threading import Event
from typing import NamedTuple, TypeVar

from rich.cells import chop_cells, get_character_cell_size
from textual.content import Content

T = TypeVar("T")


class Line(NamedTuple):
    """One line, safe to show and without a line feed."""

    content: Content | str
    """A `str` is coloured as the view's language when it comes into sight."""
    hang: int = 0
    """Columns by which its folded rest is indented."""
    is_prose: bool = False
    """Folded between words."""
    lead: int = 0
    tail: int = 0
    """So many characters at its two ends are not of the view's language: what we added."""
    value: str | None = None
    """What is copied of it, safe as well; None: what it shows."""
    target: int | None = None
    """What `enter` leads to from here, by a number that its owner knows."""


class GivenUp(Exception):
    """Nobody waits for this work any more."""


def until_set(stop: Event | None, items: Iterable[T]) -> Iterator[T]:
    """Go through `items`. Raises GivenUp soon after `stop` is set."""
    for item in items:
        if stop is not None and stop.is_set():
            raise GivenUp
        yield item


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands on one row: a part of a line, behind `indent` blanks."""

    index: int
    start: int
    end: int
    indent: int


class Folding:
    """The rows of `lines` at one width."""

    def __init__(self, lines: Sequence[Line], width: int, stop: Event | None = None) -> None:
        """Count the rows. Raises GivenUp soon after `stop` is set."""
        self.lines = lines
        self.width = max(width, 4)  # of which half may be indented, and a wide character needs two
        counts = (self._count_rows(line) for line in until_set(stop, lines))
        self._starts = list(accumulate(counts, initial=0))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._starts[-1]

    def line_at(self, row: int) -> int:
        """Return the index of the line on a row."""
        return bisect_right(self._starts, row) - 1

    def row_of(self, index: int) -> int:
        """Return the row on which a line starts, or the end if there is no such line."""
        return self._starts[min(index, len(self.lines))]

    def piece(self, row: int) -> Piece:
        """Return what stands on a row."""
        index = self.line_at(row)
        number = row - self._starts[index]
        line = self.lines[index]
        start, end = self._cuts(line)[number]
        return Piece(index, start, end, self._hang(line) if number else 0)

    def _count_rows(self, line: Line) -> int:
        text = str(line.content)
        if line.is_prose or not text.isascii():
            return len(self._cuts(line))
        rest = len(text) - self.width
        return 1 if rest <= 0 else 1 - (-rest // (self.width - self._hang(line)))

    def _hang(self, line: Line) -> int:
        return min(line.hang, self.width // 2)

    def _cuts(self, line: Line) -> list[tuple[int, int]]:
        """Return where each row of the folded line starts and ends."""
        text = str(line.content)
        if line.is_prose:
            return list(self._prose_cuts(text, self.width - self._hang(line))) or [(0, 0)]
        if text.isascii():
            starts = [0, *range(self.width, len(text), self.width - self._hang(line))]
            return list(pairwise([*starts, len(text)]))
        # Where each character ends, in cells: a selector that widens the one before it (U+FE0F) as one of its own, and
        # joined characters one by one. That is too much at worst; `chop_cells` is exact, and takes seconds for a
        # mebibyte that is no text.
        widths = map(get_character_cell_size, text.replace("\ufe0f", "w"))
        ends = list(accumulate(widths, initial=0))
        cuts = [(0, self._fitting(ends, 0, self.width))]
        while cuts[-1][1] < len(text):
            start = cuts[-1][1]
            cuts.append((start, self._fitting(ends, start, self.width - self._hang(line))))
        return cuts

    @staticmethod
    def _fitting(ends: Sequence[int], start: int, room: int) -> int:
        """Return how far the characters from `start` on fit, those without a width with the one before them."""
        return bisect_right(ends, ends[start] + room) - 1

    def _prose_cuts(self, text: str, rest: int) -> Iterator[tuple[int, int]]:
        """Yield where each row starts and ends, the first `width` wide, each further one `rest`.

        The space at a row's end is left out. A word longer than a row is cut.
        """
        start, room = 0, self.width
        while start < len(text):
            next_up = text[start : start + room]
            # Nothing is chopped off where all of it has no width, as accents left alone have.
            chopped = next_up if next_up.isascii() else (chop_cells(next_up, room) or [next_up])[0]
            end = start + len(chopped)
            space = text.rfind(" ", start + 1, end + 1)
            if end == len(text) or space < 0:
                yield start, end
                start = end
            else:
                yield start, space
                start = space + 1
            room = rest

"""Any number of lines, folded to the width, of which only those on the screen are ever laid out."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size
from textual.highlight import highlight
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual


class Line(NamedTuple):
    """One line, safe to show and without a line feed."""

    content: Content | str
    """A `str` is coloured as the view's language when it comes into sight."""
    hang: int = 0
    """Columns by which its folded rest is indented."""


class LineView(ScrollView, can_focus=True):
    """A scrolling view of lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Scroll down", show=False, id="view.down"),
        Binding("k", "scroll_up", "Scroll up", show=False, id="view.up"),
        Binding("g", "scroll_home", "To the top", show=False, id="view.top"),
        Binding("G", "scroll_end", "To the end", show=False, id="view.end"),
        Binding("space", "page_down", "A page down", show=False, id="view.page"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._language: str | None = None
        self._starts: list[int] = [
            0
        ]  # the row on which each line starts, and one past the last row
        self._width = 0
        self._contents: LRUCache[int, Content] = LRUCache(256)
        self._strips: LRUCache[int, Strip] = LRUCache(512)

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown."""
        return self._lines

    def show(
        self, lines: Sequence[Line], *, language: str | None = None, keep_place: bool = False
    ) -> None:
        """Show other lines, from their top, or from where the old ones were scrolled to."""
        self._lines = lines
        self._language = language
        self._contents.clear()
        self._lay_out()
        if not keep_place:
            self.scroll_to(y=0, animate=False)

    def on_resize(self) -> None:
        """Fold anew, keeping the topmost line where it is."""
        if self.scrollable_content_region.width != self._width:
            top = bisect_right(self._starts, self.scroll_offset.y) - 1
            self._lay_out()
            self.scroll_to(y=self._starts[min(top, len(self._lines))], animate=False)

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours."""
        super().notify_style_update()
        self._strips.clear()

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the text selected with the mouse anew."""
        self._strips.clear()
        super().selection_updated(selection)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text selected with the mouse, unfolded."""
        return selection.extract("\n".join(str(line.content) for line in self._lines)), "\n"

    def render_line(self, y: int) -> Strip:
        """Draw row `y` of the screen."""
        row = self.scroll_offset.y + y
        if row >= self._starts[-1]:
            return Strip.blank(self._width, self.visual_style.rich_style)
        if row not in self._strips:
            index = bisect_right(self._starts, row) - 1
            self._strips[row] = self._draw(index, row - self._starts[index])
        return self._strips[row]

    def _lay_out(self) -> None:
        self._strips.clear()
        self._width = self.scrollable_content_region.width
        if self._width:
            rows = (self._count_rows(line) for line in self._lines)
            self._starts = list(accumulate(rows, initial=0))
            self.virtual_size = Size(self._width, self._starts[-1])
        self.refresh()

    def _count_rows(self, line: Line) -> int:
        text = str(line.content)
        if not text.isascii():
            return len(self._cuts(line))
        rest = len(text) - self._width
        return 1 if rest <= 0 else 1 - (-rest // (self._width - self._hang(line)))

    def _hang(self, line: Line) -> int:
        return min(line.hang, self._width // 2)

    def _cuts(self, line: Line) -> list[tuple[int, int]]:
        """Return where each row of the folded line starts and ends."""
        text = str(line.content)
        if cell_len(text) <= self._width:
            return [(0, len(text))]
        first = chop_cells(text, self._width)[0]
        rest = chop_cells(text[len(first) :], max(self._width - self._hang(line), 1))
        ends = list(accumulate((len(part) for part in rest), initial=len(first)))
        return [(0, len(first)), *pairwise(ends)]

    def _draw(self, index: int, number: int) -> Strip:
        line = self._lines[index]
        start, end = self._cuts(line)[number]
        indent = self._hang(line) if number else 0
        content = self._selected(self._content(index), index)[start:end].pad_left(indent)
        strip = Visual.to_strips(
            self, content, self._width, 1, self.visual_style, apply_selection=False, pad=True
        )[0]
        return strip.apply_offsets(start - indent, index)

    def _content(self, index: int) -> Content:
        if index not in self._contents:
            content = self._lines[index].content
            if isinstance(content, str):
                content = highlight(content, language=self._language or "text")
            self._contents[index] = content
        return self._contents[index]

    def _selected(self, content: Content, index: int) -> Content:
        selection = self.text_selection
        if selection is None or (span := selection.get_span(index)) is None:
            return content
        start, end = span
        style = Style.from_styles(self.screen.get_component_styles("screen--selection"))
        return content.stylize(style, start, len(content) if end == -1 else end)

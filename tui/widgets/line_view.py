"""Any number of lines, folded to the width, of which only those on the screen are ever drawn."""

import asyncio
import contextlib
from collections.abc import Sequence
from threading import Event
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.cache import FIFOCache
from textual.content import Content
from textual.geometry import Size
from textual.highlight import highlight
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from tui.folding import Folding, GivenUp, Line
from tui.pen import Pen
from tui.widgets.steady import SteadyView

AT_ONCE_CHARACTERS = 50_000
"""More are folded in a thread: where characters differ in width, each of them has to be looked at."""
DRAWN_MAX = 512
"""Rows that are kept as they were drawn."""


class LineView(SteadyView, can_focus=True):
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
        self._folding = Folding((), 0)
        # No LRUCache: its entries hold each other, and those of every body would be left to the collector.
        self._contents: FIFOCache[int, Content] = FIFOCache(256)
        self._strips: dict[int, Strip] = {}
        self._pen = Pen(self)
        self._given_up = Event()

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
        self._fold(self._top if keep_place else 0)

    def on_resize(self) -> None:
        """Fold anew, keeping the topmost line where it is."""
        if self.scrollable_content_region.width != self._folding.width:
            self._fold(self._top)

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours."""
        super().notify_style_update()
        self._pen.forget()
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
        if row >= self._folding.rows:
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        if row not in self._strips:
            if len(self._strips) >= DRAWN_MAX:
                self._strips.clear()
            self._strips[row] = self._draw(row)
        return self._strips[row]

    @property
    def _top(self) -> int:
        return self._folding.line_at(self.scroll_offset.y)

    def _fold(self, top: int) -> None:
        """Lay the lines out, then scroll to line `top`."""
        width = self.scrollable_content_region.width
        self.workers.cancel_group(self, "fold")
        self._given_up.set()  # a thread cannot be cancelled, only told
        if sum(len(line.content) for line in self._lines) <= AT_ONCE_CHARACTERS:
            self._use(Folding(self._lines, width), top)
        else:
            self._given_up = Event()
            self._fold_in_thread(self._lines, width, top, self._given_up)

    @work(group="fold", exit_on_error=False)
    async def _fold_in_thread(
        self, lines: Sequence[Line], width: int, top: int, given_up: Event
    ) -> None:
        with contextlib.suppress(GivenUp):
            self._use(await asyncio.to_thread(Folding, lines, width, given_up), top)

    def _use(self, folding: Folding, top: int) -> None:
        self._folding = folding
        self._contents.clear()
        self._strips.clear()
        self.virtual_size = Size(folding.width, folding.rows)
        self.scroll_to(y=folding.row_of(top), animate=False)
        self.refresh()

    def _draw(self, row: int) -> Strip:
        piece = self._folding.piece(row)
        content = self._selected(self._content(piece.index), piece.index)
        content = content[piece.start : piece.end].pad_left(piece.indent)
        width, style = self._folding.width, self._style_of(piece.index)
        strip = self._pen.draw(content, width, style)
        return strip.apply_offsets(piece.start - piece.indent, piece.index)

    def _style_of(self, index: int) -> Style:  # noqa: ARG002 - for a view that has a cursor
        """Return the style on which a line is drawn."""
        return self.visual_style

    def _content(self, index: int) -> Content:
        if index not in self._contents:
            content = self._folding.lines[index].content
            if isinstance(content, str):
                content = self._coloured(content, self._folding.lines[index])
            self._contents[index] = content
        return self._contents[index]

    def _coloured(self, text: str, line: Line) -> Content:
        end = len(text) - line.tail
        return Content.assemble(
            (text[: line.lead], ".faint"),
            highlight(text[line.lead : end], language=self._language or "text"),
            (text[end:], ".faint"),
        )

    def _selected(self, content: Content, index: int) -> Content:
        selection = self.text_selection
        if selection is None or (span := selection.get_span(index)) is None:
            return content
        start, end = span
        style = Style.from_styles(self.screen.get_component_styles("screen--selection"))
        return content.stylize(style, start, len(content) if end == -1 else end)

"""The lines of the list: drawn one by one, and kept, so that its length costs nothing."""

from datetime import tzinfo
from math import ceil
from typing import ClassVar

from textual._styles_cache import StylesCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui import columns, labels
from tui.eventfold import Standing
from tui.listing import Listing
from tui.pen import Pen
from tui.widgets.steady import SteadyView
from tui.window import Row

HEADER_ROWS = 1
DRAWN_MAX = 200
"""Lines that are kept as they were drawn, those drawn last."""

Seen = tuple[Row | None, Standing | None]
"""What a line is drawn from."""


class _Uncached(StylesCache):
    """Takes lines as the list keeps them, each with all that its strip keeps: how it is cut, coloured and written.

    Textual's own cache has them by where they are on the screen: when the list scrolls, all are made anew.
    """

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return lines of the list, which has neither border nor padding."""
        strips = [widget.render_line(y) for y in crop.line_range]
        width, background = widget.size.width, widget.background_colors[1]
        for each in widget.get_line_filters():
            strips = [strip.apply_filter(each, background) for strip in strips]
        return [strip.adjust_cell_length(width).crop(*crop.column_span) for strip in strips]


class ListLines(SteadyView):
    """Draws what is listed below its titles, and the selected delivery as such."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--header", "list--cursor"}

    selected: reactive[int | None] = reactive(None, repaint=False)
    """The selected delivery's number. It stays selected where a filter hides it."""

    def __init__(self, listing: Listing, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._listing = listing
        self._zone = zone
        self._columns: list[columns.Column] = []
        self._drawn: dict[tuple[int, bool | None], tuple[Seen, Strip]] = {}
        """Lines by number, and whether they are under the cursor; to draw a screen full takes milliseconds."""
        self._shown: list[tuple[int, Seen]] = []
        """What was in sight when the list was drawn last."""
        self._drawn_thumb: tuple[int, int] | None = None
        self._styles_cache = _Uncached()
        self._pen = Pen(self)
        self._look: tuple[str, Style] | None = None

    def render_line(self, y: int) -> Strip:
        """Draw the titles or a row."""
        index = self.scroll_offset.y + y - HEADER_ROWS
        if y < HEADER_ROWS:
            return self._strip(" ", columns.header(self._columns), "list--header")
        if index >= len(self._listing):
            return self._beyond(index)
        number = self._listing.numbers[index]
        seen = self._see(number)
        place = (number, number == self.selected and (self.has_focus or None))
        drawn, strip = self._drawn.get(place, (None, None))
        if strip is None or drawn != seen:
            strip = self._draw(number, *seen)
            self._drawn.pop(place, None)
            self._drawn[place] = (seen, strip)
            if len(self._drawn) > DRAWN_MAX:
                del self._drawn[next(iter(self._drawn))]
        return strip

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours, if there are others: the keyboard's coming and going has none."""
        super().notify_style_update()
        look = self.app.theme, self.visual_style
        if look != self._look:
            self._look = look
            self._pen.forget()
            self._drawn.clear()

    def _redraw(self, number: int | None) -> None:
        """Draw a delivery's line anew, if it has one."""
        index = None if number is None else self._listing.numbers.index(number)
        if index is not None:
            line = index - self.scroll_offset.y + HEADER_ROWS
            self.refresh(Region(0, line, self.size.width, 1))

    def _see(self, number: int) -> Seen:
        return self._listing.row(number), self._listing.standing(number)

    def _draw(self, number: int, row: Row | None, standing: Standing | None) -> Strip:
        if row is None:
            content = columns.waiting(self._columns, number)
        else:
            content = columns.cells(self._columns, row, self._zone, standing)
        if number == self.selected:
            return self._strip("▌", content, "list--cursor")
        return self._strip(" ", content)

    def _beyond(self, index: int) -> Strip:
        if index == 0 and self._listing.is_filtered:
            return self._strip(" ", Content.styled("nothing matches", labels.FAINT))
        return Strip.blank(self.size.width, self.visual_style.rich_style)

    def _strip(self, mark: str, content: Content, *component: str) -> Strip:
        style = self.get_visual_style(*component)
        return self._pen.draw(Content(mark) + content, self.size.width, style)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        chosen = columns.choose(width - 2, self._listing.window)
        if chosen != self._columns:
            self._columns = chosen
            self._drawn.clear()
            self.refresh()
        self._reach(Size(width, len(self._listing) + HEADER_ROWS))
        in_sight = self._in_sight()
        if in_sight != self._shown:
            self._shown = in_sight
            self.refresh()

    def _reach(self, size: Size) -> None:
        if size.width == self.virtual_size.width:
            # Only longer: as a reactive it would lay the whole screen out anew, which takes longer than all the rest.
            self.set_reactive(ListLines.virtual_size, size)
            if (thumb := self._thumb(size.height)) != self._drawn_thumb:
                self._drawn_thumb = thumb
                self._scroll_update(size)
        else:
            self.virtual_size = size

    def _thumb(self, height: int) -> tuple[int, int] | None:
        """Return where the scrollbar's handle begins and how long it is, in eighths of a cell; None without one."""
        track = self.container_size.height
        if not self.show_vertical_scrollbar or height <= track:
            return None
        length = max(1.0, track * track / height)
        start = (track - length) * self.scroll_offset.y / (height - track)
        return int(start * 8), ceil(length * 8)

    def _in_sight(self) -> list[tuple[int, Seen]]:
        """Return the numbers in sight with what their lines show: they are drawn anew when it changes."""
        top, height = self.scroll_offset.y, self.size.height
        numbers = self._listing.numbers.part(top, top + height)
        return [(number, self._see(number)) for number in numbers]

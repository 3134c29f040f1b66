"""Lines with a cursor on one of them, whose value can be copied."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style

from tui.folding import Folding, Line
from tui.widgets.line_view import LineView


class CursorView(LineView):
    """A view in which the keys move a cursor, and the view follows it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next line", show=False, id="view.next"),
        Binding("k,up", "move(-1)", "Previous line", show=False, id="view.previous"),
        Binding("g,home", "first", "First line", show=False, id="view.first"),
        Binding("G,end", "last", "Last line", show=False, id="view.last"),
        Binding("space,pagedown,ctrl+d", "move_page(1)", "A page down", show=False, id="view.down_page"),
        Binding("pageup,ctrl+u", "move_page(-1)", "A page up", show=False, id="view.up_page"),
        Binding(
            "y", "copy_value", "Copy the value", show=False, id="view.copy",
            tooltip="Copy the value under the cursor",
        ),
        Binding(
            "Y", "copy_all", "Copy everything here", show=False, id="view.copy_all",
            tooltip="Copy all the text of the tab",
        ),
        Binding(
            "enter", "choose", "Open, fold or unfold", show=False, id="view.choose",
            tooltip="Open it; of JSON, fold or unfold it",
        ),
    ]  # fmt: skip

    cursor: reactive[int] = reactive(0, repaint=False)
    """The line it is on."""

    class CopyWanted(Message):
        """A text is to be copied."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class Chosen(Message):
        """`enter` was pressed on a line that leads somewhere."""

        def __init__(self, view: "CursorView", target: int) -> None:
            super().__init__()
            self.view = view
            self.target = target

    class Shown(Message):
        """There are other lines under the cursor; only the last ones count. Where it goes is for `watch`."""

        def __init__(self, view: "CursorView") -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            """Later lines stand for these."""
            return isinstance(message, CursorView.Shown) and message.view is self.view

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    def show(
        self, lines: Sequence[Line], *, language: str | None = None, keep_place: bool = False
    ) -> None:
        """Show other lines, the cursor on the first, or where it was."""
        if not keep_place:
            self.cursor = 0  # before they are laid out: the cursor is kept in sight then
        super().show(lines, language=language, keep_place=keep_place)
        self.cursor = min(self.cursor, max(len(lines) - 1, 0))
        self.post_message(self.Shown(self))

    def action_move(self, by: int) -> None:
        """Go to another line; one that is longer than the screen is scrolled through first."""
        row = self._folding.row_of(self.cursor if by < 0 else self.cursor + 1)
        top, height = self.scroll_offset.y, self.size.height
        if by > 0 and row > top + height:
            self.scroll_to(y=top + 1, animate=False)
        elif by < 0 and row < top:
            self.scroll_to(y=top - 1, animate=False)
        else:
            self._go(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        """Go to the line a screen further."""
        page = max(self.size.height - 1, 1)
        row = self._folding.row_of(self.cursor) + by * page
        self.scroll_to(y=self.scroll_offset.y + by * page, animate=False)
        self._go(self._folding.line_at(min(max(row, 0), max(self._folding.rows - 1, 0))))

    def action_first(self) -> None:
        """Go to the first line."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last line, and to its end."""
        self._go(len(self._lines) - 1)
        self.scroll_end(animate=False)

    def action_copy_value(self) -> None:
        """Copy the value of the line under the cursor."""
        if self.line is not None:
            text = str(self.line.content).strip() if self.line.value is None else self.line.value
            self.post_message(self.CopyWanted(text, "the value"))

    def action_copy_all(self) -> None:
        """Copy everything that is shown."""
        text = "\n".join(str(line.content) for line in self._lines)
        self.post_message(self.CopyWanted(text, "all of it"))

    def action_choose(self) -> None:
        """Say what was chosen; where nothing can be, leave the key to others."""
        if self.line is None or self.line.target is None or not self.can_choose(self.line.target):
            raise SkipAction
        self.post_message(self.Chosen(self, self.line.target))

    def can_choose(self, target: int) -> bool:  # noqa: ARG002 - for a view with other lines
        """Whether `enter` is of use on such a line."""
        return True

    def watch_cursor(self, before: int, now: int) -> None:
        """Draw the two lines anew."""
        self._redraw(before, now)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._redraw(self.cursor)

    def on_blur(self) -> None:
        """Hide it: keys do not move it now."""
        self._redraw(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; clicked twice, do with that line what enter does."""
        row = self.scroll_offset.y + event.y
        if row < self._folding.rows:
            self._go(self._folding.line_at(row))
            if event.chain == 2:
                self.action_choose()

    def _go(self, index: int) -> None:
        if not self._lines:
            return
        self.cursor = min(max(index, 0), len(self._lines) - 1)
        self._reveal()

    def _reveal(self) -> None:
        """Scroll no further than it takes to see the line with the cursor."""
        start, end = self._folding.row_of(self.cursor), self._folding.row_of(self.cursor + 1)
        top, height = self.scroll_offset.y, self.size.height
        if start < top or end - start > height:
            self.scroll_to(y=start, animate=False)
        elif end > top + height:
            self.scroll_to(y=end - height, animate=False)

    def _use(self, folding: Folding, top: int) -> None:
        super()._use(folding, top)
        if self.cursor:
            self._reveal()

    def _redraw(self, *indexes: int) -> None:
        top, width = self.scroll_offset.y, self.size.width
        for index in indexes:
            start, end = self._folding.row_of(index), self._folding.row_of(index + 1)
            for row in range(start, end):
                self._strips.pop(row, None)
            self.refresh(Region(0, start - top, width, end - start))

    def _style_of(self, index: int) -> Style:
        if index == self.cursor and self.has_focus:
            return self.get_visual_style("lines--cursor")
        return super()._style_of(index)

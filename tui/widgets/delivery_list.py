"""The list of deliveries: newest at the bottom, drawn line by line, so that its length costs nothing."""

from datetime import tzinfo
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui import columns
from tui.window import Change, Row, Window

HEADER_ROWS = 1


class DeliveryList(ScrollView, can_focus=True):
    """Shows a window's rows; one of them is selected. While it follows, that is the newest."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--header", "list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next delivery", show=False, id="list.next"),
        Binding("k,up", "move(-1)", "Previous delivery", show=False, id="list.previous"),
        Binding("pagedown,ctrl+d", "move_page(1)", "A page down", show=False, id="list.page_down"),
        Binding("pageup,ctrl+u", "move_page(-1)", "A page up", show=False, id="list.page_up"),
        Binding("g,home", "oldest", "Oldest delivery", show=False, id="list.oldest"),
        Binding("G,end", "newest", "Newest delivery, and follow", show=False, id="list.newest"),
        Binding("enter", "open", "Read the delivery", show=False, id="list.open"),
    ]

    selected: reactive[int | None] = reactive(None, repaint=False)
    """The selected delivery's number. It stays selected when it leaves the window."""
    following: reactive[bool] = reactive(default=True, repaint=False)
    """Whether each new delivery is selected as it arrives. Moving up ends that."""

    class Selected(Message):
        """Another delivery is to be shown; only the last one counts."""

        def __init__(self, delivery_id: int) -> None:
            super().__init__()
            self.delivery_id = delivery_id

        def can_replace(self, message: Message) -> bool:
            """A later selection stands for this one."""
            return isinstance(message, DeliveryList.Selected)

    class Opened(Message):
        """The selected delivery is to be read."""

    class Followed(Message):
        """Following began or ended, or more deliveries arrived since it ended."""

        def __init__(self, *, following: bool, unseen: int) -> None:
            super().__init__()
            self.following = following
            self.unseen = unseen

        def can_replace(self, message: Message) -> bool:
            """The later state stands for this one."""
            return isinstance(message, DeliveryList.Followed)

    def __init__(self, window: Window, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._window = window
        self._zone = zone
        self._unseen = 0
        self._columns: list[columns.Column] = []

    @property
    def row(self) -> Row | None:
        """The selected row, if it is in the window."""
        return None if self.selected is None else self._window.get(self.selected)

    def apply(self, change: Change, *, is_new: bool = True) -> None:
        """Show what became of the window; `is_new` says that what was added has just arrived."""
        self._unseen += change.added if is_new else 0
        self._lay_out()
        if self.following:
            self.action_newest()
            return
        # What is in sight stays there: late pages of the history come in above it, dropped rows leave there.
        above = (0 if is_new else change.added) - change.dropped
        self.scroll_to(y=self.scroll_offset.y + above, animate=False)
        if is_new and change.added:
            self._tell_followed()

    def action_move(self, by: int) -> None:
        """Select another row, so many below."""
        if by < 0:
            self.following = False
        index = None if self.selected is None else self._window.index(self.selected)
        self._select(0 if index is None else index + by)

    def action_move_page(self, by: int) -> None:
        """Select a row so many screens below."""
        self.action_move(by * max(self.size.height - HEADER_ROWS - 1, 1))

    def action_oldest(self) -> None:
        """Select the oldest row."""
        self.following = False
        self._select(0)

    def action_newest(self) -> None:
        """Select the newest row, and every newer one as it arrives."""
        self.following = True
        self._select(len(self._window) - 1)

    def action_open(self) -> None:
        """Ask that the selected delivery be read."""
        if self.row is not None:
            self.post_message(self.Opened())

    def watch_selected(self, _: int | None, selected: int | None) -> None:
        """Say which row is to be shown."""
        if selected is not None:
            self.refresh()
            self.post_message(self.Selected(selected))

    def watch_following(self) -> None:
        """Say that following began or ended."""
        self._unseen = 0
        self._tell_followed()

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._lay_out()
        self._show_selected()

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse."""
        index = self.scroll_offset.y + event.y - HEADER_ROWS
        if event.y >= HEADER_ROWS and index < len(self._window):
            self.following = False
            self._select(index)

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls back wants to read."""
        self.following = False

    def render_line(self, y: int) -> Strip:
        """Draw the titles or a row."""
        index = self.scroll_offset.y + y - HEADER_ROWS
        if y < HEADER_ROWS:
            return self._strip(" ", columns.header(self._columns), "list--header")
        if index >= len(self._window):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        row = self._window[index]
        content = columns.cells(self._columns, row, self._zone)
        if row.delivery.id == self.selected:
            return self._strip("▌", content, "list--cursor")
        return self._strip(" ", content)

    def _strip(self, mark: str, content: Content, *component: str) -> Strip:
        style = self.get_visual_style(*component)
        line = Content(mark) + content
        return Visual.to_strips(self, line, self.size.width, 1, style, pad=True)[0]

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._columns = columns.choose(width - 2, self._window)
        self.virtual_size = Size(width, len(self._window) + HEADER_ROWS)
        self.refresh()

    def _select(self, index: int) -> None:
        if len(self._window):
            index = min(max(index, 0), len(self._window) - 1)
            self.selected = self._window[index].delivery.id
            self._show_selected()

    def _show_selected(self) -> None:
        index = None if self.selected is None else self._window.index(self.selected)
        if index is None:
            return
        top, height = self.scroll_offset.y, self.size.height - HEADER_ROWS
        if not top <= index < top + height:
            self.scroll_to(y=index if index < top else index - height + 1, animate=False)

    def _tell_followed(self) -> None:
        self.post_message(self.Followed(following=self.following, unseen=self._unseen))

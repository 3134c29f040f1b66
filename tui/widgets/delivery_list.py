"""The list of deliveries: newest at the bottom; which of them is selected, and which are in sight."""

from collections.abc import Sequence
from datetime import tzinfo

from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui.listing import Listing
from tui.widgets.list_keys import KEYS
from tui.widgets.list_lines import HEADER_ROWS, ListLines
from tui.window import Row

AHEAD_MAX = 60
"""Rows that are read with those in sight, on either side."""
WANTED_MAX = 200


class DeliveryList(ListLines, can_focus=True):
    """Shows what is listed; one delivery is selected. While it follows, that is the newest."""

    BINDINGS = KEYS

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

    class Wanted(Message):
        """Rows have come into sight, or nearly, that are not at hand; only the last one counts."""

        def __init__(self, numbers: Sequence[int]) -> None:
            super().__init__()
            self.numbers = numbers

        def can_replace(self, message: Message) -> bool:
            """What was in sight before is so no longer."""
            return isinstance(message, DeliveryList.Wanted)

    class Cleared(Message):
        """Everything is to be shown again."""

    def __init__(self, listing: Listing, zone: tzinfo | None = None) -> None:
        super().__init__(listing, zone)
        self._unseen = 0
        self._top: int | None = None
        """The delivery on the first line in sight."""

    @property
    def row(self) -> Row | None:
        """The selected row, if it is at hand."""
        return None if self.selected is None else self._listing.row(self.selected)

    def apply(self, added: int = 0) -> None:
        """Show what became of the listing, to which so many deliveries were added that have just come."""
        top = self._top
        self._unseen += added
        self._reveal()
        self._lay_out()
        if self.following:
            self.action_newest()
            return
        if top is not None and len(self._listing):  # what is in sight stays there
            self._scroll(self._listing.numbers.place(top))
        self._want()
        if added:
            self._tell_followed()

    def show_other(self) -> None:
        """Show the listing after a filter or a fold has changed it: the selected delivery, or else the newest."""
        self._reveal()
        self._lay_out()
        if self.following or self._index is None:
            self._select(len(self._listing) - 1)
        self._show_selected()
        self._want()

    @property
    def _index(self) -> int | None:
        return None if self.selected is None else self._listing.numbers.index(self.selected)

    def action_move(self, by: int) -> None:
        """Select another row, so many below."""
        if by < 0 and len(self._listing):
            self.following = False
        if self.selected is None:
            self._select(0)
            return
        place = self._listing.numbers.place(self.selected)
        if self._index is None and by > 0:
            by -= 1  # there is none: the next one has its place
        self._select(place + by)

    def action_move_page(self, by: int) -> None:
        """Select a row so many screens below."""
        self.action_move(by * max(self.size.height - HEADER_ROWS - 1, 1))

    def action_oldest(self) -> None:
        """Select the oldest row."""
        self.following = not len(self._listing)
        self._select(0)

    def action_newest(self) -> None:
        """Select the newest row, and every newer one as it arrives."""
        self.following = True
        self._select(len(self._listing) - 1)

    def go_to(self, number: int) -> None:
        """Select a delivery, in sight if it is listed, and follow no longer."""
        self.following = False
        self.selected = number
        self._show_selected()

    def action_open(self) -> None:
        """Ask that the selected delivery be read."""
        if self.row is not None:
            self.post_message(self.Opened())

    def action_toggle_event(self) -> None:
        """Show the later deliveries of the selected one's event, or hide them, and select the event's own line."""
        before = len(self._listing)
        line = None if self.selected is None else self._listing.toggle(self.selected)
        if line is not None:
            self.following = False
            self._lay_out()
            self._select(self._listing.numbers.place(line))
            self._show_beneath(len(self._listing) - before)

    def action_clear_filter(self) -> None:
        """Ask that everything be shown again."""
        self.post_message(self.Cleared())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave the keys of the filter and of the fold to others while there is none."""
        if action == "toggle_event":
            return self._listing.is_folded
        return action != "clear_filter" or self._listing.is_filtered

    def watch_selected(self, before: int | None, selected: int | None) -> None:
        """Say which row is to be shown, and draw the two that changed."""
        if selected is not None and self._listing.reveal(selected):
            self._lay_out()
        for number in (before, selected):
            self._redraw(number)
        if selected is not None:
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
        """Select the row under the mouse; clicked twice, open it."""
        index = self.scroll_offset.y + event.y - HEADER_ROWS
        if event.y >= HEADER_ROWS and index < len(self._listing):
            self.following = False
            self._select(index)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls back wants to read."""
        self.following = False

    def on_scroll_up(self) -> None:
        """So does who clicks above the scrollbar's handle."""
        self.following = False

    def on_scroll_to(self) -> None:
        """And who drags it."""
        self.following = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the rows that come into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._note_top()
        self._want()

    def _select(self, index: int) -> None:
        if len(self._listing):
            index = min(max(index, 0), len(self._listing) - 1)
            self.selected = self._listing.numbers[index]
            self._show_selected()

    def _reveal(self) -> None:
        """Fold away no delivery that a person reads."""
        if self.selected is not None and not self.following:
            self._listing.reveal(self.selected)

    def _show_selected(self) -> None:
        index = self._index
        if index is None:
            return
        top, height = self.scroll_offset.y, self.size.height - HEADER_ROWS
        if not top <= index < top + height:
            self._scroll(index if index < top else index - height + 1)
        self._note_top()
        self._want()

    def _show_beneath(self, count: int) -> None:
        """Bring so many lines under the selected one into sight, or as many as fit under it."""
        index, height = self._index, self.size.height - HEADER_ROWS
        if index is not None and index + count >= self.scroll_offset.y + height:
            self._scroll(min(index, index + count - height + 1))
            self._note_top()
            self._want()

    def _scroll(self, y: int) -> None:
        if y != self.scroll_offset.y:
            self.scroll_to(y=y, animate=False)

    def _note_top(self) -> None:
        top = self.scroll_offset.y
        self._top = self._listing.numbers[top] if top < len(self._listing) else None

    def _want(self) -> None:
        """Ask for the rows in sight, or for those around them as soon as the nearer ones are not at hand."""
        top, height, number = self.scroll_offset.y, self.size.height, self.selected
        wanted = [] if number is None or not self._listing.is_missing(number) else [number]
        if in_sight := self._listing.missing(top, top + height):
            wanted += in_sight[:WANTED_MAX]  # the others then: they would only hold these up
        elif self._listing.missing(top - height // 2, top + height + height // 2):
            ahead = min(2 * height, AHEAD_MAX)
            wanted += self._listing.missing(top - ahead, top + height + ahead)[:WANTED_MAX]
        if wanted:
            self.post_message(self.Wanted(wanted))

    def _tell_followed(self) -> None:
        self.post_message(self.Followed(following=self.following, unseen=self._unseen))

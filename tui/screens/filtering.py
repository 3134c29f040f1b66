"""The list, the detail of what is selected in it, and the filter that says what it lists."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path

from textual import work
from textual.reactive import Reactive
from textual.widget import Widget

from inspector.client import Client
from tui.bookmark import Returning
from tui.compositing import SparingCompositor
from tui.filters import Filters
from tui.listing import Listing
from tui.messages import FilterRefused, MatchesFound, MatchesSettled
from tui.pages import Pages
from tui.screens.operating import OperatingScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.panes import Panes
from tui.window import Row
from tui.workers import DIALOG


class FilteringScreen(OperatingScreen):
    """Lists what matches. Where the panes and the filter's bar stand is for the screen derived from it to say."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Which widget has the keyboard. That it shows is its own affair: Textual would paint the whole screen."""

    def __init__(self, client: Client, directory: Path, zone: tzinfo | None) -> None:
        super().__init__()
        self._compositor = SparingCompositor()
        self._listing = Listing()
        self._panes = Panes(self._listing, zone)
        self._list, self._detail = self._panes.list, self._panes.detail
        self._pages = Pages(client, self._listing.window)
        self._filters = Filters(client, self._listing, self._pages, self._list, directory)
        self._returning = Returning(directory, self._listing, self._list)

    def on_mount(self) -> None:
        """Begin where the last terminal was left."""
        if left := self._returning.begin(self._detail):
            self.show_filter(left)

    def on_unmount(self) -> None:
        """Leave a bookmark."""
        self._returning.keep(self.filter, self._detail)

    @property
    def selected(self) -> Row | None:
        """The selected delivery's row."""
        number = self._list.selected
        return None if number is None else self._listing.row(number)

    def _show_detail(self) -> Row | None:
        row = self.selected
        if row is not None:
            self._detail.show(row)
        return row

    @property
    def filter(self) -> str:
        """The query that what is listed matches; empty: everything is."""
        return self._filters.query

    @property
    def saved_filters(self) -> Mapping[str, str]:
        """The queries that have a name, by that."""
        return self._filters.book.saved

    def show_filter(self, query: str) -> None:
        """List only what matches `query`; what is selected stays selected. Empty: list everything."""
        if self._filters.show(query):
            self._match()

    @work(group="filter", exclusive=True, exit_on_error=False)
    async def _match(self) -> None:
        await self._filters.run(self.post_message)

    def on_matches_found(self, message: MatchesFound) -> None:
        """List what matches."""
        self._filters.found(message)
        self._returning.look()

    def on_matches_settled(self, message: MatchesSettled) -> None:
        """List what has come to match."""
        self._filters.settled(message)

    def on_filter_refused(self, message: FilterRefused) -> None:
        """Say why nothing can be found."""
        self._filters.refused(message)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """List what matches what is being typed."""
        self.show_filter(message.query)

    def on_filter_bar_submitted(self, message: FilterBar.Submitted) -> None:
        """Keep the filter, and remember it."""
        self.show_filter(message.query)
        if self.filter == message.query:
            self._filters.close(self.notify)
            self._panes.action_back()

    def on_filter_bar_cleared(self) -> None:
        """List everything, and give the keyboard back."""
        self.action_clear_filter()
        self._panes.action_back()

    def on_delivery_list_cleared(self) -> None:
        """List everything."""
        self.action_clear_filter()

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
    async def on_filter_bar_saved(self, message: FilterBar.Saved) -> None:
        """Ask for a name, and save the filter under it."""
        self.show_filter(message.query)
        if message.query and self.filter == message.query:
            name = await self.app.push_screen_wait(NameScreen(message.query))
            if name is not None:
                self._filters.save(name, self.notify)

    def action_filter(self) -> None:
        """Let a filter be typed."""
        self._filters.open()
        self._learn()

    @work(group="learn", exclusive=True, exit_on_error=False)
    async def _learn(self) -> None:
        await self._filters.learn()

    def action_clear_filter(self) -> None:
        """List everything again."""
        self.show_filter("")
        self._filters.bar.hide()

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
    async def action_choose_filter(self) -> None:
        """Let a saved filter be chosen."""
        book = self._filters.book
        chosen = await self.app.push_screen_wait(
            SavedScreen(book.saved, partial(self._filters.forget, notify=self.notify))
        )
        if chosen is not None:
            self.show_filter(chosen)

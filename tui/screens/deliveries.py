"""The main screen: the deliveries as they come, and everything about one of them."""

from collections.abc import Awaitable, Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual import work
from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static
from textual.worker import Worker, WorkerState

from inspector.client import Client, Connection
from inspector.core.model import Delivery, Sign
from inspector.core.text import safe
from inspector.errors import HooktapError
from tui.alerts import Failed
from tui.comparing import Comparing
from tui.exporting import Exporting
from tui.filters import Filters
from tui.intake import Intake
from tui.listing import Listing
from tui.loading import Loader
from tui.marking import Marking
from tui.messages import (
    ConnectionChanged,
    FilterRefused,
    HealthLoaded,
    HistoryLoaded,
    MatchesFound,
    MatchesSettled,
    RowsLoaded,
    Told,
)
from tui.operations import Operations
from tui.pages import Pages
from tui.recheck import Recheck
from tui.replaying import Replaying
from tui.screens import keys
from tui.screens.diff import DiffScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import ExportScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.surroundings import LOOK_S, Surroundings
from tui.widgets.cursor_view import CursorView
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.empty_state import EmptyState, Place
from tui.widgets.filter_bar import FilterBar
from tui.widgets.panes import Panes
from tui.widgets.status_line import StatusLine
from tui.widgets.top_bar import TopBar
from tui.window import Row

Answer = TypeVar("Answer")

UPDATES_PER_S = 15
"""However fast deliveries arrive, the screen changes no oftener."""
SLOW_S = 0.5
"""A replay that takes longer is announced."""


class DeliveriesScreen(Screen[None]):
    """Turns what its widgets post into calls of the client, and what comes back into what they show."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - typed so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 - typed so by Textual
    COMPONENT_CLASSES = {  # noqa: RUF012 - typed so by Textual
        *("good", "bad", "doubtful", "neutral", "faint", "strong", "name", "key", "bar-name")
    }
    """For every widget on the screen: Textual looks a style up through the ancestors."""
    BINDINGS = keys.KEYS

    def __init__(
        self,
        client: Client,
        operations: Operations,
        directory: Path,
        zone: tzinfo | None,
        *,
        alerts: bool = True,
    ) -> None:
        super().__init__()
        self._client = client
        self._operations = operations
        self._loader = Loader(client)
        self._ingress = ""
        self._listing = Listing()
        self._intake = Intake(client)
        self._pages = Pages(client, self._listing.window)
        self._panes = Panes(self._listing, zone)
        self._list, self._detail = self._panes.list, self._panes.detail
        self._filters = Filters(client, self._listing, self._list, directory)
        self._recheck = Recheck(client, self._show_progress)
        self._replaying = Replaying(
            client, directory, ask=self._ask, show=self._show_progress, post=self.post_message
        )
        self._status = StatusLine()
        self._around = Surroundings(client, self._status, self._warn, alerts=alerts)
        self._zone = zone
        self._exporting = Exporting(client, operations.copy)
        self._comparing = Comparing(client, operations.copy, self._show_picked)
        self._marking = Marking(client, self._show_marked)
        self._offered: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield TopBar()
        yield Static(id="banner", markup=False)
        yield self._panes
        yield EmptyState()
        yield self._filters.bar
        yield self._status
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self._list.focus()
        self.set_interval(1 / UPDATES_PER_S, self._update)
        self.set_interval(LOOK_S, self._look_around)
        self._read()
        self._read_rows()

    @property
    def selected(self) -> Row | None:
        """The selected delivery's row."""
        number = self._list.selected
        return None if number is None else self._listing.row(number)

    @property
    def filter(self) -> str:
        """The query that what is listed matches; empty: everything is."""
        return self._filters.query

    @property
    def saved_filters(self) -> Mapping[str, str]:
        """The queries that have a name, by that."""
        return self._filters.book.saved

    @property
    def _top_bar(self) -> TopBar:
        return self.query_one(TopBar)

    # What comes in

    @work(exit_on_error=False)
    async def _read(self) -> None:
        await self._intake.run(self.post_message)

    @work(exit_on_error=False)
    async def _read_rows(self) -> None:
        await self._pages.run(self.post_message)

    def _update(self) -> None:
        self._around.note(records := self._intake.take())
        if records:
            change = self._listing.add_records(records, following=self._list.following)
            self._filters.note(records)
            self._list.apply(change.added)
            self._show_count()
            if self._detail.delivery_id in change.updated:
                self._show_detail()

    def on_history_loaded(self, message: HistoryLoaded) -> None:
        """Put a part of the history into the list."""
        self._listing.add_history(message.numbers)
        self._list.apply()
        self._show_count()

    def on_delivery_list_wanted(self, message: DeliveryList.Wanted) -> None:
        """Have rows read that are in sight."""
        self._pages.want(message.numbers)

    def on_rows_loaded(self, message: RowsLoaded) -> None:
        """Show rows that were in sight when they were asked for."""
        self._listing.window.add_page(message.page)
        if message.gone:
            self._listing.forget(message.gone, message.oldest)
            self._show_count()
        self._list.apply()
        if self._list.selected in {delivery.id for delivery, _ in message.page}:
            self._open_selected()

    def on_health_loaded(self, message: HealthLoaded) -> None:
        """Show where deliveries go in."""
        self._around.know(message.health, message.endpoints)
        self._ingress = str(message.health["ingress"])
        self._top_bar.ingress = self._ingress
        configured = [endpoint for endpoint in message.endpoints if endpoint["configured"]]
        places = [Place(str(endpoint["url"]), endpoint["target"]) for endpoint in configured]
        self.query_one(EmptyState).show(self._ingress, places)
        self._filters.know(message.endpoints)
        self._detail.know_endpoints({str(endpoint["name"]) for endpoint in configured})

    def on_connection_changed(self, message: ConnectionChanged) -> None:
        """Show whether the inspector answers."""
        is_connected = message.connection is Connection.CONNECTED
        self._top_bar.connected = is_connected
        self.set_class(not is_connected, "-disconnected")
        reason = f": {safe(message.reason)}" if message.reason else ""
        self.query_one("#banner", Static).update(
            f"The inspector does not answer; trying again{reason}"
        )

    def _show_count(self) -> None:
        self._top_bar.deliveries = len(self._listing.everything)
        self._filters.tell_count()
        is_empty = not len(self._listing.everything)
        if self.has_class("-empty") and not is_empty:
            # Hidden until now, so it has lost the keyboard.
            self.call_after_refresh(self._list.focus)
        self.set_class(is_empty, "-empty")

    # One delivery

    def on_delivery_list_selected(self, message: DeliveryList.Selected) -> None:
        """Show the selected delivery and fetch its body, as soon as its row is at hand."""
        self._listing.window.pin(message.delivery_id)
        # The cursor moves at once; of what it passed on the way nothing is shown.
        self.call_after_refresh(self._open_if_selected, message.delivery_id)

    def _open_if_selected(self, delivery_id: int) -> None:
        if delivery_id == self._list.selected:
            self._open_selected()

    def _open_selected(self) -> None:
        if (row := self._show_detail()) is None:
            return
        self._load_body(row.delivery)
        if (offered := keys.offered(row.delivery)) != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def on_delivery_list_followed(self, message: DeliveryList.Followed) -> None:
        """Show whether the list follows."""
        self._top_bar.following = message.following
        self._top_bar.unseen = message.unseen

    @work(exclusive=True, group="body", exit_on_error=False)
    async def _load_body(self, delivery: Delivery) -> None:
        self._detail.post_message(await self._loader.body(delivery))

    @work(exclusive=True, group="checks", exit_on_error=False)
    async def on_detail_pane_checks_wanted(self, message: DetailPane.ChecksWanted) -> None:
        """Fetch why a delivery is not verified, if it stays selected."""
        self._detail.post_message(await self._loader.checks(message.delivery))

    @work(group="answers", exit_on_error=False)
    async def on_detail_pane_answers_wanted(self, message: DetailPane.AnswersWanted) -> None:
        """Fetch the bodies of the app's answers."""
        for attempt_id, response in message.answers:
            try:
                self._detail.post_message(await self._loader.answer(attempt_id, response))
            except HooktapError as error:
                self.post_message(Told.of(error))
                return

    @work(exclusive=True, group="history", exit_on_error=False)
    async def on_detail_pane_history_wanted(self, message: DetailPane.HistoryWanted) -> None:
        """Fetch the deliveries of the same event, if it stays selected."""
        self._detail.post_message(await self._loader.history(message.delivery))

    def on_detail_pane_jump_wanted(self, message: DetailPane.JumpWanted) -> None:
        """Select another delivery of the event."""
        self._list.following = False
        self._list.selected = message.delivery_id
        self._pages.want([message.delivery_id])

    def _show_marked(self, row: Row) -> None:
        self._listing.window.add_page([(row.delivery, row.attempts)])
        self._list.apply()
        self._show_detail()

    def _show_detail(self) -> Row | None:
        row = self.selected
        if row is not None:
            self._detail.show(row)
        return row

    # The filter

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

    @work(group="dialog", exclusive=True, exit_on_error=False)
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

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_choose_filter(self) -> None:
        """Let a saved filter be chosen."""
        book = self._filters.book
        chosen = await self.app.push_screen_wait(
            SavedScreen(book.saved, partial(self._filters.forget, notify=self.notify))
        )
        if chosen is not None:
            self.show_filter(chosen)

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what has nothing to act on; leave out what is rarely of use."""
        if action == "stop_recheck":
            return self._recheck.is_running or self._replaying.is_running
        if action == "confirm":
            return action in self._offered
        return True if action not in keys.CONDITIONAL or action in self._offered else None

    def action_replay(self, sign: str | None = None) -> None:
        """Replay the selected delivery."""
        if (row := self.selected) is not None:
            self._replay(row.delivery.id, Sign(sign) if sign else None)

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_replay_as(self) -> None:
        """Ask how to sign, and replay the selected delivery."""
        if (row := self.selected) is None:
            return
        sign = await self.app.push_screen_wait(ReplayScreen(row.delivery.id))
        if sign is not None:
            self._replay(row.delivery.id, sign)

    def action_edit(self) -> None:
        """Change the selected delivery in a form, and replay it so."""
        if (row := self.selected) is not None:
            self._do(self._replaying.edited(row.delivery))

    def action_replay_all(self) -> None:
        """Replay all that is listed."""
        self._do(self._replaying.all(self.filter))

    def action_auto_replay(self) -> None:
        """Pin the selected delivery, or let the one go that is pinned."""
        if (row := self.selected) is not None:
            self._do(self._replaying.auto(row.delivery.id))

    async def _ask(self, screen: ModalScreen[Answer]) -> Answer | None:
        return await self.app.push_screen_wait(screen)

    def _replay(self, delivery_id: int, sign: Sign | None) -> None:
        waiting = f"#{delivery_id} is on its way; the app has not answered yet"
        self._do(self._operations.replay(delivery_id, sign), waiting=waiting)

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_sample(self) -> None:
        """Ask for a provider and send its sample."""
        try:
            providers = await self._client.providers()
        except HooktapError as error:
            self.post_message(Told.of(error))
            return
        sample = await self.app.push_screen_wait(SampleScreen(providers))
        if sample is not None:
            self._do(self._operations.send_sample(*sample))

    def action_copy(self) -> None:
        """Copy the selected delivery as a curl command, or the line that sends the first one."""
        if (row := self.selected) is not None:
            self._do(self._operations.copy_curl(row, self._ingress))
        elif self._ingress:
            self._do(self._operations.copy(EmptyState.command(self._ingress), "the curl line"))

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_export(self) -> None:
        """Ask as what to export the selected delivery, and do so."""
        if (row := self.selected) is not None:
            choice = await self.app.push_screen_wait(ExportScreen(row.delivery.id))
            if choice is not None:
                self._do(self._exporting.export(row, choice))

    def action_diff(self) -> None:
        """Pick the selected delivery, or compare it with the one picked before."""
        if (row := self.selected) is not None:
            self._open(self._comparing.pick(row.delivery.id))

    def action_diff_answers(self) -> None:
        """Compare the app's last two answers to the selected delivery."""
        if (row := self.selected) is not None:
            self._open(self._comparing.answers(row))

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def _open(self, screen: Awaitable[DiffScreen | None]) -> None:
        try:
            made = await screen
        except HooktapError as error:
            self.post_message(Told.of(error))
        else:
            if made is not None:
                self.app.push_screen(made)

    def _show_picked(self, delivery_id: int | None) -> None:
        self._top_bar.picked = delivery_id

    def action_recheck(self) -> None:
        """Check the selected delivery again."""
        if (row := self.selected) is not None:
            self._do(self._operations.recheck(row.delivery))

    def action_recheck_all(self) -> None:
        """Check every delivery again."""
        self._do(self._recheck.run())

    def action_stop_recheck(self) -> None:
        """Stop checking, or else replaying."""
        self._recheck.stop() if self._recheck.is_running else self._replaying.stop()

    def action_mark(self) -> None:
        """Mark the selected delivery, or take its mark away."""
        if (row := self.selected) is not None:
            self._do(self._marking.toggle(row))

    def action_note(self) -> None:
        """Ask for a note on the selected delivery."""
        if (row := self.selected) is not None:
            self._do(self._marking.note(self.app, row))

    def action_open_body(self) -> None:
        """Read the selected delivery's body in a program of one's own."""
        if (row := self.selected) is not None:
            self._do(self._operations.open_body(self.app, row.delivery))

    def action_save_body(self) -> None:
        """Write the selected delivery's body into a file."""
        if (row := self.selected) is not None:
            self._do(self._operations.save_body(row.delivery))

    def on_cursor_view_copy_wanted(self, message: CursorView.CopyWanted) -> None:
        """Copy a text of the detail."""
        self._do(self._operations.copy_text(message.text, message.what))

    def action_confirm(self) -> None:
        """Have the URL visited that the selected delivery asks to have visited."""
        if (row := self.selected) is not None:
            waiting = f"the URL that #{row.delivery.id} has sent is being visited"
            self._do(self._operations.confirm(row.delivery.id), waiting=waiting)

    @work(group="dialog", exclusive=True, exit_on_error=False)
    async def action_endpoints(self) -> None:
        """Show the endpoints; list the deliveries of the one that is chosen."""
        panel = EndpointsScreen(self._client, self._operations.copy, self._zone)
        if (name := await self.app.push_screen_wait(panel)) is not None:
            self.show_filter(f"endpoint:{name}")

    def action_alerts(self) -> None:
        """Tell of failures as they happen, or no longer."""
        self.notify(self._around.toggle_alerts())

    def _warn(self, sentence: str) -> None:
        self.post_message(Failed(sentence))

    @work(group="around", exclusive=True, exit_on_error=False)
    async def _look_around(self) -> None:
        await self._around.look()

    def action_follow(self) -> None:
        """Follow the newest delivery, or stop."""
        if self._list.following:
            self._list.following = False
        else:
            self._list.action_newest()

    def _show_progress(self, line: str) -> None:
        self._top_bar.progress = line

    @work(group="operation", exit_on_error=False)
    async def _do(self, operation: Awaitable[Told | None], *, waiting: str | None = None) -> None:
        """Carry out an operation and tell what came of it, if it says; after a while, tell that it is `waiting`."""
        slow = self.set_timer(SLOW_S, lambda: self.notify(waiting or ""), pause=waiting is None)
        try:
            told = await operation
        except HooktapError as error:
            told = Told.of(error)
        finally:
            slow.stop()
        if told is not None:
            self.post_message(told)

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Tell of a mistake of ours; it ends one worker, not the application."""
        if message.state is WorkerState.ERROR:
            error = message.worker.error
            self.notify(f"{message.worker.name} failed: {error!r}", severity="error")

"""The main screen: the deliveries as they come, and everything about one of them."""

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from inspector.client import Client, Connection
from inspector.core.model import Delivery
from inspector.core.text import safe
from inspector.errors import HooktapError
from tui.alerts import Failed
from tui.intake import Intake
from tui.loading import Loader
from tui.messages import ConnectionChanged, HealthLoaded, HistoryLoaded, RowsLoaded, Told
from tui.operations import Operations
from tui.screens import keys
from tui.screens.actions import ActingScreen
from tui.surroundings import LOOK_S, Surroundings
from tui.throttle import Throttle
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.empty_state import EmptyState, Place
from tui.widgets.key_line import KeyLine
from tui.widgets.status_line import StatusLine
from tui.widgets.top_bar import TopBar

UPDATES_PER_S = 15
"""However fast deliveries arrive, the screen changes no oftener."""
RUSH_S = 0.5
"""For so long at least the list stays as it is, while more rush in than it can show."""
RUSH_READ_S = 1.0
"""And so seldom the rows are read that it then lacks, and the detail changes: mostly they are gone before they come."""
GLANCE_S = 0.4
"""For so long at least the detail shows a delivery, while the list follows."""
SETTLE_S = 0.02
"""Meanwhile all else is painted that a jump to the newest changes: the list, and that it follows."""


class DeliveriesScreen(ActingScreen):
    """Turns what its widgets post into calls of the client, and what comes back into what they show."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - typed so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 - typed so by Textual
    COMPONENT_CLASSES = {  # noqa: RUF012 - typed so by Textual
        *("good", "bad", "doubtful", "neutral", "faint", "strong"),
        *("name", "key", "pointed", "bar-name"),
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
        super().__init__(client, operations, directory, zone)
        self._loader = Loader(client)
        self._intake = Intake(client)
        self._status = StatusLine()
        self._glancing = Throttle(self, GLANCE_S, self._glance)
        self._rush_glancing = Throttle(self, RUSH_READ_S, self._glance)
        self._rushing = Throttle(self, RUSH_S, self._list.apply)
        self._wanting = Throttle(self, RUSH_READ_S, self._read_wanted)
        self._wanted: Sequence[int] = ()
        self._around = Surroundings(client, self._status, self._warn, alerts=alerts)

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield TopBar()
        yield Static(id="banner", markup=False)
        yield self._panes
        yield EmptyState()
        yield self._filters.bar
        yield self._status
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to read."""
        self._list.focus()
        self.set_interval(1 / UPDATES_PER_S, self._update)
        self.set_interval(LOOK_S, self._look_around)
        self._read()
        self._read_rows()

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
            self._show_list(change.added)
            self._show_count()
            if self._detail.delivery_id in change.updated:
                self._show_detail()

    def _show_list(self, added: int) -> None:
        is_rush = added > 2 * self._list.size.height  # twice: this look may be late
        if self._list.following and (is_rush or self._rushing.is_resting):
            self._rushing.ask()
        else:
            self._list.apply(added)

    def on_history_loaded(self, message: HistoryLoaded) -> None:
        """Put a part of the history into the list."""
        self._listing.add_history(message.numbers, message.repeats)
        self._list.apply()
        self._returning.look()
        self._show_count()

    def on_delivery_list_wanted(self, message: DeliveryList.Wanted) -> None:
        """Have rows read that are in sight, unless they soon are no more."""
        self._wanted = message.numbers
        if self._list.following and self._rushing.is_resting:
            self._wanting.ask()
        else:
            self._read_wanted()

    def _read_wanted(self) -> None:
        self._pages.want(self._wanted)

    def on_rows_loaded(self, message: RowsLoaded) -> None:
        """Show rows that were in sight when they were asked for."""
        self._listing.window.add_page(message.page)
        if message.gone:
            self._listing.forget(message.gone, message.oldest)
            self._show_count()
        self._list.apply()
        for delivery, _ in message.page:
            if delivery.id == self._list.selected:
                self._offer(delivery)
                self._glance() if self._list.following else self._open_selected()

    def on_health_loaded(self, message: HealthLoaded) -> None:
        """Show where deliveries go in."""
        self._around.know(message.health, message.endpoints)
        self._detail.know_paused(self._around.paused)
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

    # What goes on around

    @work(group="around", exclusive=True, exit_on_error=False)
    async def _look_around(self) -> None:
        await self._around.look()
        self._detail.know_paused(self._around.paused)

    def _warn(self, sentence: str) -> None:
        self.post_message(Failed(sentence))

    def action_alerts(self) -> None:
        """Tell of failures as they happen, or no longer."""
        self.notify(self._around.toggle_alerts())

    # One delivery

    def on_delivery_list_selected(self, message: DeliveryList.Selected) -> None:
        """Show the selected delivery and fetch its body, as soon as its row is at hand."""
        self._listing.window.pin(message.delivery_id)
        if self._list.following:
            (self._rush_glancing if self._rushing.is_resting else self._glancing).ask()
            return
        # The cursor moves at once; of what it passed on the way nothing is shown.
        self.call_after_refresh(self._open_if_selected, message.delivery_id)

    def _glance(self) -> None:
        self.set_timer(SETTLE_S, self._open_selected)

    def _open_if_selected(self, delivery_id: int) -> None:
        if delivery_id == self._list.selected:
            self._open_selected()

    def _open_selected(self) -> None:
        if (row := self._show_detail()) is None:
            return
        self._load_body(row.delivery)
        self._offer(row.delivery)

    def on_delivery_list_followed(self, message: DeliveryList.Followed) -> None:
        """Show whether the list follows."""
        self._top_bar.following = message.following
        self._top_bar.unseen = message.unseen

    @work(exclusive=True, group="body", exit_on_error=False, description="")
    async def _load_body(self, delivery: Delivery) -> None:
        self._detail.post_message(await self._loader.body(delivery))

    @work(exclusive=True, group="checks", exit_on_error=False, description="")
    async def on_detail_pane_checks_wanted(self, message: DetailPane.ChecksWanted) -> None:
        """Fetch why a delivery is not verified, if it stays selected."""
        self._detail.post_message(
            await self._loader.checks(message.delivery, may_wait=message.may_wait)
        )

    @work(group="answers", exit_on_error=False, description="")
    async def on_detail_pane_answers_wanted(self, message: DetailPane.AnswersWanted) -> None:
        """Fetch the bodies of the app's answers."""
        for attempt_id, response in message.answers:
            try:
                self._detail.post_message(await self._loader.answer(attempt_id, response))
            except HooktapError as error:
                self.post_message(Told.of(error))
                return

    @work(exclusive=True, group="history", exit_on_error=False, description="")
    async def on_detail_pane_history_wanted(self, message: DetailPane.HistoryWanted) -> None:
        """Fetch the deliveries of the same event, if it stays selected."""
        self._detail.post_message(await self._loader.history(message.delivery))

    def on_detail_pane_jump_wanted(self, message: DetailPane.JumpWanted) -> None:
        """Select another delivery of the event."""
        self._list.go_to(message.delivery_id)
        self._pages.want([message.delivery_id])

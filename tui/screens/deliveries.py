"""The main screen: the deliveries as they come, and everything about one of them."""

from collections.abc import Awaitable
from datetime import tzinfo

from textual import work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import Worker, WorkerState

from inspector.client import Client, Connection
from inspector.core.model import Delivery, Sign
from inspector.core.text import safe
from inspector.errors import HooktapError
from tui.intake import Intake
from tui.loading import Loader
from tui.messages import ConnectionChanged, HealthLoaded, PageLoaded, Told
from tui.operations import Operations
from tui.recheck import Recheck
from tui.screens import keys
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.empty_state import EmptyState, Place
from tui.widgets.panes import Panes
from tui.widgets.top_bar import TopBar
from tui.window import Row, Window

UPDATES_PER_S = 15
"""However fast deliveries arrive, the screen changes no oftener."""
SLOW_S = 0.5
"""A replay that takes longer is announced."""


class DeliveriesScreen(Screen[None]):
    """Turns what its widgets post into calls of the client, and what comes back into what they show."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - typed so by Textual
    COMPONENT_CLASSES = {  # noqa: RUF012 - typed so by Textual
        *("good", "bad", "doubtful", "neutral", "faint", "strong", "name", "key", "bar-name")
    }
    """For every widget on the screen: Textual looks a style up through the ancestors."""
    BINDINGS = keys.KEYS

    def __init__(self, client: Client, operations: Operations, zone: tzinfo | None) -> None:
        super().__init__()
        self._client = client
        self._operations = operations
        self._loader = Loader(client)
        self._ingress = ""
        self._window = Window()
        self._intake = Intake(client, capacity=self._window.capacity)
        self._panes = Panes(self._window, zone)
        self._list, self._detail = self._panes.list, self._panes.detail
        self._recheck = Recheck(client, self._show_progress)
        self._offered: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield TopBar()
        yield Static(id="banner", markup=False)
        yield self._panes
        yield EmptyState()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self._list.focus()
        self.set_interval(1 / UPDATES_PER_S, self._update)
        self._read()

    @property
    def selected(self) -> Row | None:
        """The selected delivery's row."""
        number = self._list.selected
        return None if number is None else self._window.get(number)

    @property
    def _top_bar(self) -> TopBar:
        return self.query_one(TopBar)

    # What comes in

    @work(exit_on_error=False)
    async def _read(self) -> None:
        await self._intake.run(self.post_message)

    def _update(self) -> None:
        if records := self._intake.take():
            change = self._window.add_records(records)
            self._list.apply(change)
            self._show_count()
            if self._detail.delivery_id in change.updated:
                self._show_detail()

    def on_page_loaded(self, message: PageLoaded) -> None:
        """Put a page of the history into the list."""
        change = self._window.add_page(message.page)
        self._window.is_partial |= message.has_older and len(self._window) == self._window.capacity
        self._list.apply(change, is_new=False)
        self._show_count()

    def on_health_loaded(self, message: HealthLoaded) -> None:
        """Show where deliveries go in."""
        self._ingress = str(message.health["ingress"])
        self._top_bar.ingress = self._ingress
        configured = [endpoint for endpoint in message.endpoints if endpoint["configured"]]
        places = [Place(str(endpoint["url"]), endpoint["target"]) for endpoint in configured]
        self.query_one(EmptyState).show(self._ingress, places)
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
        self._top_bar.deliveries = len(self._window)
        self._top_bar.is_partial = self._window.is_partial
        is_empty = not len(self._window)
        if self.has_class("-empty") and not is_empty:
            # Hidden until now, so it has lost the keyboard.
            self.call_after_refresh(self._list.focus)
        self.set_class(is_empty, "-empty")

    # One delivery

    def on_delivery_list_selected(self, message: DeliveryList.Selected) -> None:
        """Show the selected delivery and fetch its body."""
        self._window.pin(message.delivery_id)
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

    def _show_detail(self) -> Row | None:
        row = self.selected
        if row is not None:
            self._detail.show(row)
        return row

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what has nothing to act on; leave out what is rarely of use."""
        if action == "stop_recheck":
            return self._recheck.is_running
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

    def action_recheck(self) -> None:
        """Check the selected delivery again."""
        if (row := self.selected) is not None:
            self._do(self._operations.recheck(row.delivery))

    def action_recheck_all(self) -> None:
        """Check every delivery again."""
        self._do(self._recheck.run())

    def action_stop_recheck(self) -> None:
        """Stop checking."""
        self._recheck.stop()

    def action_confirm(self) -> None:
        """Have the URL visited that the selected delivery asks to have visited."""
        if (row := self.selected) is not None:
            waiting = f"the URL that #{row.delivery.id} has sent is being visited"
            self._do(self._operations.confirm(row.delivery.id), waiting=waiting)

    def action_follow(self) -> None:
        """Follow the newest delivery, or stop."""
        if self._list.following:
            self._list.following = False
        else:
            self._list.action_newest()

    def _show_progress(self, line: str) -> None:
        self._top_bar.progress = line

    @work(group="operation", exit_on_error=False)
    async def _do(self, operation: Awaitable[Told], *, waiting: str | None = None) -> None:
        """Carry out an operation and tell what came of it; after a while, tell that it is `waiting`."""
        slow = self.set_timer(SLOW_S, lambda: self.notify(waiting or ""), pause=waiting is None)
        try:
            told = await operation
        except HooktapError as error:
            told = Told.of(error)
        finally:
            slow.stop()
        self.post_message(told)

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Tell of a mistake of ours; it ends one worker, not the application."""
        if message.state is WorkerState.ERROR:
            error = message.worker.error
            self.notify(f"{message.worker.name} failed: {error!r}", severity="error")

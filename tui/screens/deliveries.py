"""The main screen: the deliveries as they come, and everything about one of them."""

import asyncio
from collections.abc import Awaitable
from datetime import tzinfo

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import Worker, WorkerState

from inspector.client import Client, Connection
from inspector.core.model import Delivery, Sign
from inspector.core.text import safe
from inspector.errors import HooktapError
from tui import bodyview
from tui.bodyview import SHOWN_BYTES, Body
from tui.intake import Intake
from tui.messages import (
    AnswerLoaded,
    BodyLoaded,
    ConnectionChanged,
    HealthLoaded,
    PageLoaded,
    Told,
)
from tui.operations import Operations
from tui.screens.keys import KEYS
from tui.screens.sample import SampleScreen
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.empty_state import EmptyState, Place
from tui.widgets.top_bar import TopBar
from tui.window import Row, Window

UPDATES_PER_S = 15
"""However fast deliveries arrive, the screen changes no oftener."""
LARGE_BODY_WAIT_S = 0.2
"""A body longer than is shown is only fetched when the cursor has rested on its delivery."""
SLOW_S = 0.5
"""A replay that takes longer is announced."""

NEEDS_DELIVERY = frozenset({"replay", "follow", "cycle_body", "zoom"})


class DeliveriesScreen(Screen[None]):
    """Turns what its widgets post into calls of the client, and what comes back into what they show."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - typed so by Textual
    COMPONENT_CLASSES = {  # noqa: RUF012 - typed so by Textual
        *("good", "bad", "doubtful", "neutral", "faint", "strong", "name", "key", "bar-name")
    }
    """For every widget on the screen: Textual looks a style up through the ancestors."""
    BINDINGS = KEYS

    def __init__(self, client: Client, operations: Operations, zone: tzinfo | None) -> None:
        super().__init__()
        self._client = client
        self._operations = operations
        self._zone = zone
        self._ingress = ""
        self._window = Window()
        self._intake = Intake(client, capacity=self._window.capacity)

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        yield TopBar()
        yield Static(id="banner", markup=False)
        with Container(id="panes"):
            yield DeliveryList(self._window, self._zone)
            yield DetailPane(self._zone)
        yield EmptyState()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self._list.focus()
        self.set_interval(1 / UPDATES_PER_S, self._update)
        self._read()

    @property
    def _list(self) -> DeliveryList:
        return self.query_one(DeliveryList)

    @property
    def _detail(self) -> DetailPane:
        return self.query_one(DetailPane)

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
        places = [
            Place(str(endpoint["url"]), endpoint["target"])
            for endpoint in message.endpoints
            if endpoint["configured"]
        ]
        self.query_one(EmptyState).show(self._ingress, places)

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what needs a delivery while there is none."""
        return None if action in NEEDS_DELIVERY and self._selected() is None else True

    # One delivery

    def on_delivery_list_selected(self, message: DeliveryList.Selected) -> None:
        """Show the selected delivery and fetch its body."""
        if self._detail.delivery_id is None:
            self.refresh_bindings()  # the first: now the keys have something to act on
        self._window.pin(message.delivery_id)
        if (row := self._show_detail()) is not None:
            self._load_body(row.delivery)

    def on_delivery_list_opened(self) -> None:
        """Give the keyboard to the detail, and on a small screen all the room."""
        self._list.following = False
        self.set_class(self.has_class("-narrow"), "-zoomed")
        self._detail.focus_content()

    def on_delivery_list_followed(self, message: DeliveryList.Followed) -> None:
        """Show whether the list follows."""
        self._top_bar.following = message.following
        self._top_bar.unseen = message.unseen

    @work(exclusive=True, group="body", exit_on_error=False)
    async def _load_body(self, delivery: Delivery) -> None:
        if delivery.body_bytes > SHOWN_BYTES:
            await asyncio.sleep(LARGE_BODY_WAIT_S)
        try:
            content = await self._client.body(delivery.id) if delivery.body_bytes else b""
        except HooktapError as error:
            self.post_message(BodyLoaded(delivery.id, safe(str(error))))
        else:
            body = Body.of(content, len(content), delivery.request.headers)
            self.post_message(BodyLoaded(delivery.id, body))

    def on_body_loaded(self, message: BodyLoaded) -> None:
        """Show the body, unless another delivery has been selected since."""
        if message.delivery_id != self._detail.delivery_id:
            return
        if isinstance(message.body, Body):
            self._detail.body_pane.show(message.body)
        else:
            self._detail.body_pane.show_problem(message.body)

    @work(group="answers", exit_on_error=False)
    async def on_detail_pane_answers_wanted(self, message: DetailPane.AnswersWanted) -> None:
        """Fetch the bodies of the app's answers."""
        for attempt_id, response in message.answers:
            try:
                content = await self._client.response_body(attempt_id)
            except HooktapError as error:
                self.post_message(Told(str(error), is_problem=True))
                return
            body = Body.of(content, response.body_bytes, response.headers)
            answer = await asyncio.to_thread(bodyview.build, body)
            self.post_message(AnswerLoaded(attempt_id, answer))

    def on_answer_loaded(self, message: AnswerLoaded) -> None:
        """Show an answer's body."""
        self._detail.show_answer(message.attempt_id, message.answer)

    def _show_detail(self) -> Row | None:
        row = self._selected()
        if row is not None:
            self._detail.show(row)
        return row

    # What keys do

    def action_replay(self, sign: str | None = None) -> None:
        """Replay the selected delivery."""
        if (row := self._selected()) is not None:
            delivery_id = row.delivery.id
            self._do(
                self._operations.replay(delivery_id, Sign(sign) if sign else None),
                waiting=f"#{delivery_id} is on its way; the app has not answered yet",
            )

    @work(group="sample", exclusive=True, exit_on_error=False)
    async def action_sample(self) -> None:
        """Ask for a provider and send its sample."""
        try:
            providers = await self._client.providers()
        except HooktapError as error:
            self.post_message(Told(str(error), is_problem=True))
            return
        provider = await self.app.push_screen_wait(SampleScreen(providers))
        if provider is not None:
            self._do(self._operations.send_sample(provider))

    def action_copy(self) -> None:
        """Copy the selected delivery as a curl command, or the line that sends the first one."""
        if (row := self._selected()) is not None:
            self._do(self._operations.copy_curl(row, self._ingress))
        elif self._ingress:
            self._do(self._operations.copy(EmptyState.command(self._ingress), "the curl line"))

    def action_follow(self) -> None:
        """Follow the newest delivery, or stop."""
        if self._list.following:
            self._list.following = False
        else:
            self._list.action_newest()

    def action_cycle_body(self) -> None:
        """Show the body the next way."""
        if self._detail.tabs.active == "body":
            self._detail.body_pane.cycle()
        self._detail.tabs.active = "body"

    def action_tab(self, name: str) -> None:
        """Show one of the detail's tabs."""
        self._detail.tabs.active = name

    def action_step_tab(self, by: int) -> None:
        """Show the next tab of the detail, or the one before."""
        self._detail.tabs.step(by)

    def action_zoom(self) -> None:
        """Give the detail the whole screen, or take it back."""
        self.toggle_class("-zoomed")
        self._detail.focus_content()

    def action_back(self) -> None:
        """Give the keyboard back to the list."""
        self.remove_class("-zoomed")
        self._list.focus()

    @work(group="operation", exit_on_error=False)
    async def _do(self, operation: Awaitable[Told], *, waiting: str | None = None) -> None:
        """Carry out an operation and tell what came of it; after a while, tell that it is `waiting`."""
        slow = self.set_timer(SLOW_S, lambda: self.notify(waiting or ""), pause=waiting is None)
        try:
            told = await operation
        except HooktapError as error:
            told = Told(str(error), is_problem=True)
        finally:
            slow.stop()
        self.post_message(told)

    def on_told(self, message: Told) -> None:
        """Show a toast."""
        self.notify(message.sentence, severity="error" if message.is_problem else "information")

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Tell of a mistake of ours; it ends one worker, not the application."""
        if message.state is WorkerState.ERROR:
            error = message.worker.error
            self.notify(f"{message.worker.name} failed: {error!r}", severity="error")

    def _selected(self) -> Row | None:
        return None if self._list.selected is None else self._window.get(self._list.selected)

"""What the keys of the main screen do with deliveries; which keys those are stands in `keys`."""

from datetime import tzinfo
from pathlib import Path

from textual import work

from inspector.client import Client
from inspector.core.model import Delivery, Sign
from inspector.errors import HooktapError
from tui.comparing import Comparing
from tui.exporting import Exporting
from tui.marking import Marking
from tui.messages import Told
from tui.operations import Operations
from tui.recheck import Recheck
from tui.replaying import Replaying
from tui.screens import keys
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import ExportScreen
from tui.screens.filtering import FilteringScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.widgets.cursor_view import CursorView
from tui.widgets.empty_state import EmptyState
from tui.widgets.top_bar import TopBar
from tui.window import Row
from tui.workers import DIALOG


class ActingScreen(FilteringScreen):
    """Hands each key's action over to what carries it out, mostly with the selected delivery."""

    def __init__(
        self, client: Client, operations: Operations, directory: Path, zone: tzinfo | None
    ) -> None:
        super().__init__(client, directory, zone)
        self._client = client
        self._operations = operations
        self._zone = zone
        self._recheck = Recheck(client, self._show_progress)
        self._replaying = Replaying(
            client, directory, ask=self._ask, show=self._show_progress, post=self.post_message
        )
        self._exporting = Exporting(client, operations.copy)
        self._comparing = Comparing(client, operations.copy, self._show_picked)
        self._marking = Marking(client, self._show_marked)
        self._ingress = ""
        """Where deliveries go in; empty: not known yet."""
        self._offered: frozenset[str] = frozenset()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what has nothing to act on; leave out what is rarely of use."""
        if action == "stop_recheck":
            return self._recheck.is_running or self._replaying.is_running
        if action == "confirm":
            return action in self._offered
        return True if action not in keys.CONDITIONAL or action in self._offered else None

    def _offer(self, delivery: Delivery) -> None:
        """Show the keys that are of use while this delivery is selected."""
        if (offered := keys.offered(delivery)) != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def action_replay(self, sign: str | None = None) -> None:
        """Replay the selected delivery."""
        if (row := self.selected) is not None:
            self._replay(row.delivery.id, Sign(sign) if sign else None)

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
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

    def _replay(self, delivery_id: int, sign: Sign | None) -> None:
        waiting = f"#{delivery_id} is on its way; the app has not answered yet"
        self._do(self._operations.replay(delivery_id, sign), waiting=waiting)

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
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

    def on_cursor_view_copy_wanted(self, message: CursorView.CopyWanted) -> None:
        """Copy a text of the detail."""
        self._do(self._operations.copy_text(message.text, message.what))

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
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

    def action_confirm(self) -> None:
        """Have the URL visited that the selected delivery asks to have visited."""
        if (row := self.selected) is not None:
            waiting = f"the URL that #{row.delivery.id} has sent is being visited"
            self._do(self._operations.confirm(row.delivery.id), waiting=waiting)

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

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
    async def action_endpoints(self) -> None:
        """Show the endpoints; list the deliveries of the one that is chosen."""
        panel = EndpointsScreen(self._client, self._operations.copy, self._zone)
        if (name := await self.app.push_screen_wait(panel)) is not None:
            self.show_filter(f"endpoint:{name}")

    def action_follow(self) -> None:
        """Follow the newest delivery, or stop."""
        if self._list.following:
            self._list.following = False
        else:
            self._list.action_newest()

    def action_fold(self) -> None:
        """Give each event one line in the list, or each delivery."""
        self._listing.fold(folded=not self._listing.is_folded)
        self._top_bar.folded = self._listing.is_folded
        self._list.show_other()

    @property
    def _top_bar(self) -> TopBar:
        return self.query_one(TopBar)

    def _show_progress(self, line: str) -> None:
        self._top_bar.progress = line

    def _show_picked(self, delivery_id: int | None) -> None:
        self._top_bar.picked = delivery_id

    def _show_marked(self, row: Row) -> None:
        self._listing.window.add_page([(row.delivery, row.attempts)])
        self._list.apply()
        self._show_detail()

"""The terminal: an application of its own process, and the client of one inspector."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from inspector.client import Client
from inspector.core.model import Sign
from inspector.core.text import safe, safe_lines
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from tui.child import running_child
from tui.commands import KeyCommands
from tui.messages import Told
from tui.operations import Operations
from tui.private import write_private
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.help import HelpScreen
from tui.screens.replay import MANNERS
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.line_view import LineView
from tui.widgets.panes import Panes

INTERRUPT_S = 2.0
"""How soon ctrl+c must be pressed again to quit."""
_SPOILT = frozenset({Sign.BROKEN, Sign.STALE})


class HooktapApp(App[None]):
    """Shows what one inspector receives."""

    TITLE = "Hooktap"
    CSS_PATH = "hooktap.tcss"
    COMMANDS = App.COMMANDS | {KeyCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("q", "quit", "Quit", id="app.quit"),
        Binding(
            "ctrl+c",
            "interrupt",
            "Quit (press twice)",
            show=False,
            priority=True,
            id="app.interrupt",
        ),
    ]

    def __init__(
        self, client: Client, *, directory: Path, zone: tzinfo | None = None, notice: str = ""
    ) -> None:
        """Show what `client`'s inspector receives, times in `zone` (None: this machine's).

        What is copied is also left in `directory`. A `notice` is told at the start.
        """
        super().__init__()
        self.animation_level = "none"  # a list that glides is one that lags behind
        self._client = client
        self._directory = directory
        self._zone = zone
        self._notice = notice
        self._interrupted = False

    def get_default_screen(self) -> Screen[None]:
        """Begin with the deliveries."""
        operations = Operations(self._client, self._directory, self.copy_to_clipboard)
        return DeliveriesScreen(self._client, operations, self._zone)

    def on_mount(self) -> None:
        """Tell what there is to tell."""
        if self._notice:
            self.notify(self._notice, severity="warning")

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - never: what we tell may quote a sender
    ) -> None:
        """Show a toast; its text is literal and made safe, whoever it comes from."""
        super().notify(
            safe_lines(message), title=safe(title), severity=severity, timeout=timeout, markup=False
        )

    def on_told(self, message: Told) -> None:
        """Show a toast of what some screen's worker tells."""
        self.notify(message.sentence, severity=message.severity)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what has no key."""
        if isinstance(screen, DeliveriesScreen) and screen.selected is not None:
            for each in MANNERS:
                if each.sign in _SPOILT:
                    name = f"Replay with a {each.sign} signature"
                    act = partial(screen.action_replay, each.sign)
                    yield SystemCommand(name, each.purpose.capitalize(), act)
        yield SystemCommand("Change the theme", "Colours, dark and light", self.action_change_theme)
        yield SystemCommand(
            "Save a screenshot (SVG)", "Into the working directory", self.action_save_screenshot
        )

    def action_save_screenshot(self) -> None:
        """Save what the screen shows as an SVG file."""
        # The palette must be gone from the screen first.
        self.call_after_refresh(self._save_screenshot)

    def _save_screenshot(self) -> None:
        path = Path.cwd() / time.strftime("hooktap-%Y%m%d-%H%M%S.svg")
        try:
            self.notify(f"saved {write_private(path, self.export_screenshot())}")
        except HooktapError as error:
            self.notify(str(error), severity="error")

    def action_help(self) -> None:
        """Show every key."""
        groups = {
            "Deliveries": DeliveriesScreen.BINDINGS,
            "Detail": Panes.BINDINGS,
            "List": DeliveryList.BINDINGS,
            "Body, request, attempts, verdict": LineView.BINDINGS,
            "Everywhere": [
                *self.BINDINGS,
                Binding("ctrl+p", "command_palette", "Every command, by name"),
            ],
        }
        self.push_screen(HelpScreen(groups))

    def action_interrupt(self) -> None:
        """Copy what is selected with the mouse; else quit when pressed twice."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.notify("copied the selected text")
        elif self._interrupted:
            self.exit()
        else:
            self._interrupted = True
            self.set_timer(INTERRUPT_S, self._forget_interrupt)
            self.notify("press ctrl+c again to quit", timeout=INTERRUPT_S)

    def _forget_interrupt(self) -> None:
        self._interrupted = False


def run(data_dir: DataDir, listen_args: Sequence[str]) -> int:
    """Show the inspector that runs in `data_dir`, or one started with `listen_args`; return the exit code."""
    try:
        return asyncio.run(_run(data_dir, listen_args))
    except HooktapError as error:
        sys.stderr.write(f"{safe_lines(str(error))}\n")
        return error.exit_code


async def _run(data_dir: DataDir, listen_args: Sequence[str]) -> int:
    async with contextlib.AsyncExitStack() as stack:
        child = None
        notice = ""
        try:
            client = await stack.enter_async_context(_reached(data_dir))
            if listen_args:
                notice = (
                    "an inspector runs here already: its settings hold, not those of this command"
                )
        except UnreachableError:
            child = await stack.enter_async_context(running_child(data_dir, listen_args))
            client = await stack.enter_async_context(_reached(data_dir))
        app = HooktapApp(client, directory=data_dir.path, notice=notice)
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, app.exit)
        if child is not None:
            ended = f"the inspector has ended (see {data_dir.log}): quit and start again"
            child.ended.add_done_callback(lambda _: app.notify(ended, severity="error", timeout=60))
        await app.run_async()
        return app.return_code or 0


@contextlib.asynccontextmanager
async def _reached(data_dir: DataDir) -> AsyncIterator[Client]:
    """Yield a client of the inspector in `data_dir`. Raises UnreachableError if none answers."""
    async with Client.of(data_dir) as client:
        await client.health()
        yield client

"""The terminal: an application of its own process, and the client of one inspector."""

import asyncio
import contextlib
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget

from inspector.client import Client
from inspector.core.model import Sign
from inspector.core.table import Table
from inspector.core.text import safe, safe_lines
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from tui.alerts import Failed, desktop
from tui.child import running_child
from tui.commands import KeyCommands
from tui.driver import TerminalDriver
from tui.ending import ending
from tui.faults import surviving
from tui.keymap import groups, read_keys, rebound
from tui.messages import Told
from tui.notices import read_notices
from tui.operations import Operations
from tui.private import write_private
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.help import HelpScreen
from tui.screens.replay import MANNERS
from tui.themes import first_theme, keep_theme, read_theme
from tui.typeahead import TypeAhead
from tui.workers import Workers

INTERRUPT_S = 2.0
"""How soon ctrl+c must be pressed again to quit."""
_SPOILT = frozenset({Sign.BROKEN, Sign.STALE})


class HooktapApp(App[None]):
    """Shows what one inspector receives."""

    TITLE = "Hooktap"
    CSS_PATH = "hooktap.tcss"
    COMMANDS = {KeyCommands}  # noqa: RUF012 - typed so by Textual
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
        self,
        client: Client,
        *,
        directory: Path,
        zone: tzinfo | None = None,
        notice: str = "",
        config: Sequence[Table] = (),
    ) -> None:
        """Show what `client`'s inspector receives, times in `zone` (None: this machine's).

        What is copied is also left in `directory`. A `notice` is told at the start. `config` are the top tables of the
        configuration files, the strongest first. Raises ConfigError where they name no key or theme of ours.
        """
        super().__init__()
        self._workers = Workers(self)
        self._typing = TypeAhead(self, super().on_event)
        self.animation_level = "none"  # a list that glides is one that lags behind
        self._client = client
        self._directory = directory
        self._zone = zone
        self._notice = notice
        self._interrupted = False
        self._notices = read_notices(config)
        self._keys = read_keys(config, type(self))
        self._toasts: set[Widget] = set()
        self._state = directory / "terminal.json"
        known = self.available_themes
        self.theme = first_theme(read_theme(config, known), self._state, known, os.environ)
        self._kept_theme = self.theme

    def get_driver_class(self) -> type[Driver]:
        """Draw with our driver where Textual would with its own; not in a browser."""
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def get_default_screen(self) -> Screen[None]:
        """Begin with the deliveries."""
        operations = Operations(self._client, self._directory, self.copy_to_clipboard)
        return DeliveriesScreen(
            self._client, operations, self._directory, self._zone, alerts=self._notices.toasts
        )

    def on_mount(self) -> None:
        """Take the chosen keys and colours, and tell what there is to tell."""
        self.set_keymap(self._keys)
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._take_toasts_away)
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

    async def on_event(self, event: events.Event) -> None:
        """Have what is pasted be text that can be shown, which a sender may have written; and keys wait their turn."""
        if isinstance(event, events.Paste):
            event.text = "\t".join(map(safe_lines, event.text.split("\t")))
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._typing.take(event)
        else:
            await super().on_event(event)

    def on_resize(self) -> None:
        """Draw everything anew, also if the size is what it was.

        A terminal made small and large again at once has lost what did not fit; Textual sees only the last size, and
        would leave the gaps.
        """
        self.refresh(layout=True)

    def on_failed(self, message: Failed) -> None:
        """Tell of what failed, as the person wants to hear it."""
        self.notify(message.sentence, severity="warning")
        if self._notices.bell:
            self.bell()
        if self._notices.desktop and self._driver is not None:
            self._driver.write(desktop(message.sentence))

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
        if isinstance(screen, DeliveriesScreen):
            for name, query in screen.saved_filters.items():
                act = partial(screen.show_filter, query)
                yield SystemCommand(f"Filter: {safe(name)}", safe(query), act)
        yield SystemCommand("Change the theme", "Colours, dark and light", self.action_change_theme)
        yield SystemCommand(
            "Save a screenshot (SVG)", "Into the working directory", self.action_save_screenshot
        )

    def _take_toasts_away(self, screen: Screen[object]) -> None:
        """Paint what was below toasts that have gone.

        Textual does, but not where it has already built its map of the screen anew, between the end of a toast and the
        layout that follows.
        """
        before, self._toasts = self._toasts, set(screen.query("Toast"))
        if before - self._toasts:
            screen.refresh()

    def _keep_theme(self, theme: Theme) -> None:
        if theme.name != self._kept_theme:
            self._kept_theme = theme.name
            keep_theme(self._state, theme.name)

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
        found = groups(type(self)).items()
        self.push_screen(
            HelpScreen({title: list(rebound(each, self._keys)) for title, each in found})
        )

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


def run(data_dir: DataDir, listen_args: Sequence[str], config: Sequence[Table] = ()) -> int:
    """Show the inspector that runs in `data_dir`, or one started with `listen_args`; return the exit code.

    `config` are the top tables of the configuration files, the strongest first.
    """
    try:
        return asyncio.run(_run(data_dir, listen_args, config))
    except HooktapError as error:
        sys.stderr.write(f"{safe_lines(str(error))}\n")
        return error.exit_code


async def _run(data_dir: DataDir, listen_args: Sequence[str], config: Sequence[Table]) -> int:
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
        app = HooktapApp(client, directory=data_dir.path, notice=notice, config=config)
        if child is not None:
            ended = f"the inspector has ended (see {data_dir.log}): quit and start again"
            child.ended.add_done_callback(lambda _: app.notify(ended, severity="error", timeout=60))
        with ending(app.exit), surviving(app, data_dir.terminal_log):
            _collect_garbage_seldom()
            await app.run_async()
        return app.return_code or 0


def _collect_garbage_seldom() -> None:
    # While much comes in, the collector would else stop the screen for a tenth of a second, and then again the next
    # second. Of what comes, nearly all is freed without it; what has been imported stays anyway.
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


@contextlib.asynccontextmanager
async def _reached(data_dir: DataDir) -> AsyncIterator[Client]:
    """Yield a client of the inspector in `data_dir`. Raises UnreachableError if none answers."""
    async with Client.of(data_dir) as client:
        await client.health()
        yield client

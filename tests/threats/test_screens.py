"""T15, T16: the real terminal shows an inspector full of hostile deliveries, on every screen and dialog there is.

Not what stands on the screen is looked at, but every byte that the process ever wrote: nothing but text that hides and
turns round nothing, and the sequences below, which are ours. Its end counts as well.
"""

import asyncio
import base64
import importlib
import inspect
import pkgutil
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.screen import Screen

import tui.screens
from inspector.core.headers import Headers
from tests import hostile, process, pseudoterminal
from tests.hostile import BODIES, BOMBS, DELIVERIES, Rig
from tests.pseudoterminal import Terminal
from tests.wire import Wire, assert_harmless, talk
from tui.bodyview import Body, build
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.diff import DiffScreen
from tui.screens.edit import EditScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import KEYS as FORMATS
from tui.screens.export import ExportScreen
from tui.screens.help import HelpScreen
from tui.screens.note import NoteScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen

OURS = re.compile(
    r"\x1b\[[0-9;]*m"  # colours
    r"|\x1b\[[0-9]+;[0-9]+H"  # places
    r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"  # modes, all of them undone
    r"|\x1b\[(?:>[0-9]+u|<u|\?2026\$p|\?2048\$p)"  # the keyboard's, and two questions about modes
    r"|\x1b\]22;[a-z]*\x07"  # the mouse pointer's shape
    r"|\x1b\]52;c;(?P<copied>[A-Za-z0-9+/=]*)\x07"  # what was copied
    r"|\x1b\]9;(?P<desktop>[^\x1b]*)\x1b\\\x1b\]777;notify;Hooktap;(?P<again>[^\x1b;]*)\x1b\\"
    r"|\x07|\r\n"  # the bell, and lines of a pager
)
PASTED = hostile.MARKUP + "\t\x9b2J\u202eabc\u2066\u200b\ufeffZ\u0301\u0489 pasted"
UNDONE = (1000, 1003, 1004, 1006, 1049, 2004)
"""What the terminal is told to do, and at the end no longer to do."""


@dataclass(frozen=True)
class Window:
    """The terminal on an inspector that holds the whole fixture."""

    terminal: Terminal
    rig: Rig
    repeatable: Container[int]
    """Deliveries that have an event's id."""

    async def press(self, key: str, *shown: str, gone: str | None = None) -> None:
        """Press a key, and wait for what it shows."""
        self.terminal.press(key)
        await self.until(*shown, gone=gone)

    async def act(self, key: str) -> None:
        """Press a key, and wait until something is drawn."""
        self.terminal.press(key)
        async with asyncio.timeout(pseudoterminal.WAIT_S):
            await self.terminal.changed()

    async def until(self, *shown: str, gone: str | None = None) -> None:
        await self.terminal.until(*shown, gone=gone)
        assert_harmless(str(self.terminal.screen))

    async def paste(self, shown: str = " \\u00") -> None:
        """Paste what may have been copied from a sender's text."""
        await self.act(f"\x1b[200~{PASTED}\x1b[201~")
        await self.until(shown)

    async def turn_to(self, view: str) -> None:
        """Turn the body until it is shown so. One that comes late is shown as suits it best."""
        for _ in range(TURNS_MAX):
            if not view or (shown := self.body_label) == f"Body {view}":
                return
            self.terminal.press("b")
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    while self.body_label == shown:
                        await self.terminal.changed()
        await self.until(f"Body {view}")

    @property
    def body_label(self) -> str:
        found = re.search(r"Body (?:pretty|text|hex)|Body", str(self.terminal.screen))
        return found[0] if found else ""

    async def select(self, name: str) -> int:
        """Select a delivery in the list; return its number."""
        numbers = list(self.rig.numbers.values())
        number = self.rig.numbers[name]
        await self.press("g", f"#{numbers[0]}  ")
        for each in numbers[1 : numbers.index(number) + 1]:
            await self.press("j", f"#{each}  ")
        return number


TURNS_MAX = 8
AGAIN_S = 0.5
"""A key that turns a body is pressed again after so long: there may not have been one yet."""
FIRST = next(iter(DELIVERIES))
LIST = "verdict      last attempt"
"""The list's titles."""


async def look_at_deliveries(window: Window) -> None:
    """Every tab of each delivery, and every view of its body."""
    await window.press("g", "‖ paused")
    for name, wire in DELIVERIES.items():
        number = window.rig.numbers[name]
        await window.press("1", f"#{number}  ")
        await window.press("z", f"#{number}  ", gone=LIST)
        for view in views_of(wire):
            await window.turn_to(view)
        await window.press("2", "Host  ")
        await window.press("3", "Not forwarded: " if wire.method == b"GET" else "http://127.0.0.1")
        await window.act("G")
        await window.press("4", "uid  ")
        await window.press("5", "of event " if number in window.repeatable else "no event id")
        await window.press("escape", LIST)
        await window.act("j")


async def look_at_bodies(window: Window) -> None:
    """Each body that is made to hurt; the views of all of them are in test_previews.py."""
    await window.select(next(iter(BODIES)))
    await window.act("1")
    for name in (*BODIES, *BOMBS):
        await window.until(f"#{window.rig.numbers[name]}  ")
        await window.act("b")
        await window.act("j")


def views_of(wire: Wire) -> list[str]:
    """Return what the tab says of each view; nothing if there is but one."""
    views = build(Body.of(wire.body, len(wire.body), Headers(wire.headers))).views
    return [view.value if len(views) > 1 else "" for view in views]


async def look_at_folded(window: Window) -> None:
    """What is known of one event in one line, and the tree under it."""
    await window.press("t", " folded")
    await window.act("g")
    for _ in DELIVERIES:
        await window.act(" ")
        await window.act("j")
    await window.press("t", gone=" folded")


async def look_at_what_arrives(window: Window) -> None:
    """Toasts of what fails while one looks, and the desktop's as well."""
    await window.press("G", "▼ following")
    await talk(window.rig.running.ingress, DELIVERIES["in a signature"].raw)
    await window.until("failed its check")


async def read_in_a_pager(window: Window) -> None:
    """Such as `cat`, which carries out all that it is given."""
    await window.select(FIRST)
    window.terminal.blank()
    await window.press("\x0f", LIST)  # ctrl+o


async def deliveries(window: Window) -> None:
    await look_at_deliveries(window)
    await read_in_a_pager(window)
    await look_at_bodies(window)
    await look_at_folded(window)
    await look_at_what_arrives(window)


async def annotate(window: Window) -> None:
    number = await window.select(FIRST)
    await window.press("N", f"Note on #{number}")
    await window.paste()
    await window.press("enter", "has the note", gone="Note on #")


async def replay(window: Window) -> None:
    number = await window.select(FIRST)
    await window.press("m", f"Replay #{number} as")
    await window.press("v", f"#{number} replayed verbatim", gone="enter or its letter")


async def edit(window: Window) -> None:
    for name in ("in all of the path", "in headers' names"):
        number = await window.select(name)
        await window.press("e", f"Edit and replay #{number}")
        await window.press("escape", gone="Edit and replay")
    number = await window.select("in an event and its ids")
    await window.press("e", f"Edit and replay #{number}")
    await window.paste()
    await window.press("escape", "escape again")
    await window.press("escape", gone="Edit and replay")
    await window.press("e", f"Edit and replay #{number}")
    await window.press("\x13", f"#{number} replayed", gone="Edit and replay")  # ctrl+s


async def repeat(window: Window) -> None:
    number = await window.select(FIRST)
    await window.press("a", f"Send #{number} now, and again")
    await window.paste()
    await window.press("enter", f"#{number}", gone="and again by itself")


async def export(window: Window) -> None:
    number = await window.select(FIRST)
    for letter in FORMATS:
        for keys in (letter, f"f{letter}"):
            await window.press("x", f"Export #{number} as")
            await window.press(keys, gone="Export #")


async def compare(window: Window) -> None:
    number = await window.select(FIRST)
    await window.press("D", f"#{number} is picked")
    await window.act("j")
    await window.press("D", "difference", f"#{number} → #")
    for key in ("G", "Y", "i", "x", "I"):
        await window.act(key)
    await window.press("escape", LIST)
    await window.press("g", f"#{number}  ")
    await window.press("d", f"#{number} attempt ")
    await window.press("escape", LIST)


async def look_at_endpoints(window: Window) -> None:
    await window.press("E", "p pauses, resumes")
    for key in ("j", "c"):
        await window.act(key)
    await window.press("escape", gone="p pauses, resumes")


async def send_sample(window: Window) -> None:
    await window.press("s", "Send a sample delivery")
    await window.paste("nothing is called so")
    await window.press("escape", gone="Send a sample delivery")


async def look_for_keys(window: Window) -> None:
    await window.press("?", "escape closes, arrows scroll")
    await window.paste("no key does that")
    await window.press("escape", gone="escape closes, arrows scroll")


async def look_for_commands(window: Window) -> None:
    """Textual's own palette, of our commands."""
    await window.press("\x10", "Search for commands")  # ctrl+p
    await window.paste("No matches found")
    await window.press("escape", gone="No matches found")


async def save_filter(window: Window) -> None:
    await window.press("/", "provider:jinko")
    await window.paste("unknown key")
    await window.press("escape", gone="unknown key")
    await window.press("/", "provider:jinko")
    await window.press("event:*", " of 5")
    await window.press("\x13", "its name")  # ctrl+s
    await window.press("[/][x]", "[/][x]")
    await window.press("enter", "saved as", gone="enter saves it")


async def choose_filter(window: Window) -> None:
    await window.press("enter", "event:*")
    await window.press("\x06", "Saved filters")  # ctrl+f
    await window.press("escape", gone="Saved filters")


async def replay_all(window: Window) -> None:
    """What matches the filter that holds."""
    await window.press("A", "that match event:*?")
    await window.press("escape", gone="that match event:*?")
    await window.press("escape", gone="event:*")


Visit = Callable[[Window], Awaitable[None]]
VISITS: Mapping[type[Screen[Any]], Visit] = {
    DeliveriesScreen: deliveries,
    NoteScreen: annotate,
    ReplayScreen: replay,
    EditScreen: edit,
    AutoReplayScreen: repeat,
    ExportScreen: export,
    DiffScreen: compare,
    EndpointsScreen: look_at_endpoints,
    SampleScreen: send_sample,
    HelpScreen: look_for_keys,
    CommandPalette: look_for_commands,
    NameScreen: save_filter,
    SavedScreen: choose_filter,
    ConfirmScreen: replay_all,
}
"""In this order: a filter that was saved is chosen next, and holds for what comes then."""


def test_no_screen_is_left_out() -> None:
    modules = pkgutil.iter_modules(tui.screens.__path__, "tui.screens.")
    found = {
        each
        for module in modules
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if issubclass(each, Screen)
        and each.__module__.startswith("tui.")
        and not each.__subclasses__()
    }
    assert found | {CommandPalette} == set(VISITS)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Window]:
    async with hostile.inspector(folder, hostile.ALL) as rig:
        async with rig.running.client() as client:
            stored = [delivery for delivery, _ in await client.deliveries()]
        environ = {"TERM": "xterm-256color", "PAGER": "cat", "EDITOR": "true"}
        async with pseudoterminal.running(
            *("-m", "inspector", "--data-dir", str(rig.running.data_dir.path)),
            folder=folder,
            environ=process.environ_of(folder) | environ,
            columns=120,
            rows=40,
        ) as terminal:
            await terminal.until("● connected", f"#{max(rig.numbers.values())}  ")
            yield Window(terminal, rig, {each.id for each in stored if each.event_id is not None})


@pytest.mark.parametrize("is_main", [True, False], ids=["main", "others"])
async def test_every_screen(tmp_path: Path, *, is_main: bool) -> None:
    async with opened(tmp_path) as window:
        for screen, visit in VISITS.items():
            if is_main is (screen is DeliveriesScreen):
                await visit(window)
        window.terminal.press("q")
        assert await window.terminal.ended() == 0
        written = await window.terminal.all_written()
        assert not window.rig.running.data_dir.terminal_log.exists()
    assert_ours(written.decode())
    told = {
        name
        for found in OURS.finditer(written.decode())
        for name in found.groupdict()
        if found[name]
    }
    assert told == ({"desktop", "again"} if is_main else {"copied"})


def assert_ours(written: str) -> None:
    """Nothing but plain text and OURS; what is carried inside of those is plain as well, and every mode is left."""
    for found in OURS.finditer(written):
        copied = base64.b64decode(found["copied"] or "").decode()
        assert_harmless(copied.replace("\t", ""))
        assert_harmless((found["desktop"] or "") + (found["again"] or ""))
    assert_harmless(OURS.sub("", written))
    for mode in UNDONE:
        assert written.rfind(f"\x1b[?{mode}l") > written.rfind(f"\x1b[?{mode}h"), mode

"""Every screen and dialog of the terminal as it is met, for its looks and for its sizes: what to press to see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList, Static, TextArea

from inspector.client import Connection
from tests.tui import stock
from tests.tui.fakes import FakeClient, screen_text, until
from tests.tui.stock import Stocked, stocked
from tui.app import HooktapApp
from tui.filterbook import FilterBook
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.diff import DiffScreen
from tui.screens.edit import EditScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import ExportScreen
from tui.screens.help import HelpScreen
from tui.screens.note import NoteScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_bar import FilterInput
from tui.widgets.top_bar import TopBar

Show = Callable[[Pilot[None], FakeClient], Awaitable[None]]
TALL = b'{"id":"evt_1","amount":%d,"guest":{"name":"Zo\xc3\xab","rooms":[1,2]}%b}'
TEXT = b"Dear guest,\nyour room is %b.\nCheck-in is at 15:00.\n\nYours,\nthe hotel\n"


@dataclass(frozen=True)
class Scene:
    """A screen in some state."""

    kind: type[Screen[Any]]
    show: Show
    """Brings it about."""
    client: Callable[[], Stocked] = stocked


async def settled(pilot: Pilot[None], client: FakeClient) -> None:
    """Wait for all that is fetched of the selected delivery."""
    detail = pilot.app.screen.query_one(DetailPane)
    await until(pilot, lambda: detail.body_pane.view_lines.lines)
    await until(pilot, lambda: ("verdicts", detail.delivery_id) in client.calls)
    await pilot.pause()


async def press(pilot: Pilot[None], client: FakeClient, *keys: str) -> None:
    """Press keys on the main screen."""
    await settled(pilot, client)
    await pilot.press(*keys)
    await settled(pilot, client)


async def ask(
    pilot: Pilot[None], client: FakeClient, kind: type[Screen[Any]], *keys: str, then: str = ""
) -> None:
    """Open a dialog with the last of `keys`, then type."""
    await settled(pilot, client)
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.press(*then)


async def nothing(pilot: Pilot[None], client: FakeClient) -> None:
    await until(pilot, lambda: "curl" in screen_text(pilot))


async def disconnect(pilot: Pilot[None], client: FakeClient) -> None:
    await settled(pilot, client)
    client.connection(Connection.RECONNECTING)
    await until(pilot, lambda: "does not answer" in screen_text(pilot))


async def attempts(pilot: Pilot[None], client: FakeClient) -> None:
    await press(pilot, client, "3", "k", "k", "k", "k")
    await until(pilot, lambda: ("response_body", 1110) in client.calls)


async def history(pilot: Pilot[None], client: FakeClient) -> None:
    await press(pilot, client, "k", "5")
    await until(pilot, lambda: "of event" in screen_text(pilot))


async def type_filter(pilot: Pilot[None], client: FakeClient, text: str, shown: str) -> None:
    await settled(pilot, client)
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.focused, FilterInput))
    line = pilot.app.screen.query_one(FilterInput)
    line.value = text
    line.cursor_position = len(text)
    await until(pilot, lambda: shown in screen_text(pilot))


async def name_filter(pilot: Pilot[None], client: FakeClient) -> None:
    await type_filter(pilot, client, "event:booking.*", "13 of 40")
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, NameScreen))


async def saved_filters(pilot: Pilot[None], client: FakeClient) -> None:
    assert isinstance(pilot.app, HooktapApp)
    book = FilterBook(pilot.app._directory)
    book.save("failed today", "since:1d (outcome:mismatch or status:>=500) -endpoint:demo")
    book.save("Zoë's bookings", "json:data.guest='Zoë Ångström'")
    await ask(pilot, client, SavedScreen, "ctrl+f")


async def edit(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, EditScreen, "e")
    screen = pilot.app.screen
    await until(pilot, lambda: screen.query_one("#headers", TextArea).text)


async def diff(pilot: Pilot[None], client: FakeClient) -> None:
    await press(pilot, client, "g", "D")
    await until(pilot, lambda: pilot.app.screen.query_one(TopBar).picked == 1)
    await press(pilot, client, "j")
    await ask(pilot, client, DiffScreen, "D")
    await until(
        pilot, lambda: "→" in str(pilot.app.screen.query_one("#diff-title", Static).content)
    )


async def replay_all(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, ConfirmScreen, "A")
    await pilot.press("y")
    await until(pilot, lambda: "replayed 17 of 40" in screen_text(pilot))


async def pin(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, AutoReplayScreen, "a")
    await pilot.press("enter")
    await until(pilot, lambda: "round 1" in screen_text(pilot))
    pilot.app.clear_notifications()


async def recheck_all(pilot: Pilot[None], client: FakeClient) -> None:
    await settled(pilot, client)
    client.gate.clear()
    await pilot.press("V")
    await until(pilot, lambda: any(call[0] == "reverify" for call in client.calls))


async def endpoints(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, EndpointsScreen, "E")
    await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count)
    await pilot.press("j")


async def sample(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, SampleScreen, "s", then="p5")
    await pilot.press("down")


async def palette(pilot: Pilot[None], client: FakeClient) -> None:
    await ask(pilot, client, CommandPalette, "ctrl+p")
    screen = pilot.app.screen
    await until(pilot, lambda: screen.query_one(OptionList).option_count > 20)
    await until(pilot, lambda: screen.query_one(OptionList).highlighted == 0)
    await until(
        pilot, lambda: all(each.is_finished for each in pilot.app.workers if each.node is screen)
    )


async def tell(pilot: Pilot[None], client: FakeClient) -> None:
    await settled(pilot, client)
    pilot.app.notify("#1120 fixed: 200 OK after 500 Internal Server Error", timeout=600)
    pilot.app.notify("no inspector answers at http://127.0.0.1:8401", severity="error", timeout=600)


def main(*keys: str, client: Callable[[], Stocked] = stocked) -> Scene:
    return Scene(DeliveriesScreen, partial(press_those, keys=keys), client)


async def press_those(pilot: Pilot[None], client: FakeClient, keys: tuple[str, ...]) -> None:
    await press(pilot, client, *keys)


def dialog(kind: type[Screen[Any]], *keys: str, then: str = "") -> Scene:
    async def show(pilot: Pilot[None], client: FakeClient) -> None:
        await ask(pilot, client, kind, *keys, then=then)

    return Scene(kind, show)


def filtering(text: str, shown: str) -> Scene:
    return Scene(DeliveriesScreen, partial(type_filter, text=text, shown=shown))


SCENES = {
    "nothing yet": Scene(DeliveriesScreen, nothing, stock.silent),
    "disconnected": Scene(DeliveriesScreen, disconnect),
    "body": main("k", "k"),
    "hex": main("k", "k", "b", "b"),
    "headers": main("2"),
    "attempts": Scene(DeliveriesScreen, attempts),
    "overview": main("4", client=stock.checked_twice),
    "history": Scene(DeliveriesScreen, history),
    "whole screen": main("2", "z"),
    "cause of a mismatch": main(client=stock.checked_twice),
    "missing secret": main("4", client=stock.without_secret),
    "subscription that waits": main(client=stock.subscribing),
    "checking everything": Scene(DeliveriesScreen, recheck_all, stock.rechecking),
    "replaying a set": Scene(DeliveriesScreen, replay_all),
    "pinned": Scene(DeliveriesScreen, pin),
    "told": Scene(DeliveriesScreen, tell),
    "picked": main("k", "D"),
    "filter": filtering("event:booking.*", "13 of 40"),
    "filter with a mistake": filtering("event:booking.* outcom:mismatch", "^^^^^^"),
    "filter being completed": filtering("event:booking.* outcome:m", "tab:"),
    "saved filters": Scene(SavedScreen, saved_filters),
    "name of a filter": Scene(NameScreen, name_filter),
    "edit": Scene(EditScreen, edit),
    "structural diff": Scene(
        DiffScreen, diff, lambda: stock.two(TALL % (100, b""), TALL % (250, b',"new":true'))
    ),
    "text diff": Scene(DiffScreen, diff, lambda: stock.two(TEXT % b"blue", TEXT % b"green")),
    "export": dialog(ExportScreen, "x", then="jf"),
    "note": dialog(NoteScreen, "N", then="the one that broke the check-out"),
    "endpoints": Scene(EndpointsScreen, endpoints),
    "auto-replay": dialog(AutoReplayScreen, "a", then="src"),
    "sample": Scene(SampleScreen, sample),
    "confirm": dialog(ConfirmScreen, "A"),
    "replay as": dialog(ReplayScreen, "m", then="jj"),
    "help": dialog(HelpScreen, "question_mark"),
    "palette": Scene(CommandPalette, palette),
}

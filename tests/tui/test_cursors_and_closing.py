"""What every dialog has besides its own: a cursor that moves, and keys that close it; over a real inspector."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from tests import fakes
from tests.client.test_replaying import stage
from tests.tui.fakes import screen_text, toasts, until
from tests.tui.test_replaying import opened
from tui.filterbook import FilterBook
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.diff import DiffScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import ExportScreen
from tui.screens.help import HelpScreen
from tui.screens.note import NoteScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.widgets.cursor_view import CursorView
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.filter_bar import FilterInput
from tui.widgets.line_view import LineView
from tui.widgets.top_bar import TopBar

Ways = Sequence[tuple[type[Screen[Any]], tuple[str, ...], str]]
DIALOGS: Ways = (
    (ReplayScreen, ("m",), "escape q m"),
    (AutoReplayScreen, ("a",), "escape"),
    (ExportScreen, ("x",), "escape q x"),
    (EndpointsScreen, ("E",), "escape E"),
    (SavedScreen, ("ctrl+f",), "escape q ctrl+f"),
    (NoteScreen, ("N",), "escape"),
    (SampleScreen, ("s",), "escape"),
    (ConfirmScreen, ("A",), "escape n q"),
    (HelpScreen, ("question_mark",), "escape question_mark"),
)
LISTS = (
    (ReplayScreen, "m", "j", "k"),
    (ExportScreen, "x", "j", "k"),
    (SavedScreen, "ctrl+f", "j", "k"),
    (SampleScreen, "s", "down", "up"),
    (EndpointsScreen, "E", "j", "k"),
)


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[Pilot[None]]:
    """Open it on an inspector with three deliveries, two endpoints and two saved filters."""
    book = FilterBook(folder)
    book.save("one", "id:1")
    book.save("two", "id:2")
    async with stage(folder / "data", fakes.answering(), 2) as (client, _, _):
        await client.send_sample("jinko", endpoint="other")
        async with opened(client, folder) as pilot:
            yield pilot


async def shown(pilot: Pilot[None], kind: type[Screen[Any]]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


async def test_each_key_closes(tmp_path: Path) -> None:
    """And does nothing else."""
    async with terminal(tmp_path) as pilot:
        for kind, keys, closing in DIALOGS:
            for key in closing.split():
                await pilot.press(*keys)
                await shown(pilot, kind)
                await pilot.press(key)
                await shown(pilot, DeliveriesScreen)
        assert toasts(pilot) == []


async def test_the_name_of_a_filter_is_not_given(tmp_path: Path) -> None:
    async with terminal(tmp_path) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(pilot.app.focused, FilterInput))
        await pilot.press(*"id:1", "ctrl+s")
        await shown(pilot, NameScreen)
        await pilot.press("x", "escape")
        await shown(pilot, DeliveriesScreen)
    assert list(FilterBook(tmp_path).saved) == ["one", "two"]


async def test_each_key_closes_a_comparison(tmp_path: Path) -> None:
    async with terminal(tmp_path) as pilot:
        for key in ("escape", "q", "D"):
            await pilot.press("g", "D")
            await until(pilot, lambda: pilot.app.screen.query_one(TopBar).picked is not None)
            await pilot.press("j", "D")
            await shown(pilot, DiffScreen)
            await pilot.press(key)
            await shown(pilot, DeliveriesScreen)


@pytest.mark.parametrize(("kind", "key", "down", "up"), LISTS, ids=lambda each: str(each)[-20:])
async def test_the_cursor_moves(
    tmp_path: Path, kind: type[Screen[Any]], key: str, down: str, up: str
) -> None:
    async with terminal(tmp_path) as pilot:
        await pilot.press(key)
        await shown(pilot, kind)
        options = pilot.app.screen.query_one(OptionList)
        await until(pilot, lambda: options.option_count > 1)
        assert options.highlighted == 0
        await pilot.press(down)
        assert options.highlighted == 1
        await pilot.press(up)
        assert options.highlighted == 0


async def test_the_samples_are_turned_over(tmp_path: Path) -> None:
    async with terminal(tmp_path) as pilot:
        await pilot.press("s")
        await shown(pilot, SampleScreen)
        options = pilot.app.screen.query_one(OptionList)
        await pilot.press("pagedown")
        page = options.highlighted
        assert page is not None
        assert page > 1
        await pilot.press("pageup")
        assert options.highlighted == 0


async def test_the_help_is_scrolled(tmp_path: Path) -> None:
    """By line and page while one types, and with the keys of lines once they have the keyboard."""
    async with terminal(tmp_path) as pilot:
        await pilot.press("question_mark")
        await shown(pilot, HelpScreen)
        lines = pilot.app.screen.query_one(LineView)
        await scrolls(pilot, lines, "down", "up", "pagedown", "pageup")
        await pilot.press("tab")
        await until(pilot, lambda: pilot.app.focused is lines)
        await scrolls(pilot, lines, "j", "k", "space", "g", "G", "g")
        assert "Deliveries" in screen_text(pilot)


async def scrolls(pilot: Pilot[None], lines: LineView, *there_and_back: str) -> None:
    for there, back in zip(there_and_back[::2], there_and_back[1::2], strict=True):
        await pilot.press(there)
        await until(pilot, lambda: lines.scroll_offset.y > 0)
        await pilot.press(back)
        await until(pilot, lambda: lines.scroll_offset.y == 0)


async def test_the_list_is_moved_through(tmp_path: Path) -> None:
    """By every key there is for it, the second ones too."""
    async with terminal(tmp_path) as pilot:
        rows = pilot.app.screen.query_one(DeliveryList)
        steps = ("g1", "j2", "down3", "k2", "up1", "end3", "home1", "G3")
        pages = ("pageup1", "pagedown3", "ctrl+u1", "ctrl+d3")
        for step in (*steps, *pages):
            await pilot.press(step[:-1])
            assert rows.selected == int(step[-1]), step


async def test_the_headers_are_moved_through(tmp_path: Path) -> None:
    """As whatever has lines with a cursor; a page is all there is."""
    async with terminal(tmp_path) as pilot:
        await pilot.press("g", "2", "enter")
        view = pilot.app.focused
        assert isinstance(view, CursorView)
        last = len(view.lines) - 1
        assert last > 1
        for key, line in (
            *(("j", 1), ("down", 2), ("k", 1), ("up", 0), ("G", last), ("g", 0)),
            *(("end", last), ("home", 0), ("space", last), ("pageup", 0)),
            *(("pagedown", last), ("ctrl+u", 0), ("ctrl+d", last)),
        ):
            await pilot.press(key)
            assert view.cursor == line, key

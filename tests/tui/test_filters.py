"""The filter as a person uses it: typed, corrected, remembered, saved, and cleared."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from inspector.core.found import Coverage
from inspector.core.model import Delivery
from inspector.errors import UnreachableError
from tests.factories import attempt, delivery
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui.filterbook import FilterBook
from tui.pages import Pages
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.filter_bar import FilterBar, FilterInput
from tui.widgets.top_bar import TopBar


def some(count: int = 40) -> FakeClient:
    """Return every fourth delivery with an event of its own."""
    return FakeClient(
        *(
            (delivery(id=n, event=f"{'odd' if n % 4 else 'fourth'}.{n}"), [])
            for n in range(1, count + 1)
        )
    )


def screen(pilot: Pilot[None]) -> DeliveriesScreen:
    found = pilot.app.screen
    assert isinstance(found, DeliveriesScreen)
    return found


def the_list(pilot: Pilot[None]) -> DeliveryList:
    return pilot.app.screen.query_one(DeliveryList)


def bar(pilot: Pilot[None]) -> FilterBar:
    return pilot.app.screen.query_one(FilterBar)


async def typed(pilot: Pilot[None], text: str) -> None:
    """Type a filter as fast as a program does."""
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.focused, FilterInput))
    pilot.app.screen.query_one(FilterInput).value = text


def listed(pilot: Pilot[None]) -> str:
    return "\n".join(screen_text(pilot).split("\n")[1:])


async def test_list_is_filtered_while_one_types(tmp_path: Path) -> None:
    client = some()
    async with opened(client, tmp_path) as pilot:
        await typed(pilot, "event:fourth.*")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        assert "odd." not in listed(pilot).split("Body")[0]
        assert the_list(pilot).selected == 40
        assert screen(pilot).filter == "event:fourth.*"

        await pilot.press("enter")
        assert the_list(pilot).has_focus
        await pilot.press("k")
        assert the_list(pilot).selected == 36


async def test_selected_delivery_stays_selected(tmp_path: Path) -> None:
    async with opened(some(), tmp_path) as pilot:
        await pilot.press(*["k"] * 8)
        assert the_list(pilot).selected == 32
        screen(pilot).show_filter("event:fourth.*")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        assert the_list(pilot).selected == 32

        await pilot.press("escape")
        await until(pilot, lambda: screen(pilot).filter == "")
        assert the_list(pilot).selected == 32
        assert not bar(pilot).display
        assert "odd.31" in screen_text(pilot)


async def test_mistake_is_pointed_at_and_the_list_stays(tmp_path: Path) -> None:
    async with opened(some(), tmp_path, (120, 40)) as pilot:
        await typed(pilot, "event:fourth.*")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        pilot.app.screen.query_one(FilterInput).value = "event:fourth.* colour:red"
        await until(pilot, lambda: "unknown key 'colour'" in screen_text(pilot))
        lines = screen_text(pilot).split("\n")
        place = next(n for n, line in enumerate(lines) if line.startswith("/ event:fourth"))
        assert lines[place + 1].rstrip() == " " * lines[place].index("colour") + "^" * 6
        assert screen(pilot).filter == "event:fourth.*"
        assert "10 of 40" in screen_text(pilot)

        await pilot.press("enter")
        assert isinstance(pilot.app.focused, FilterInput)


@pytest.mark.parametrize("key", ["enter", "ctrl+s"])
async def test_filter_that_is_not_finished_is_refused_in_sight(tmp_path: Path, key: str) -> None:
    """What may follow does not hide the mistake, nor does the count of the earlier filter stand beside it."""
    async with opened(some(), tmp_path, (120, 40)) as pilot:
        await typed(pilot, "event:fourth.*")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        line = pilot.app.screen.query_one(FilterInput)
        line.value = "event:fourth.* and ("
        line.cursor_position = len(line.value)
        await until(pilot, lambda: "tab: " in screen_text(pilot))
        await pilot.press(key)
        await until(pilot, lambda: bar(pilot).has_class("-wrong"))
        lines = screen_text(pilot).split("\n")
        place = next(n for n, each in enumerate(lines) if each.startswith("/ event:fourth"))
        assert "^" in lines[place + 1]
        assert "10 of 40" not in screen_text(pilot)
        assert "tab: " not in screen_text(pilot)
        assert screen(pilot).filter == "event:fourth.*"

        await pilot.press(*["backspace"] * len(" and ("))
        await until(pilot, lambda: not bar(pilot).has_class("-wrong"))
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))


async def test_nothing_matches(tmp_path: Path) -> None:
    async with opened(some(), tmp_path) as pilot:
        await typed(pilot, "event:nowhere")
        await until(pilot, lambda: "nothing matches" in screen_text(pilot))
        assert "0 of 40" in screen_text(pilot)
        await pilot.press("enter", "j", "k", "g", "G", "pagedown", "enter", "escape", "escape")
        await until(pilot, lambda: screen(pilot).filter == "")
        assert "odd.39" in screen_text(pilot)


async def test_what_comes_is_listed_only_if_it_matches(tmp_path: Path) -> None:
    client = some()
    async with opened(client, tmp_path) as pilot:
        screen(pilot).show_filter("event:fourth.*")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        client.arrive(delivery(id=50, event="fourth.50"), delivery(id=51, event="odd.51"))
        await until(pilot, lambda: "11 of 42" in screen_text(pilot))
        assert the_list(pilot).selected == 50

        await pilot.press("k")
        client.arrive(delivery(id=60, event="fourth.60"), attempt(id=61, delivery_id=50))
        await until(pilot, lambda: "‖ paused, 1 new" in screen_text(pilot))
        assert the_list(pilot).selected == 40


async def test_how_far_it_has_looked_is_said(tmp_path: Path) -> None:
    client = some(1000)
    client.coverage = Coverage(available=True, upto=5000, newest=90_000)
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 1000)
        client.looking.clear()
        await typed(pilot, "event:odd.*")
        await until(pilot, lambda: screen(pilot).filter)
        assert "of 1,000" not in screen_text(pilot)
        client.looking.set()
        await until(pilot, lambda: "750 of 1,000" in screen_text(pilot))
        assert "text index at #5,000 of #90,000" in screen_text(pilot)


async def test_keys_and_known_values_are_completed(tmp_path: Path) -> None:
    client = some()
    client.configured = [
        {"name": name, "url": "", "target": None, "configured": True, "provider": name}
        for name in ("jinko", "jira")
    ]
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await typed(pilot, "pro")
        await pilot.press("tab")
        line = pilot.app.screen.query_one(FilterInput)
        assert line.value == "provider:"
        await until(pilot, lambda: "tab: jinko  jira  wink" in screen_text(pilot))
        await pilot.press("tab")
        assert line.value == "provider:jinko"
        await pilot.press("tab")
        assert line.value == "provider:jira"
        await until(pilot, lambda: screen(pilot).filter == "provider:jira")


async def test_history_is_kept_and_recalled(tmp_path: Path) -> None:
    async with opened(some(), tmp_path) as pilot:
        for text in ("event:odd.*", "event:fourth.*"):
            await typed(pilot, text)
            await pilot.press("enter")
            await until(pilot, lambda: the_list(pilot).has_focus)
    async with opened(some(), tmp_path) as pilot:
        await pilot.press("slash", "up")
        line = pilot.app.screen.query_one(FilterInput)
        assert line.value == "event:fourth.*"
        await pilot.press("up", "up")
        assert line.value == "event:odd.*"
        await pilot.press("down")
        assert line.value == "event:fourth.*"
        await pilot.press("down", "down")
        assert line.value == ""


async def test_filter_is_saved_chosen_and_forgotten(tmp_path: Path) -> None:
    async with opened(some(), tmp_path) as pilot:
        await typed(pilot, "event:fourth.*")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, NameScreen))
        pilot.app.screen.query_one(Input).value = "every [/] fourth"
        await pilot.press("enter")
        await until(pilot, lambda: toasts(pilot))
        assert FilterBook(tmp_path).saved == {"every [/] fourth": "event:fourth.*"}
        await pilot.press("escape")
        await until(pilot, lambda: screen(pilot).filter == "")

        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(pilot.app.screen, SavedScreen))
        await until(pilot, lambda: "every [/] fourth" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))

        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(pilot.app.screen, SavedScreen))
        await pilot.press("x")
        assert pilot.app.screen.query_one(OptionList).option_count == 0
        assert not FilterBook(tmp_path).saved
        await pilot.press("x", "escape")


async def test_saved_filter_is_in_the_palette(tmp_path: Path) -> None:
    FilterBook(tmp_path).save("fourths", "event:fourth.*")
    async with opened(some(), tmp_path) as pilot:
        await pilot.press("ctrl+p", *"fourths")
        await until(pilot, lambda: "fourths" in screen_text(pilot))
        await pilot.pause(0.3)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: screen(pilot).filter == "event:fourth.*")


async def test_file_of_another_making_shows_no_control_character(tmp_path: Path) -> None:
    data = {"history": ["\x1b]0;x\x07"], "saved": {"\x1b[31m[/]": "\x1b\x9b"}}
    (tmp_path / "filters.json").write_text(json.dumps(data))
    async with opened(some(), tmp_path) as pilot:
        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(pilot.app.screen, SavedScreen))
        await pilot.pause()
        assert "\x1b" not in screen_text(pilot)
        await pilot.press("escape", "slash", "up")
        await pilot.pause(0.3)
        assert "\x1b" not in screen_text(pilot)
        assert "\x07" not in screen_text(pilot)


async def test_lost_inspector_is_said_and_the_list_stays(tmp_path: Path) -> None:
    client = some()
    async with opened(client, tmp_path, (120, 40)) as pilot:
        client.problem = UnreachableError("no inspector answers")
        await typed(pilot, "event:fourth.*")
        await until(pilot, lambda: "no inspector answers" in screen_text(pilot))
        assert "odd.39" in screen_text(pilot)
        client.problem = None
        await until(pilot, lambda: "10 of 40" in screen_text(pilot))
        assert "no inspector answers" not in screen_text(pilot)


async def test_it_fits_into_the_smallest_terminal(tmp_path: Path) -> None:
    for size in ((80, 24), (20, 5), (1, 1)):
        async with opened(some(), tmp_path, size) as pilot:
            screen(pilot).action_filter()
            pilot.app.screen.query_one(FilterInput).value = "colour:" + "x" * 300
            await until(pilot, lambda: bar(pilot).has_class("-wrong"))
            await pilot.resize_terminal(60, 20)
            await pilot.pause()


def test_what_a_sender_called_itself_is_offered(tmp_path: Path) -> None:
    made: Delivery = delivery(id=1, endpoint="shop", provider="wink", event="a b")
    from tui.filters import Filters
    from tui.listing import Listing

    listing = Listing()
    listing.window.add_records([made])
    client = FakeClient()
    pages = Pages(client, listing.window)
    filters = Filters(client, listing, pages, DeliveryList(listing), tmp_path)

    values = filters._values()

    assert {key.value: set(names) for key, names in values.items()} == {
        "endpoint": {"shop"},
        "provider": {"wink"},
        "event": {"a b"},
        "method": {"POST"},
    }

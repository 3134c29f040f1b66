"""The mouse: what is clicked is selected, clicked twice opened; wheel, tabs and footer do what their keys do."""

from pathlib import Path

from textual.events import MouseScrollUp

from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.key_line import KeyLine


def many(count: int) -> FakeClient:
    return FakeClient(
        *((delivery(id=number, body=b'{"a": 1}'), []) for number in range(1, count + 1))
    )


async def test_a_click_selects(tmp_path: Path) -> None:
    async with opened(many(5), tmp_path, (120, 40)) as pilot:
        rows = pilot.app.screen.query_one(DeliveryList)
        await until(pilot, lambda: rows.selected == 5)
        await pilot.click(DeliveryList, offset=(5, 2))
        await until(pilot, lambda: rows.selected == 2)
        assert pilot.app.focused is rows
        await pilot.click(DeliveryList, offset=(5, 0))  # the titles
        await pilot.click(DeliveryList, offset=(5, 30))  # below the last
        assert rows.selected == 2


async def test_a_double_click_opens(tmp_path: Path) -> None:
    """As enter does: the detail has the keyboard, on a small screen all the room."""
    async with opened(many(5), tmp_path, (80, 24)) as pilot:
        rows = pilot.app.screen.query_one(DeliveryList)
        await until(pilot, lambda: rows.selected == 5)
        await pilot.click(DeliveryList, offset=(5, 3), times=2)
        await until(pilot, lambda: not rows.display)
        assert rows.selected == 3
        focused = pilot.app.focused
        assert focused is not None
        assert pilot.app.screen.query_one(DetailPane) in focused.ancestors
        await pilot.press("escape")
        await until(pilot, lambda: rows.display)


async def test_the_wheel_scrolls(tmp_path: Path) -> None:
    """Up, and the list follows no more."""
    async with opened(many(100), tmp_path, (80, 24)) as pilot:
        rows = pilot.app.screen.query_one(DeliveryList)
        await until(pilot, lambda: rows.scroll_offset.y > 0)
        before = rows.scroll_offset.y
        await pilot._post_mouse_events(
            [MouseScrollUp],
            DeliveryList,
            offset=(5, 5),
            button=0,
        )
        await until(pilot, lambda: rows.scroll_offset.y < before)
        assert not rows.following


async def test_a_tab_is_clicked(tmp_path: Path) -> None:
    async with opened(many(1), tmp_path, (120, 40)) as pilot:
        detail = pilot.app.screen.query_one(DetailPane)
        await until(pilot, lambda: detail.delivery_id == 1)
        await pilot.click("#tab-headers")
        await until(pilot, lambda: detail.tabs.active == "headers")


async def test_a_key_of_the_footer_is_clicked(tmp_path: Path) -> None:
    client = many(1)
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 1)
        keys = pilot.app.screen.query_one(KeyLine)
        await pilot.click(keys, offset=(str(keys.render()).index("Replay"), 0))
        await until(pilot, lambda: any("replayed" in each for each in toasts(pilot)))


async def test_what_is_dragged_over_is_copied(tmp_path: Path) -> None:
    """By the same ctrl+c that would end the application if nothing was selected."""
    async with opened(many(1), tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 1)
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys" in screen_text(pilot))
        view = pilot.app.screen.query_one(".dialog-title")
        await pilot.mouse_down(view, offset=(0, 0))
        await pilot.hover(view, offset=(3, 0))
        await pilot.mouse_up(view, offset=(3, 0))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "copied the selected text" in toasts(pilot))
        assert pilot.app.clipboard.startswith("Key")

"""What is written to a terminal bit by bit comes to what the whole screen would be, were it written anew."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from scripts.screen import Screen as Terminal
from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, until
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane

SIZE = (100, 30)
KEYS = (
    *("k", "k", "j", "g", "pagedown", "G", "enter", "j", "j", "k", "minus", "tab", "escape"),
    *("t", "k", "t", "slash", "x", "backspace", "m", "enter", "escape", "z", "z", "D", "D"),
    *("question_mark", "escape", "E", "escape", "up", "f"),
)


def many(count: int) -> FakeClient:
    return FakeClient(
        *(
            (delivery(id=number, body=b'{"number": %d, "more": [1, 2]}' % number), [])
            for number in range(1, count + 1)
        )
    )


def watched(pilot: Pilot[None]) -> Callable[[], bool]:
    """Watch what the application writes from now on; return a call that says whether all has been written."""
    app, terminal = pilot.app, Terminal(*SIZE)

    def display(_: Screen[object], update: object) -> None:
        if isinstance(update, CompositorUpdate):
            terminal.feed(update.render_segments(app.console).encode())

    def is_painted() -> bool:
        whole = Terminal(*SIZE)
        strips = app.screen._compositor.render_strips()
        lines = "\n".join(strip.render(app.console) for strip in strips)
        whole.feed(b"\x1b[1;1H" + lines.encode())
        return terminal.part(0, SIZE[1], 0) == whole.part(0, SIZE[1], 0)

    app._display = display  # type: ignore[method-assign,assignment]
    app.screen.refresh()
    return is_painted


async def test_what_is_painted_is_all_that_has_changed(tmp_path: Path) -> None:
    client = many(90)
    async with opened(client, tmp_path, SIZE) as pilot:
        is_painted = watched(pilot)
        await until(pilot, is_painted)
        for number, key in enumerate(KEYS, 91):
            await pilot.press(key)
            client.arrive(delivery(id=number, body=b"{}"))
            await until(pilot, is_painted)
            assert pilot.app.is_running


async def test_no_more_is_rendered_than_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the cursor's two lines, the first line of the screen and the detail, that is not all of the list."""
    heights: list[int] = []
    render = DeliveryList.render_lines

    def rendered(rows: DeliveryList, crop: Region) -> list[Strip]:
        heights.append(crop.height)
        return render(rows, crop)

    async with opened(many(90), tmp_path, SIZE) as pilot:
        is_painted = watched(pilot)
        # Or else what the first key changes comes with the whole screen, and once more with what the second does.
        await until(pilot, is_painted)
        await pilot.press("k")
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 89)
        await until(pilot, is_painted)
        monkeypatch.setattr(DeliveryList, "render_lines", rendered)
        await pilot.press("k")
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 88)
        await pilot.pause()
        assert heights
        assert max(heights) <= 2

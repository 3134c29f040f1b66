"""Terminals smaller than anybody reads in: nothing crashes, and what is made large again looks as it did."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.fakes import opened, screen_text, until
from tests.tui.pictures import at, still
from tests.tui.scenes import SCENES
from tests.tui.stock import stocked
from tui.screens.edit import EditScreen
from tui.widgets.delivery_list import DeliveryList

ONLY_WORDS = {
    "hex", "whole screen", "cause of a mismatch", "missing secret", "subscription that waits", "checking everything",
    "replaying a set", "pinned", "picked", "filter", "filter being completed", "text diff",
}  # fmt: skip
"""Scenes that are like others but for what stands in them."""
ODD = ((1, 1), (2, 2), (10, 3), (20, 5), (200, 2), (3, 60))
USUAL = (80, 24)


async def walk(pilot: Pilot[None], *sizes: tuple[int, int]) -> str:
    """Go through sizes, and return what the screen looks like at the usual one after them.

    A list that does not follow is shown from its top: what is selected is kept in sight, but not in its row.
    """
    for size in (*sizes, USUAL):
        await pilot.resize_terminal(*size)
    for rows in pilot.app.screen.query(DeliveryList):
        if not rows.following:
            rows.scroll_to(0, 0, animate=False)
    return await still(pilot)


@pytest.mark.parametrize("name", [name for name in SCENES if name not in ONLY_WORDS])
async def test_every_screen_at_every_size(tmp_path: Path, name: str) -> None:
    """From each size to the next, and back to the usual one."""
    scene = SCENES[name]
    client = scene.client()
    async with opened(client, tmp_path, USUAL) as pilot:
        await scene.show(pilot, client)
        before = await walk(pilot)
        after = await walk(pilot, *ODD)
        # Textual's editor may go on folding as if beside a scrollbar that is there no more.
        assert after == before or scene.kind is EditScreen
        assert isinstance(pilot.app.screen, scene.kind)


@pytest.mark.parametrize("size", ODD)
async def test_opened_at_that_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """It begins so small, and each dialog comes up in it."""
    async with opened(stocked(), tmp_path, size) as pilot:
        for key in ("E", "e", "N", "x", "m", "a", "s", "slash", "question_mark", "ctrl+p"):
            await pilot.press(key)
            await still(pilot)
            await pilot.press("escape")
        assert await at(pilot, USUAL)
        assert pilot.app.is_running


@pytest.mark.parametrize("width", [40, 60, 80])
async def test_no_line_of_a_toast_is_lost(tmp_path: Path, width: int) -> None:
    """However long the text is for its width."""
    async with opened(stocked(), tmp_path, (width, 20)) as pilot:
        for length in range(20, 60, 3):
            pilot.app.clear_notifications()
            pilot.app.notify(f"{'x' * length} END")
            await until(pilot, lambda: "END" in screen_text(pilot))

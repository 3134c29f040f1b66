from textual.app import App, ComposeResult

from tui.folding import Line
from tui.widgets.cursor_view import CursorView


class _Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield CursorView()


async def test_other_lines_are_shown_from_their_top() -> None:
    """Wherever the cursor was in those before."""
    async with _Lines().run_test(size=(20, 10)) as pilot:
        view = pilot.app.query_one(CursorView)
        view.show([Line(f"old {number}") for number in range(100)])
        view.focus()
        await pilot.press("G")
        assert view.scroll_offset.y > 50

        view.show([Line(f"new {number}") for number in range(100)])
        await pilot.pause()
        assert (view.cursor, view.scroll_offset.y) == (0, 0)


async def test_newer_lines_of_the_same_keep_the_cursor_in_sight() -> None:
    async with _Lines().run_test(size=(20, 10)) as pilot:
        view = pilot.app.query_one(CursorView)
        view.show([Line(f"line {number}") for number in range(100)])
        view.focus()
        await pilot.press("G")

        view.show([Line(f"line {number}") for number in range(50)], keep_place=True)
        await pilot.pause()
        assert (view.cursor, view.scroll_offset.y) == (49, 40)

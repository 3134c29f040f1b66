import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.steady import SteadyText


class _Texts(App[None]):
    CSS = """
    #tall { height: auto; width: 1fr; }
    #wide { height: 1; width: auto; }
    #least { height: 1; width: auto; min-width: 10; padding: 0 1; }
    """

    def compose(self) -> ComposeResult:
        yield SteadyText(id="tall")
        yield SteadyText(id="wide")
        yield SteadyText(id="least")

    def show(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", SteadyText).show(Content(text))


def _sizes(app: App[None]) -> list[tuple[int, int]]:
    return [(each.size.width, each.size.height) for each in app.query("#tall, #wide")]


async def test_a_text_takes_the_room_it_needs() -> None:
    app = _Texts()
    async with app.run_test(size=(40, 10)) as pilot:
        for tall, wide, sizes in (
            ("one line", "abc", [(40, 1), (3, 1)]),
            ("another", "xyz", [(40, 1), (3, 1)]),
            ("two\nlines", "longer", [(40, 2), (6, 1)]),
            ("x" * 100, "", [(40, 3), (0, 1)]),
            ("again", "back", [(40, 1), (4, 1)]),
        ):
            app.show("tall", tall)
            app.show("wide", wide)
            await pilot.pause()
            assert _sizes(app) == sizes, (tall, wide)
            assert "".join(str(each.render()) for each in app.query("#tall, #wide")) == tall + wide


async def test_the_screen_is_laid_out_only_for_another_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = _Texts()
    async with app.run_test(size=(40, 10)) as pilot:
        app.show("tall", "one")
        app.show("least", "one")
        await pilot.pause()
        asked: list[bool] = []
        _note_refreshes(app.query_one("#tall"), asked, monkeypatch)

        app.show("tall", "one")
        assert asked == []
        app.show("tall", "two")
        assert asked == [False]
        app.show("tall", "two\nlines")
        assert asked == [False, False, True]
        app.query_one("#tall", SteadyText).show(Content("two\nlines", []).stylize("bold"))
        assert asked[3:] == [False]


async def test_as_long_as_it_has_room_or_is_hidden_nothing_is_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = _Texts()
    async with app.run_test(size=(40, 10)) as pilot:
        app.show("least", "one")
        await pilot.pause()
        asked: list[bool] = []
        _note_refreshes(app.query_one("#least"), asked, monkeypatch)

        app.show("least", "12345678")
        assert asked == [False]
        app.show("least", "123456789")
        assert asked == [False, False, True]

        app.query_one("#least").display = False
        await pilot.pause()
        asked.clear()
        app.show("least", "longer than ever")
        assert asked == [False]


def _note_refreshes(text: Widget, asked: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Note of each refresh whether it asks for a layout."""

    def refresh(*regions: Region, **how: bool) -> Widget:
        asked.append(how.get("layout", False))
        return Widget.refresh(text, *regions, **how)

    monkeypatch.setattr(text, "refresh", refresh)

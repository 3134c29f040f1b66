import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from tui.widgets.key_line import KeyLine


class _Keys(App[None]):
    CSS = """
    KeyLine { dock: bottom; height: 1; }
    .key, .pointed { background: red; }
    """
    COMPONENT_CLASSES = {"key", "pointed"}  # noqa: RUF012 - typed so by Textual
    BINDINGS = [  # noqa: RUF012 - typed so by Textual
        Binding("a,b", "note('a')", "First", tooltip="the first of them"),
        Binding("c", "note('c')", "Dimmed"),
        Binding("d", "note('d')", "Hidden", show=False),
        Binding("e", "note('e')", "Later"),
    ]
    offered = "a"

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []
        self.bells = 0

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "note" or parameters == ("d",):
            return True
        if parameters == ("c",):
            return None
        return str(parameters[0]) in self.offered

    def action_note(self, what: str) -> None:
        self.noted.append(what)

    def bell(self) -> None:
        self.bells += 1


@pytest.fixture
def app() -> _Keys:
    return _Keys()


def _place(line: KeyLine, text: str) -> tuple[int, int]:
    return str(line.render()).index(text), 0


def _explained(app: App[None]) -> object:
    return app.query_one(KeyLine).tooltip


async def test_it_has_the_keys_that_are_of_use_now(app: _Keys) -> None:
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        line = app.query_one(KeyLine)
        assert str(line.render()) == " a First  c Dimmed "
        app.offered = "ae"
        app.screen.refresh_bindings()
        await pilot.pause()
        assert str(line.render()) == " a First  c Dimmed  e Later "


async def test_what_is_clicked_is_pressed(app: _Keys) -> None:
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        line = app.query_one(KeyLine)
        await pilot.click(line, offset=_place(line, "First"))
        await pilot.pause()
        assert (app.noted, app.bells) == (["a"], 0)
        await pilot.click(line, offset=_place(line, "Dimmed"))
        await pilot.pause()
        assert (app.noted, app.bells) == (["a"], 1)
        await pilot.click(line, offset=(50, 0))
        await pilot.pause()
        assert (app.noted, app.bells) == (["a"], 1)


async def test_what_is_pointed_at_is_explained(app: _Keys) -> None:
    async with app.run_test(size=(60, 5), tooltips=True) as pilot:
        await pilot.pause()
        line = app.query_one(KeyLine)
        await pilot.hover(line, offset=_place(line, "First"))
        assert _explained(app) == "the first of them"
        await pilot.hover(line, offset=(50, 0))
        assert _explained(app) is None
        await pilot.hover(line, offset=_place(line, "First"))
        assert _explained(app) == "the first of them"
        await pilot.hover(Static)
        assert app.query_one(KeyLine).pointed is None

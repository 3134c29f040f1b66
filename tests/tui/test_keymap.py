"""Every key of every screen: in the help, in the palette, and under whatever key a person has given it."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.command import DiscoveryHit
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widgets import Input

import tui
from inspector.core.table import Table
from inspector.core.toml import read
from inspector.errors import ConfigError
from tests.factories import delivery
from tests.tui.fakes import FakeClient, toasts, until
from tui.app import HooktapApp
from tui.commands import KeyCommands
from tui.keymap import PLACES, groups, own_bindings, read_keys
from tui.screens.help import HelpScreen
from tui.widgets.line_view import LineView


def configured(text: str) -> list[Table]:
    values, whole = read(text.encode(), "hooktap.toml")
    return [Table(values, "hooktap.toml", text=whole)]


def kinds() -> Iterator[type[DOMNode]]:
    """Yield every class of ours that has keys of its own."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        for each in vars(importlib.import_module(module.name)).values():
            if not (isinstance(each, type) and issubclass(each, DOMNode)):
                continue
            if each.__module__ == module.name and each.__dict__.get("BINDINGS"):
                yield each


def every() -> list[Binding]:
    owners: list[type[DOMNode]] = [*PLACES, HooktapApp]
    return [each for kind in owners for each in own_bindings(kind)]


def listed(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen.query_one(LineView).lines
    return "\n".join(str(line.content) for line in lines)


def app(client: FakeClient, directory: Path, config: str = "") -> HooktapApp:
    return HooktapApp(client, directory=directory, config=configured(config))


def test_every_class_with_keys_has_its_place() -> None:
    """Whoever adds a screen adds it to the help."""
    assert set(kinds()) == {*PLACES, HooktapApp}


def test_every_key_can_be_named_and_explained() -> None:
    """An id to give it another key by, which no other has, and what it does."""
    for kind in kinds():
        for each in kind.__dict__["BINDINGS"]:
            assert isinstance(each, Binding), kind
            assert each.id, each
            assert each.description, each
    ids = [each.id for each in every()]
    assert sorted(set(ids), key=str) == sorted(ids, key=str)


async def test_the_help_has_every_key(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []))
    async with app(client, tmp_path).run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        text = listed(pilot)
        for title, bindings in groups(HooktapApp).items():
            assert title in text
            for each in bindings:
                assert f"{each.tooltip or each.description}  {each.id or ''}".strip() in text


async def test_the_help_is_searched_by_typing(tmp_path: Path) -> None:
    """By what a key does, where, under which id, or by the key; what is sought is text, and no markup."""
    client = FakeClient((delivery(id=1), []))
    async with app(client, tmp_path).run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press(*"verbatim")
        await until(pilot, lambda: "Replay with every header" in listed(pilot))
        assert "Next delivery" not in listed(pilot)
        search = pilot.app.screen.query_one(Input)
        for typed, found in (
            ("delivery.copy", "Copy the delivery as a curl command"),
            ("LIST newest", "Newest delivery, and follow"),
            ("ctrl+f", "Choose"),
            ("[/] \x1b", "no key does that"),
            ("", "Replay with every header"),
        ):
            search.value = typed
            await pilot.pause()
            assert found in listed(pilot) or found == "Choose"
        await pilot.press("pagedown", "down")
        assert pilot.app.screen.query_one(LineView).scroll_offset.y > 1
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_the_palette_has_what_every_key_of_the_screen_does(tmp_path: Path) -> None:
    """Also of what has not the keyboard; but nothing twice, and nothing that would be refused."""
    client = FakeClient((delivery(id=1), []))
    async with app(client, tmp_path).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: ("feed", 1) in client.calls)
        await pilot.pause()
        provider = KeyCommands(pilot.app.screen)
        names = [
            str(hit.display) async for hit in provider.discover() if isinstance(hit, DiscoveryHit)
        ]
        assert len(names) == len(set(names))
        screen = pilot.app.screen
        for node in (pilot.app, screen, *screen.walk_children()):
            for kind in type(node).__mro__:
                if kind in {*PLACES, HooktapApp} and getattr(node, "is_on_screen", True):
                    for each in own_bindings(kind):
                        action = each.action.partition("(")[0]
                        if node.check_action(action, ()):
                            assert each.description in names, each
        assert "Show the headers" in names
        assert "Copy the value" in names


async def test_another_key(tmp_path: Path) -> None:
    """The new one does it, the old one no more; the help and the palette name the new one."""
    client = FakeClient((delivery(id=1), []))
    config = '[keys]\n"app.help" = "f5"\n"delivery.copy" = "ctrl+y, ctrl+k"\n'
    async with app(client, tmp_path, config).run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: ("feed", 1) in client.calls)
        await pilot.press("question_mark")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        assert "  f5 " in listed(pilot)
        assert "^y ^k" in listed(pilot)
        await pilot.press("escape")
        for count, key in enumerate(("ctrl+y", "ctrl+k"), start=1):
            await pilot.press(key)
            await until(pilot, lambda count=count: _copies(pilot) == count)  # type: ignore[misc]


def _copies(pilot: Pilot[None]) -> int:
    return sum("as a curl command" in each for each in toasts(pilot))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            '[keys]\n"delivery.repaly" = "x"',
            "hooktap.toml:2: keys: unknown key 'delivery.repaly' (did you mean 'delivery.replay'?)",
        ),
        (
            '[keys]\n"delivery.replay" = "crtl+r"',
            "hooktap.toml:2: keys.delivery.replay: there is no key 'crtl+r' (such as: r, R, f5, ctrl+r, space, enter)",
        ),
        (
            '[keys]\n"delivery.replay" = "c"',
            "hooktap.toml:2: keys.delivery.replay: 'c' is the key of 'delivery.copy' already: give that another",
        ),
        (
            '[keys]\n"delivery.replay" = "j"',
            "hooktap.toml:2: keys.delivery.replay: 'j' is the key of 'list.next' already: give that another",
        ),
        (
            '[keys]\n"diff.swap" = "q"',
            "hooktap.toml:2: keys.diff.swap: 'q' is the key of 'diff.close' already: give that another",
        ),
        (
            '[keys]\n"delivery.replay" = "f5"\n"app.quit" = "f5"',
            "hooktap.toml:2: keys.delivery.replay: 'f5' is the key of 'app.quit' already: give that another",
        ),
        (
            '[keys]\n"app.quit" = 5',
            "hooktap.toml:2: keys.app.quit: expected a string, got an integer",
        ),
        ('[keys]\n"app.quit" = ""', "hooktap.toml:2: keys.app.quit: must not be empty"),
        ('[keys]\n"app.quit" = ","', "hooktap.toml:2: keys.app.quit: there is no key ''"),
        ("keys = 5", "hooktap.toml:1: keys: expected a table, got an integer"),
        ('theme = "nrod"', "hooktap.toml:1: theme: unknown value 'nrod' (did you mean 'nord'?)"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, config: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        app(FakeClient(), tmp_path, config)
    assert str(told.value).startswith(sentence)


@pytest.mark.parametrize(
    "config",
    [
        '"delivery.replay" = "c"\n"delivery.copy" = "r"',  # they change places
        '"diff.swap" = "r"',  # another screen's
        '"list.newest" = "y"',  # of two that never have the keyboard at once
        '"delivery.replay" = "r"',
        '"delivery.replay" = "?"\n"app.help" = "F"',
        '"app.quit" = "shift+f5,alt+x,ctrl+space"',
    ],
)
def test_keys_that_do_not_meet(tmp_path: Path, config: str) -> None:
    app(FakeClient(), tmp_path, f"[keys]\n{config}")


def test_the_stronger_file_comes_first() -> None:
    tops = [
        *configured('[keys]\n"app.quit" = "f9"'),
        *configured('[keys]\n"app.quit" = "f10"\n"app.help" = "f5"'),
    ]
    assert read_keys(tops, HooktapApp) == {"app.quit": "f9", "app.help": "f5"}

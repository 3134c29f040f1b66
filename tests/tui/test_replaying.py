"""Replays from the terminal: edited in a form or an editor, a whole set, and one that is sent again by itself."""

import asyncio
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select, Static, TextArea

from inspector.client import Client
from inspector.core.model import Endpoint, Sign
from tests import factories, fakes
from tests.client.test_replaying import saying, stage
from tests.client.test_watching import touch
from tests.tui.fakes import screen_text, toasts, until
from tui.app import HooktapApp
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.edit import EditScreen

HOSTILE = "\x1b]52;c;eA==\x07\x9b2J\x00\u202e[/][@click=app.quit]x"


@asynccontextmanager
async def opened(
    client: Client, folder: Path, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Pilot[None]]:
    """Open the terminal on a real inspector, with a delivery selected."""
    app = HooktapApp(client, directory=folder, zone=UTC)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, DeliveriesScreen)
        await until(pilot, lambda: screen.selected is not None)
        yield pilot


@asynccontextmanager
async def terminal(
    folder: Path, script: fakes.Script, count: int = 1
) -> AsyncIterator[tuple[Pilot[None], fakes.Target]]:
    """Open it on one that has received `count` deliveries."""
    async with (
        stage(folder / "data", script, count) as (client, target, _),
        opened(client, folder) as pilot,
    ):
        yield pilot, target


async def edit(pilot: Pilot[None]) -> EditScreen:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditScreen))
    screen = pilot.app.screen
    assert isinstance(screen, EditScreen)
    await until(pilot, lambda: screen.query_one("#headers", TextArea).text)
    await pilot.pause()
    return screen


def complaint(screen: EditScreen) -> str:
    return str(screen.query_one("#edit-problem", Static).content)


async def told(pilot: Pilot[None], part: str) -> None:
    await until(pilot, lambda: any(part in each for each in toasts(pilot)))


async def test_edited_in_the_form(tmp_path: Path) -> None:
    script = saying(fakes.answer(500), fakes.OK, fakes.OK)
    async with terminal(tmp_path, script) as (pilot, target):
        await pilot.press("r")
        await told(pilot, "#1 replayed: ✗ 500")
        screen = await edit(pilot)
        screen.query_one("#method", Input).value = "put"
        screen.query_one("#path", Input).value = "/paid?x=1"
        screen.query_one("#body", TextArea).text = '{"n": "é"}'
        headers = screen.query_one("#headers", TextArea)
        headers.text += "\nX-Mine: 1"
        screen.query_one("#sign", Select).value = Sign.VERBATIM
        await pilot.press("ctrl+s")
        await told(pilot, "#1 replayed verbatim, edited: ✓ 200")
        assert any(", fixed" in each and "d compares" in each for each in toasts(pilot))
        again = await edit(pilot)
        assert again.query_one("#path", Input).value == "/paid?x=1"
        assert "as it was edited last" in screen_text(pilot)
        await pilot.press("ctrl+o", "ctrl+s")
        await told(pilot, "#1 replayed: ✓ 200")

    first, second, third = target.requests
    assert second.line == b"put /paid?x=1 HTTP/1.1"
    assert second.body == '{"n": "é"}'.encode()
    assert second.header(b"X-Mine") == [b"1"]
    assert (third.line, third.body) == (first.line, first.body)


async def test_somewhere_else(tmp_path: Path) -> None:
    async with (
        fakes.serve(fakes.answering()) as other,
        terminal(tmp_path, fakes.answering()) as (pilot, target),
    ):
        screen = await edit(pilot)
        screen.query_one("#to", Input).value = "ftp://x"
        await pilot.press("ctrl+s")
        assert "http" in complaint(screen)
        screen.query_one("#to", Input).value = str(other.port)
        await pilot.press("ctrl+s")
        await told(pilot, "#1 replayed: ✓ 200")

    assert (len(other.requests), target.requests) == (1, [])


async def test_what_would_be_something_else_stays_in_the_form(tmp_path: Path) -> None:
    refused = {
        ("method", "G ET"): "the method 'G ET' cannot be sent",
        ("path", "/a b"): "percent-encode",
        ("path", "/a\r\nX: y"): "percent-encode",
        ("headers", "A: b\nnonsense"): "headers, line 2: 'nonsense' is no header",
        ("headers", "A: \0"): "CR, LF or NUL",
    }
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        screen = await edit(pilot)
        for (field, value), said in refused.items():
            widget = screen.query_one(f"#{field}")
            if isinstance(widget, Input):
                widget.value = value
            elif isinstance(widget, TextArea):
                widget.text = value
            await pilot.press("ctrl+s")
            assert said in complaint(screen)
            assert complaint(screen).isprintable()
            await pilot.press("ctrl+o")
        assert pilot.app.screen is screen
    assert target.requests == []


async def test_hostile_delivery_in_the_form(tmp_path: Path) -> None:
    """Nothing of it reaches the terminal, and what the form cannot hold is sent as it arrived."""
    arrived = factories.request(
        target=b"/in/demo/\xff",
        headers=factories.headers(("X-Bad", "a\x9b2J\u202e[/]"), ("X-Good", "b")),
        body=HOSTILE.encode(),
    )
    async with stage(tmp_path / "data", fakes.answering(), 0) as (client, target, inspector):
        await inspector.pipeline.accept(Endpoint("demo"), arrived)
        async with opened(client, tmp_path) as pilot:
            form = await edit(pilot)
            assert not set(screen_text(pilot)) & set("\x1b\x9b\x00\u202e\x07")
            shown = [form.query_one(f"#{name}") for name in ("path", "headers", "body")]
            assert all(each.disabled for each in shown)
            form.query_one("#method", Input).value = "PUT"
            await pilot.press("ctrl+s")
            await told(pilot, "#1 replayed, edited: ✓ 200")

    (taken,) = target.requests
    assert taken.line == b"PUT /\xff HTTP/1.1"
    assert taken.body == arrived.body
    assert taken.header(b"X-Bad") == [arrived.headers.get(b"X-Bad")]


async def test_changes_are_not_thrown_away_at_once(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        screen = await edit(pilot)
        await pilot.press("x", "escape")
        assert complaint(screen) == "escape again throws the changes away"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        await edit(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))

    assert target.requests == []


@contextmanager
def suspend(_: HooktapApp) -> Iterator[None]:
    """Let an editor be opened, though there is no terminal to give it."""
    yield


def editor(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "an editor.py"
    script.write_text(f"import os, pathlib, sys\npath = pathlib.Path(sys.argv[1])\n{code}\n")
    monkeypatch.setenv("VISUAL", f"{sys.executable} '{script}'")


async def test_edited_in_an_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private file, gone afterwards; what cannot be read is told with its line, and can be mended."""
    code = """
(path.parent / "seen").write_text(f"{path.stat().st_mode:o}")
text = path.read_bytes()
mended = text.replace(b"nonsense", b"X-Mine: 1") if b"nonsense" in text else text.replace(b"Host", b"nonsense\\nHost")
path.write_bytes(mended.replace(b'{"n": 0}', b'\\x00\\xff') + b"\\n")
"""
    editor(tmp_path, code, monkeypatch)
    monkeypatch.setattr(HooktapApp, "suspend", suspend)
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        screen = await edit(pilot)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: "line 2: 'nonsense' is no header" in complaint(screen))
        await pilot.press("ctrl+e")
        await until(pilot, lambda: "X-Mine: 1" in screen.query_one("#headers", TextArea).text)
        assert screen.query_one("#body").disabled
        assert "not text that can be edited here" in screen_text(pilot)
        await pilot.press("ctrl+s")
        await told(pilot, "#1 replayed, edited: ✓ 200")

    (taken,) = target.requests
    assert taken.header(b"X-Mine") == [b"1"]
    assert taken.body.startswith(b"\0\xff")
    assert stat.S_IMODE(int((tmp_path / "seen").read_text(), 8)) == 0o600
    assert not list(tmp_path.glob("edit-*"))


async def test_editor_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form says why, and holds what it held."""
    failing = {
        "false": "false ended with 1: nothing was changed",
        "/no/such/editor": "cannot start /no/such/editor: No such file",
        "'": "EDITOR cannot be read",
    }
    async with terminal(tmp_path, fakes.answering()) as (pilot, _):
        screen = await edit(pilot)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: "no terminal here" in complaint(screen))
        monkeypatch.setattr(HooktapApp, "suspend", suspend)
        for command, said in failing.items():
            monkeypatch.setenv("VISUAL", command)
            await pilot.press("ctrl+e")
            await until(pilot, lambda said=said: said in complaint(screen))  # type: ignore[misc]
        assert screen.query_one("#body", TextArea).text == '{"n": 0}'
    assert not list(tmp_path.glob("edit-*"))


async def ask_for_all(pilot: Pilot[None]) -> None:
    await pilot.press("A")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
    await pilot.pause()


async def test_everything_listed(tmp_path: Path) -> None:
    """Asked first, with the count; told at the end what changed."""
    script = saying(fakes.answer(500), fakes.answer(500), fakes.answer(500), fakes.OK)
    async with terminal(tmp_path, script, 3) as (pilot, target):
        await ask_for_all(pilot)
        assert "Replay 3 deliveries?" in screen_text(pilot)
        await pilot.press("m")  # nothing is marked
        await pilot.press("n")
        await pilot.pause()
        assert target.requests == []
        await ask_for_all(pilot)
        await pilot.press("y")
        await told(pilot, "replayed 3 of 3, 3 failed")
        await ask_for_all(pilot)
        await pilot.press("enter")
        await told(pilot, "replayed 3 of 3, 0 failed, 3 fixed")

    assert [taken.body for taken in target.requests] == [b'{"n": %d}' % (n % 3) for n in range(6)]


async def test_set_is_stopped_with_escape(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            begun.set()
            await go.wait()
            await peer.say(fakes.OK)

    async with terminal(tmp_path, script, 3) as (pilot, target):
        await ask_for_all(pilot)
        await pilot.press("y")
        await until(pilot, begun.is_set)
        await until(pilot, lambda: "replayed 0 of 3, 0 failed   escape stops" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "stopping" in screen_text(pilot))
        go.set()
        await told(pilot, "stopped: replayed 1 of 3, 0 failed")
        await until(pilot, lambda: "escape stops" not in screen_text(pilot))

    assert len(target.requests) == 1


async def pin(pilot: Pilot[None], paths: str = "", key: str = "enter") -> None:
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, AutoReplayScreen))
    pilot.app.screen.query_one(Input).value = paths
    await pilot.press(key)


async def test_pinned_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent at once, and when a file changes; pressed again, or with escape, it is let go."""
    for name in ("LOOK_S", "SETTLE_S"):
        monkeypatch.setattr(f"inspector.client.autoreplay.{name}", 0.05)
    path = tmp_path / "app.py"
    touch(path)
    script = saying(fakes.answer(500), fakes.OK, fakes.OK)
    async with terminal(tmp_path, script) as (pilot, target):
        await pin(pilot, str(path))
        await told(pilot, "#1 (start): ✗ 500")
        touch(path)
        await told(pilot, "#1 (app.py changed): ✓ 200")
        await until(pilot, lambda: "pinned #1, round 2: ✓ 200, fixed" in screen_text(pilot))
        await pilot.press("escape")
        await told(pilot, "#1 is let go")
        await until(pilot, lambda: "pinned" not in screen_text(pilot))
        await pin(pilot)
        await told(pilot, "#1 (start): ✓ 200")
        await until(pilot, lambda: "pinned #1" in screen_text(pilot))
        await pilot.press("a")
        await until(pilot, lambda: "pinned #1" not in screen_text(pilot))
        await pin(pilot, key="ctrl+s")
        await told(pilot, "#1 has succeeded, and is let go")

    assert len(target.requests) == 4


async def test_what_cannot_be_watched(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        await pin(pilot, "/no/such/path")
        await told(pilot, "there is no /no/such/path to watch")
        assert target.requests == []


async def test_every_size(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        for size in ((80, 24), (60, 20), (20, 5), (1, 1)):
            await edit(pilot)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert size[0] < 60 or "ctrl+s sends" in screen_text(pilot)
            await pilot.press("escape", "A")
            await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
            await pilot.press("escape", "a")
            await until(pilot, lambda: isinstance(pilot.app.screen, AutoReplayScreen))
            await pilot.press("escape")
    assert target.requests == []

"""A mistake of ours, injected wherever code of ours runs: it is told, logged, and ends nothing but itself."""

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from tests.tui.fakes import until
from tui import faults
from tui.faults import Faults, surviving

HOSTILE = "[/] \x1b]52;c;aGk=\x07 \udcff"


class Fragile(Widget):
    """Raises where it is told to."""

    can_focus = True
    broken = False

    def render(self) -> str:
        if self.broken:
            raise KeyError(HOSTILE)
        return "whole"

    def on_click(self) -> None:
        raise KeyError(HOSTILE)


class Mounts(ModalScreen[None]):
    BINDINGS = [Binding("escape", "dismiss", "Close", id="mounts.close")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Static("a dialog")

    def on_mount(self) -> None:
        raise RuntimeError("mounted badly")


class Composes(Mounts):
    def compose(self) -> ComposeResult:
        raise RuntimeError("composed badly")

    def on_mount(self) -> None:
        pass


class Proof(App[None]):
    CSS = "Fragile { height: 1; }"
    BINDINGS = [  # noqa: RUF012
        Binding("a", "fail", "Fail", id="proof.fail"),
        Binding("w", "work", "Work", id="proof.work"),
        Binding("x", "work_on", "Work on", id="proof.work_on"),
        Binding("t", "time", "Time", id="proof.time"),
        Binding("l", "later", "Later", id="proof.later"),
        Binding("m", "push('mounts')", "Mounts", id="proof.mounts"),
        Binding("c", "push('composes')", "Composes", id="proof.composes"),
        Binding("g", "good", "Good", id="proof.good"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.good = 0
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        yield Fragile()
        yield Input()

    def on_mount(self) -> None:
        self.query_one(Fragile).focus()

    def notify(self, message: str, **_: object) -> None:
        self.said.append(message)

    def action_good(self) -> None:
        self.good += 1

    def action_fail(self) -> None:
        raise ValueError("an action")

    @work
    async def action_work(self) -> None:
        raise ValueError("a worker")

    @work(exit_on_error=False)
    async def action_work_on(self) -> None:
        raise ValueError("a worker that nobody minds")

    def action_time(self) -> None:
        self.set_timer(0.01, self._time)

    def _time(self) -> None:
        raise ValueError("a timer")

    def action_later(self) -> None:
        self.call_later(self._time)

    def action_push(self, name: str) -> None:
        self.push_screen(Mounts() if name == "mounts" else Composes())


@asynccontextmanager
async def running(log: Path) -> AsyncIterator[tuple[Pilot[None], Proof]]:
    app = Proof()
    with surviving(app, log):
        async with app.run_test() as pilot:
            await until(pilot, lambda: app._dom_ready)
            await pilot.pause()
            yield pilot, app


def _has(log: Path, text: str, count: int) -> bool:
    return log.exists() and log.read_text().count(text) == count


async def goes_on(pilot: Pilot[None], app: Proof) -> None:
    before = app.good
    app.query_one(Fragile).focus()
    await pilot.press("g")
    await until(pilot, lambda: app.good == before + 1)
    assert app.is_running


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("a", "ValueError: an action"),
        ("w", "ValueError: a worker"),
        ("x", "ValueError: a worker that nobody minds"),
        ("t", "ValueError: a timer"),
        ("l", "ValueError: a timer"),
    ],
)
async def test_whatever_a_key_does(tmp_path: Path, key: str, sentence: str) -> None:
    """It can be done again at once, and so can everything else."""
    log = tmp_path / "terminal.log"
    async with running(log) as (pilot, app):
        for count in (1, 2):
            await pilot.press(key)
            await until(pilot, partial(_has, log, sentence, count))
        assert app.said == [f"{sentence}\n(see {log})"]  # the same is not told twice in a row
        await goes_on(pilot, app)
    assert "Traceback" in log.read_text()


async def test_a_handler_of_a_widget(tmp_path: Path) -> None:
    """The widget still hears what comes after; what a sender wrote is made safe."""
    log = tmp_path / "terminal.log"
    async with running(log) as (pilot, app):
        for count in (1, 2):
            await pilot.click(Fragile)
            await until(pilot, partial(_has, log, "Traceback", count))
        assert "\x1b" not in app.said[0]
        await goes_on(pilot, app)
    assert "\x1b" not in log.read_text()


async def test_a_widget_that_cannot_be_drawn(tmp_path: Path) -> None:
    """The rest of the screen is drawn, and so is the widget once it can be."""
    async with running(tmp_path / "terminal.log") as (pilot, app):
        fragile = app.query_one(Fragile)
        fragile.broken = True
        fragile.refresh()
        await until(pilot, lambda: bool(app.said))
        await goes_on(pilot, app)
        app.query_one(Input).value = "others are drawn"
        await pilot.pause()
        assert "others" in app.export_screenshot()
        fragile.broken = False
        fragile.refresh()
        await pilot.pause()
        assert "whole" in app.export_screenshot()


@pytest.mark.parametrize("key", ["m", "c"])
async def test_a_dialog_that_cannot_open(tmp_path: Path, key: str) -> None:
    """It can be closed."""
    async with running(tmp_path / "terminal.log") as (pilot, app):
        await pilot.press(key)
        await until(pilot, lambda: bool(app.said))
        assert isinstance(app.screen, Mounts)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Mounts))
        await goes_on(pilot, app)


async def test_one_after_the_other(tmp_path: Path) -> None:
    """It does not spin: it ends, with a sentence."""
    log = tmp_path / "terminal.log"
    app = Proof()
    with surviving(app, log) as taken:
        async with app.run_test() as pilot:
            await until(pilot, lambda: taken.taking)
            fragile = app.query_one(Fragile)
            fragile.broken = True

            def again() -> None:
                fragile.refresh()

            app.set_interval(0.005, again)
            await until(pilot, lambda: taken.ended)
            assert app.return_code == 1
            [sentence] = app._exit_renderables
            assert "failed 5 times within a second and has ended: KeyError" in str(sentence)
            assert "\x1b" not in str(sentence)
    assert log.read_text().count("Traceback") == 5


async def test_what_cannot_start_ends(tmp_path: Path) -> None:
    """There would be nothing to look at."""

    class Stillborn(Proof):
        def on_mount(self) -> None:
            raise RuntimeError("no start")

    app = Stillborn()
    with surviving(app, tmp_path / "terminal.log"), pytest.raises(RuntimeError, match="no start"):
        async with app.run_test():
            pass


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Another application in the process is Textual's again, also if the block raised."""
    before = (MessagePump._dispatch_message, Widget.render_lines)
    app = Proof()
    with pytest.raises(RuntimeError), surviving(app, tmp_path / "log"):
        raise RuntimeError
    assert (MessagePump._dispatch_message, Widget.render_lines) == before
    assert "_handle_exception" not in vars(app)


def test_slow_mistakes_end_nothing(tmp_path: Path) -> None:
    """One a second may go on for ever; each is told again after a while."""
    app, now = Proof(), [0.0]
    taken = Faults(app, tmp_path / "log", clock=lambda: now[0])
    for second in range(20):
        now[0] = second
        taken.take(ValueError("again"))
    assert not taken.ended
    assert len(app.said) == 4
    taken.take(OSError("another"))
    assert len(app.said) == 5


def test_the_log_is_private_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.umask(0)
    monkeypatch.setattr(faults, "LOG_MAX_BYTES", 2000)
    log = tmp_path / "log"
    taken = Faults(Proof(), log)
    for count in range(100):
        taken.keep(ValueError(f"{HOSTILE} {count}"))
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert 0 < log.stat().st_size < 4000
    assert log.read_text().rstrip().endswith("99")
    Faults(Proof(), tmp_path / "no" / "folder").keep(ValueError("nowhere to write"))


async def test_messages_of_no_consequence(tmp_path: Path) -> None:
    """What does not raise passes as it is."""

    class Ping(Message):
        pass

    async with running(tmp_path / "log") as (pilot, app):
        app.query_one(Fragile).post_message(Ping())
        await goes_on(pilot, app)
        assert not app.said
    assert not (tmp_path / "log").exists()

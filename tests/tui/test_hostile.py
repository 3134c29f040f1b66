"""What a sender or a target writes can neither steer the terminal, nor speak its markup, nor end the application."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from inspector.client import Connection
from inspector.core.difference import Subject
from inspector.core.model import (
    Confirmed,
    Failure,
    FailureKind,
    Outcome,
    Verification,
)
from inspector.core.text import encode, safe_lines
from inspector.core.wire import JSON
from inspector.errors import HooktapError
from tests.anytext import attempts_of, checks_of, delivery_of
from tests.factories import attempt, delivery, request
from tests.hostile import TEXT
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tests.wire import assert_harmless
from tui.faults import SPIN_FAULTS, Faults
from tui.filterbook import FilterBook
from tui.loading import Loader
from tui.messages import ConnectionChanged, Told
from tui.screens.confirm import ConfirmScreen
from tui.screens.diff import DiffScreen, Side
from tui.screens.edit import EditScreen
from tui.screens.note import NoteScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen

WIRE = encode(TEXT.replace("\ud800", "\udcff"))


def hostile_client() -> FakeClient:
    client = FakeClient((delivery_of(TEXT, WIRE), attempts_of(TEXT, WIRE)))
    checks = checks_of(TEXT)
    client.found[1], client.checks[1] = list(checks.findings), list(checks.history)
    client.confirmed = Confirmed(TEXT, 200)
    client.answers[3] = WIRE
    client.replayed = attempt(delivery_id=1, result=Failure(FailureKind.MALFORMED, TEXT))
    client.sampled = {"status": 500, "body": TEXT, "url": TEXT, "note": TEXT}
    return client


def assert_shown_safely(pilot: Pilot[None]) -> None:
    text = screen_text(pilot)
    assert_harmless(text)
    assert pilot.app.is_running


async def test_every_view(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path, (160, 60)) as pilot:
        await pilot.press("enter")
        for keys in (
            ["1"],
            ["b"],
            ["b"],
            ["2"],
            ["G"],
            ["3"],
            ["G"],
            ["4"],
            ["G"],
            ["5"],
            ["G"],
            ["m"],
            ["escape"],
            ["question_mark"],
            ["escape"],
        ):
            await pilot.press(*keys)
            assert_shown_safely(pilot)
        await until(pilot, lambda: ("verdicts", 1) in client.calls)
        await until(pilot, lambda: "looking for the cause" not in screen_text(pilot))
        assert_shown_safely(pilot)
        assert "[@click=app.quit]click[/]" in screen_text(pilot)
        await until(pilot, lambda: ("response_body", 3) in client.calls)
        assert_shown_safely(pilot)


async def test_markup_is_no_link(tmp_path: Path) -> None:
    """Clicking on what reads like an action does nothing."""
    async with opened(hostile_client(), tmp_path) as pilot:
        await pilot.press("enter")
        for row, line in enumerate(screen_text(pilot).split("\n")):
            if (column := line.find("click[/]")) >= 0:
                await pilot.click(offset=(column + 1, row))
                assert_shown_safely(pilot)


async def test_every_toast(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path, (160, 140)) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app._notifications) == 1)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query("OptionList"))
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app._notifications) == 2)
        client.problem = HooktapError(TEXT)
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app._notifications) == 3)
        pilot.app.notify("its title", title=TEXT)
        await until(pilot, lambda: "its title" in screen_text(pilot))
        assert screen_text(pilot).count("[@click=app.quit]click[/]") >= 4
        assert_shown_safely(pilot)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("handshake", [None, TEXT])
async def test_every_verdict(tmp_path: Path, outcome: Outcome, handshake: str | None) -> None:
    """The advice on a missing secret quotes the endpoint's name, the one on a subscription nothing."""
    verification = Verification(outcome, TEXT, covered=(TEXT,))
    made = replace(
        delivery_of(TEXT, WIRE),
        verification=verification,
        handshake=handshake,
        event="SubscriptionConfirmation",
    )
    client = hostile_client()
    client.rows[1] = (made, [])
    async with opened(client, tmp_path, (120, 60)) as pilot:
        await pilot.press("4", "v", "C")
        await until(pilot, lambda: toasts(pilot))
        await until(pilot, lambda: ("verdicts", 1) in client.calls)
        await pilot.pause()
        assert_shown_safely(pilot)


async def test_body_that_does_not_come(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path) as pilot:
        client.problem = HooktapError(TEXT)
        client.arrive(delivery(id=10))
        await until(pilot, lambda: "app.quit" in screen_text(pilot))
        assert_shown_safely(pilot)
        loaded = await Loader(client).body(delivery(id=10))
        assert_harmless(str(loaded.body))


class Elsewhere(FakeClient):
    """An inspector of somebody else's."""

    async def health(self) -> JSON:
        return await super().health() | {"ingress": TEXT}


async def test_every_field_of_the_inspectors_own_words(tmp_path: Path) -> None:
    """Addresses and provider names come from a configuration that may be somebody else's."""
    client = Elsewhere()
    client.configured = [{"name": "x", "url": TEXT, "target": TEXT, "configured": True}]
    client.offered = [{"name": TEXT, "title": TEXT, "events": [TEXT]}]
    async with opened(client, tmp_path) as pilot:
        assert "app.quit" in screen_text(pilot)
        assert_shown_safely(pilot)
        pilot.app.screen.post_message(ConnectionChanged(Connection.RECONNECTING, TEXT))
        await until(pilot, lambda: "trying again: ␛" in screen_text(pilot))
        assert_shown_safely(pilot)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query("OptionList"))
        assert_shown_safely(pilot)


async def test_copied_command_is_harmless(tmp_path: Path) -> None:
    async with opened(hostile_client(), tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: pilot.app.clipboard)
        copied = pilot.app.clipboard
        assert safe_lines(copied, tab_width=0) == copied


async def test_a_mistake_of_ours(tmp_path: Path) -> None:
    """What is raised may quote a sender: in the log, and in what is said at the end."""
    log = tmp_path / "log"
    async with opened(hostile_client(), tmp_path) as pilot:
        faults = Faults(pilot.app, log, clock=lambda: 0.0)
        for _ in range(SPIN_FAULTS):
            faults.take(ValueError(TEXT))
        (said,) = pilot.app._exit_renderables
    for told in (log.read_text(), str(said)):
        assert "app.quit" in told
        assert_harmless(told)


async def test_the_palette(tmp_path: Path) -> None:
    """Filters that were saved are in it, by name, and the file of them may be of anybody's making."""
    FilterBook(tmp_path).save(TEXT, TEXT)
    async with opened(hostile_client(), tmp_path) as pilot:
        commands = pilot.app.get_system_commands(pilot.app.screen)
        told = [text for each in commands for text in (each.title, each.help)]
    assert len([each for each in told if "app.quit" in each]) == 2
    assert_harmless("\n".join(told))


def dialogs(folder: Path) -> Iterator[Screen[Any]]:
    """Give out every dialog that shows what it was given."""
    provider: JSON = {"name": TEXT, "title": TEXT, "events": [TEXT, TEXT]}
    made = delivery_of(TEXT, WIRE)
    side = Side("#1", Subject.of_delivery(made, WIRE))
    arrived = replace(made.request, method="PROPFIND")
    yield ConfirmScreen(TEXT, "", "")
    yield ConfirmScreen("", TEXT, "")
    yield ConfirmScreen("", "", TEXT)
    yield SavedScreen({TEXT: "event:x"}, print)
    yield SavedScreen({"x": TEXT}, print)
    yield NameScreen(TEXT)
    yield NoteScreen(1, TEXT)
    yield SampleScreen([provider])
    yield EditScreen(1, arrived, folder)
    yield EditScreen(1, arrived, folder, target=TEXT)
    yield DiffScreen(side, side, [TEXT], copied)


async def copied(_text: str, _name: str) -> Told:
    return Told(TEXT)


async def test_every_dialog(tmp_path: Path) -> None:
    """Given what its caller has cleaned, or an inspector would not have told."""
    async with opened(hostile_client(), tmp_path, (160, 60)) as pilot:
        for dialog in dialogs(tmp_path):
            await pilot.app.push_screen(dialog)
            await pilot.pause()
            await until(pilot, lambda: "\\u009b" in screen_text(pilot))
            assert_shown_safely(pilot)
            pilot.app.pop_screen()


async def test_what_an_edit_complains_of(tmp_path: Path) -> None:
    """What an editor gave back is quoted."""
    async with opened(FakeClient(), tmp_path, (160, 60)) as pilot:
        edit = EditScreen(1, request(), tmp_path)
        await pilot.app.push_screen(edit)
        edit._complain(TEXT)
        await until(pilot, lambda: "app.quit" in screen_text(pilot))
        assert_shown_safely(pilot)

"""The edit form loses nothing that a person wrote: what it refuses, what is refused later, what `escape` asks."""

from pathlib import Path

import pytest
from textual.widgets import Input, Select, TextArea

from inspector.core.model import Endpoint, Sign
from tests import factories, fakes
from tests.client.test_replaying import stage
from tests.tui.fakes import until
from tests.tui.test_replaying import complaint, edit, editor, opened, suspend, terminal, told
from tui.app import HooktapApp
from tui.screens.deliveries import DeliveriesScreen

ASKED = "escape again throws the changes away"


async def test_without_a_target_the_form_says_so_and_stays(tmp_path: Path) -> None:
    async with stage(tmp_path / "data", fakes.answering(), 0) as (client, target, inspector):
        await inspector.pipeline.accept(Endpoint("bare"), factories.request(body=b"{}"))
        async with opened(client, tmp_path) as pilot:
            screen = await edit(pilot)
            screen.query_one("#body", TextArea).text = '{"mine": 1}'
            await pilot.press("ctrl+s")
            assert "the endpoint has no target" in complaint(screen)
            assert pilot.app.screen is screen
            await pilot.press(*str(target.port), "ctrl+s")
            await told(pilot, "#1 replayed, edited: ✓ 200")

    assert [taken.body for taken in target.requests] == [b'{"mine": 1}']


async def test_what_the_inspector_refuses_is_brought_back(tmp_path: Path) -> None:
    """All of it, until it is sent, or thrown away: which is asked about as ever."""
    async with terminal(tmp_path, fakes.answering()) as (pilot, target):
        screen = await edit(pilot)
        screen.query_one("#path", Input).value = "/mine"
        screen.query_one("#to", Input).value = target.url
        screen.query_one("#sign", Select).value = Sign.BROKEN
        await pilot.press("ctrl+s")
        await told(pilot, "\ne brings the edit back")
        again = await edit(pilot)
        assert again.query_one("#path", Input).value == "/mine"
        assert again.query_one("#to", Input).value.startswith(target.url)
        assert again.query_one("#sign", Select).value == Sign.BROKEN
        again.query_one("#sign", Select).value = Sign.STALE
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        await pilot.pause(0.1)
        third = await edit(pilot)
        assert third.query_one("#sign", Select).value == Sign.STALE
        await pilot.press("escape")
        assert complaint(third) == ASKED
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        last = await edit(pilot)
        assert last.query_one("#path", Input).value == ""

    assert target.requests == []


async def test_what_was_sent_is_not_brought_back_as_unsent(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, _):
        screen = await edit(pilot)
        screen.query_one("#path", Input).value = "/mine"
        screen.query_one("#sign", Select).value = Sign.BROKEN
        await pilot.press("ctrl+s")
        await told(pilot, "\ne brings the edit back")
        again = await edit(pilot)
        again.query_one("#sign", Select).clear()
        await pilot.press("ctrl+s")
        await told(pilot, "#1 replayed, edited: ✓ 200")
        await edit(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))


async def test_changes_after_the_question_are_asked_about_again(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, _):
        screen = await edit(pilot)
        await pilot.press("x", "escape")
        assert complaint(screen) == ASKED
        await pilot.press("y")
        await until(pilot, lambda: not complaint(screen))
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert complaint(screen) == ASKED
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))


async def test_target_and_signature_are_changes_too(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering()) as (pilot, _):
        screen = await edit(pilot)
        screen.query_one("#to", Input).value = "3000"
        await pilot.press("escape")
        assert complaint(screen) == ASKED
        screen.query_one("#to", Input).value = ""
        screen.query_one("#sign", Select).value = Sign.VERBATIM
        await until(pilot, lambda: not complaint(screen))
        await pilot.pause()
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert complaint(screen) == ASKED


async def test_what_an_editor_wrote_is_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(tmp_path, 'path.write_bytes(path.read_bytes().replace(b"POST", b"PUT"))', monkeypatch)
    monkeypatch.setattr(HooktapApp, "suspend", suspend)
    async with terminal(tmp_path, fakes.answering()) as (pilot, _):
        screen = await edit(pilot)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: screen.query_one("#method", Input).value == "PUT")
        await pilot.pause()
        await pilot.press("escape")
        assert complaint(screen) == ASKED

"""What is pasted into a line, or comes into it from a file or the inspector, may be what a sender wrote."""

import json
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from inspector.core.marks import NOTE_MAX
from tests.factories import delivery
from tests.hostile import TEXT
from tests.tui.fakes import FakeClient, opened, screen_text, until
from tests.wire import assert_harmless
from tui.screens.note import NoteScreen

PASTED = "\u202e[/]\x9b2J"
SAFE = r"\u202e[/]\u009b2J"


async def paste(pilot: Pilot[None], text: str) -> None:
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


async def test_cursor_is_behind_what_was_pasted(tmp_path: Path) -> None:
    """Who pastes into the middle of a filter types on where the pasted text ends, however long it has become."""
    async with opened(FakeClient((delivery(), [])), tmp_path) as pilot:
        await pilot.press("slash", *"event:c", "left")
        await paste(pilot, PASTED)
        await pilot.press("x")
        assert pilot.app.screen.query_one(Input).value == f"event:{SAFE}xc"
        assert_harmless(screen_text(pilot))


async def test_cursor_is_behind_what_was_recalled(tmp_path: Path) -> None:
    """The file of filters may be of another's making."""
    (tmp_path / "filters.json").write_text(json.dumps({"history": [PASTED], "saved": {}}))
    async with opened(FakeClient((delivery(), [])), tmp_path) as pilot:
        await pilot.press("slash", "up")
        await pilot.pause()
        await pilot.press("x")
        assert pilot.app.screen.query_one(Input).value == f"{SAFE}x"


async def test_note_that_has_become_too_long(tmp_path: Path) -> None:
    """One that fitted, with each of its characters shown as six: it is said, and the person may make it shorter."""
    answers: list[str | None] = []
    async with opened(FakeClient((delivery(), [])), tmp_path) as pilot:
        pilot.app.push_screen(NoteScreen(1, "\u202e" * NOTE_MAX), answers.append)
        await until(pilot, lambda: pilot.app.screen.query(Input))
        await pilot.press("enter")
        await until(pilot, lambda: "at most 500 characters, this one 3000" in screen_text(pilot))
        assert answers == []

        await pilot.press("ctrl+u", *"short", "enter")
        await until(pilot, lambda: answers)
        assert answers == ["short"]


async def test_note_of_anything(tmp_path: Path) -> None:
    """Of what is pasted only so much is taken as fits."""
    answers: list[str | None] = []
    async with opened(FakeClient((delivery(), [])), tmp_path) as pilot:
        pilot.app.push_screen(NoteScreen(1, ""), answers.append)
        await until(pilot, lambda: pilot.app.screen.query(Input))
        await paste(pilot, TEXT)
        await pilot.press("enter")
        await until(pilot, lambda: answers)
        assert_harmless(str(answers[0]))
        assert len(str(answers[0])) <= NOTE_MAX

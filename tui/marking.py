"""Marks and notes: what a person makes of a delivery, and what the list then shows of it."""

from collections.abc import Callable
from dataclasses import replace

from textual.app import App

from inspector.client import Client
from inspector.core.marks import Mark
from inspector.errors import HooktapError
from tui.messages import Told
from tui.screens.note import NoteScreen
from tui.window import Row


class Marking:
    """Asks the inspector to keep them; `show` is given the row as it is then. All raise what the client raises."""

    def __init__(self, client: Client, show: Callable[[Row], None]) -> None:
        self._client = client
        self._show = show
        self._unkept: dict[int, str] = {}
        """Notes that were written while nobody was there to keep them, by the delivery's number."""

    async def toggle(self, row: Row) -> Told:
        """Mark a delivery, or take its mark away."""
        now = await self._client.mark(row.delivery.id, marked=not row.delivery.marked)
        self._now(row, now)
        return Told(f"#{row.delivery.id} {'marked: it stays' if now.marked else 'not marked now'}")

    async def note(self, app: App[object], row: Row) -> Told | None:
        """Ask for a note and keep it; None if the person thought better of it.

        One that could not be kept stands in the dialog the next time.
        """
        number, before = row.delivery.id, row.delivery.note or ""
        begun = self._unkept.pop(number, before)
        text = await app.push_screen_wait(NoteScreen(number, begun))
        if text is None or text == before:
            return None
        try:
            now = await self._client.mark(number, note=text)
        except HooktapError as error:
            self._unkept[number] = text
            told = Told.of(error)
            return Told(f"{told.sentence}\nN brings the note back", told.severity)
        self._now(row, now)
        return Told(f"#{number} {'has the note' if now.note else 'has no note now'}")

    def _now(self, row: Row, now: Mark) -> None:
        self._show(replace(row, delivery=replace(row.delivery, marked=now.marked, note=now.note)))

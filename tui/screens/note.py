"""The question what a delivery is to be remembered for."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from inspector.core.marks import NOTE_MAX, note_of
from inspector.core.text import safe


class NoteScreen(ModalScreen[str | None]):
    """Answers with a note, an empty one to have none, or None to leave it as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="note.close")
    ]

    def __init__(self, delivery_id: int, note: str) -> None:
        super().__init__()
        self._delivery_id = delivery_id
        self._note = note

    def compose(self) -> ComposeResult:
        """Make the line to write in."""
        with Vertical(classes="dialog"):
            yield Static(f"Note on #{self._delivery_id}", classes="dialog-title", markup=False)
            yield Input(safe(self._note), max_length=NOTE_MAX, select_on_focus=False, compact=True)
            hint = "enter keeps it, an empty one removes it   escape closes"
            yield Static(hint, classes="dialog-hint", markup=False)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Answer with what was written, or say why it cannot be kept: a stored one may be longer made safe."""
        try:
            self.dismiss(note_of(safe(message.value)))
        except ValueError as error:
            self.query_one(".dialog-hint", Static).update(str(error))

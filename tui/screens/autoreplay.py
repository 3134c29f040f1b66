"""The question what a pinned delivery waits for."""

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class Pin(NamedTuple):
    """What a pinned delivery is sent again for."""

    paths: tuple[Path, ...] = ()
    until_success: bool = False


class AutoReplayScreen(ModalScreen[Pin | None]):
    """Answers with what to wait for, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="auto.close"),
        Binding(
            "ctrl+s", "begin(True)", "Until it succeeds", priority=True, id="auto.until_success"
        ),
    ]

    def __init__(self, delivery_id: int) -> None:
        super().__init__()
        self._delivery_id = delivery_id

    def compose(self) -> ComposeResult:
        """Make the line for paths."""
        with Vertical(classes="dialog"):
            yield Static(
                f"Send #{self._delivery_id} now, and again by itself",
                classes="dialog-title",
                markup=False,
            )
            yield Static(
                "whenever its target comes back after it was down, and when a file changes in:",
                markup=False,
            )
            yield Input(
                placeholder="no files; a path such as src, several apart by blanks", compact=True
            )
            yield Static(
                "enter begins   ctrl+s the same, until the first success   escape closes",
                classes="dialog-hint",
                markup=False,
            )

    def on_input_submitted(self) -> None:
        """Begin."""
        self.action_begin(until_success=False)

    def action_begin(self, until_success: bool) -> None:  # noqa: FBT001 - as the binding writes it
        """Answer with what was said."""
        paths = tuple(Path(word).expanduser() for word in self.query_one(Input).value.split())
        self.dismiss(Pin(paths, until_success))

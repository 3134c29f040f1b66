"""The question which provider's sample to send."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inspector.core.text import safe, shorten
from inspector.core.wire import JSON

EVENTS_WIDTH = 34


class SampleScreen(ModalScreen[str | None]):
    """Answers with a provider's name, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move('cursor_down')", "Next provider", show=False, id="sample.next"),
        Binding("k", "move('cursor_up')", "Previous provider", show=False, id="sample.previous"),
        Binding("escape,q,s", "dismiss(None)", "Close", id="sample.close"),
    ]

    def __init__(self, providers: Sequence[JSON]) -> None:
        super().__init__()
        self._providers = providers

    def compose(self) -> ComposeResult:
        """Make the list of providers."""
        with Vertical(classes="dialog"):
            yield Static("Send a sample delivery", classes="dialog-title", markup=False)
            yield OptionList(*map(_option, self._providers), markup=False)
            yield Static("enter sends it   escape closes", classes="dialog-hint", markup=False)

    def action_move(self, action: str) -> None:
        """Move the cursor as the arrow keys do."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if action == "cursor_down" else options.action_cursor_up()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with the chosen provider."""
        self.dismiss(str(self._providers[message.option_index]["name"]))


def _option(provider: JSON) -> Option:
    events = ", ".join(safe(str(event)) for event in provider["events"])
    name = Content(shorten(safe(str(provider["title"])), 18)).pad_right(20)[:20]
    return Option(Content.assemble(name, (shorten(events, EVENTS_WIDTH), "dim")))

"""Filters that have a name: the questions which to show, and what to call a new one."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inspector.core.text import safe, shorten
from tui.filterbook import NAME_MAX

NAME_WIDTH = 20
QUERY_MAX = 200


class SavedScreen(ModalScreen[str | None]):
    """Answers with the query of a saved filter, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move('cursor_down')", "Next", show=False, id="saved.next"),
        Binding("k", "move('cursor_up')", "Previous", show=False, id="saved.previous"),
        Binding("x,delete", "forget", "Forget this name", id="saved.forget"),
        Binding("escape,q,ctrl+f", "dismiss(None)", "Close", id="saved.close"),
    ]

    def __init__(self, saved: Mapping[str, str], forget: Callable[[str], None]) -> None:
        super().__init__()
        self._saved = dict(saved)
        self._forget = forget

    def compose(self) -> ComposeResult:
        """Make the list."""
        with Vertical(classes="dialog"):
            yield Static("Saved filters", classes="dialog-title", markup=False)
            yield OptionList(markup=False)
            yield Static(classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Offer them."""
        self._offer()

    def action_move(self, action: str) -> None:
        """Move the cursor as the arrow keys do."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if action == "cursor_down" else options.action_cursor_up()

    def action_forget(self) -> None:
        """Take the name under the cursor away."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            name = list(self._saved)[index]
            del self._saved[name]
            self._forget(name)
            self._offer()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with the filter under the cursor."""
        self.dismiss(list(self._saved.values())[message.option_index])

    def _offer(self) -> None:
        options = self.query_one(OptionList)
        options.set_options(_option(name, query) for name, query in self._saved.items())
        options.highlighted = 0 if self._saved else None
        hint = "none yet: / types a filter, ctrl+s there saves it"
        if self._saved:
            hint = "enter shows it   x forgets the name   escape closes"
        self.query_one(".dialog-hint", Static).update(hint)


class NameScreen(ModalScreen[str | None]):
    """Answers with a name for a filter, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="name.close"),
    ]

    def __init__(self, query: str) -> None:
        super().__init__()
        self._query = query

    def compose(self) -> ComposeResult:
        """Make the line to type in."""
        with Vertical(classes="dialog"):
            yield Static("Save the filter", classes="dialog-title", markup=False)
            yield Static(shorten(safe(self._query), QUERY_MAX), classes="dialog-hint", markup=False)
            yield Input(placeholder="its name", compact=True, max_length=NAME_MAX)
            yield Static("enter saves it   escape closes", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Let the name be typed."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Answer with what was typed."""
        self.dismiss(message.value.strip() or None)


def _option(name: str, query: str) -> Option:
    title = Content(shorten(safe(name), NAME_WIDTH)).pad_right(NAME_WIDTH)[:NAME_WIDTH]
    return Option(Content.assemble(title, "  ", (shorten(safe(query), QUERY_MAX), "dim")))

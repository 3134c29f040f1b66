"""Every key and what it does, read from the bindings themselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.folding import Line
from tui.widgets.line_view import LineView

KEYS_WIDTH = 14


class HelpScreen(ModalScreen[None]):
    """Lists groups of bindings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="help.close")
    ]

    def __init__(self, groups: Mapping[str, Sequence[BindingType]]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """Make the list of keys."""
        with Vertical(classes="dialog"):
            yield Static("Keys", classes="dialog-title", markup=False)
            yield LineView(id="help-lines")
            yield Static("escape closes", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Fill in the keys."""
        self.query_one(LineView).show(list(self._lines()))

    def _lines(self) -> Iterator[Line]:
        for title, bindings in self._groups.items():
            yield Line(Content.styled(title, "bold"))
            for binding in _described(bindings):
                keys = " ".join(self._display(binding))
                does = binding.tooltip or binding.description
                yield Line(Content(f"  {keys:<{KEYS_WIDTH}}{does}"), hang=KEYS_WIDTH + 2)
            yield Line(Content())

    def _display(self, binding: Binding) -> Iterator[str]:
        for key in binding.key.split(","):
            yield self.app.get_key_display(binding.with_key(key))


def _described(bindings: Iterable[BindingType]) -> Iterator[Binding]:
    return (each for each in bindings if isinstance(each, Binding) and each.description)

"""Every key and what it does, read from the bindings themselves, and found by typing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.folding import Line
from tui.widgets.line_view import LineView

KEYS_WIDTH = 14
WIDE = 100
"""From so many columns on, each line ends with the id by which a configuration gives it another key."""


class _Search(Input):
    """A line that leaves `?` to the screen, which it closes."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character != "?" and super().check_consume_key(key, character)


class HelpScreen(ModalScreen[None]):
    """Lists groups of bindings; those that have what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark", "dismiss", "Close", priority=True, id="help.close"),
        Binding("down", "scroll('scroll_down')", "Scroll down", show=False, id="help.down"),
        Binding("up", "scroll('scroll_up')", "Scroll up", show=False, id="help.up"),
        Binding("pagedown", "scroll('page_down')", "A page down", show=False, id="help.page_down"),
        Binding("pageup", "scroll('page_up')", "A page up", show=False, id="help.page_up"),
    ]

    def __init__(self, groups: Mapping[str, Sequence[Binding]]) -> None:
        """List `groups`, whose bindings have the keys of now."""
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """Make the line to type in and the list of keys."""
        with Vertical(classes="dialog"):
            yield Static("Keys", classes="dialog-title", markup=False)
            yield _Search(placeholder="type a key, or what it shall do", id="help-search")
            yield LineView(id="help-lines")
            yield Static("escape closes, arrows scroll", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Show all."""
        self._show("")

    def on_resize(self) -> None:
        """Show the ids, if there is room for them now."""
        self._show(self.query_one(Input).value)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show what has what is typed."""
        self._show(message.value)

    def action_scroll(self, how: str) -> None:
        """Scroll the list, while the keyboard is the line's above it."""
        getattr(self.query_one(LineView), f"action_{how}")()

    def _show(self, wanted: str) -> None:
        lines = list(self._lines(wanted.casefold().split()))
        self.query_one(LineView).show(lines or [Line(Content("  no key does that"))])

    def _lines(self, words: Sequence[str]) -> Iterator[Line]:
        is_wide = self.app.size.width >= WIDE
        for title, bindings in self._groups.items():
            shown = [each for each in bindings if self._has(each, title, words)]
            if not shown:
                continue
            yield Line(Content.styled(title, "bold"))
            for binding in shown:
                keys = " ".join(self._display(binding))
                does = binding.tooltip or binding.description
                name = f"  {binding.id}" if is_wide and binding.id else ""
                told = Content.assemble(f"  {keys:<{KEYS_WIDTH}} {does}", (name, "dim"))
                yield Line(told, hang=KEYS_WIDTH + 3, is_prose=True)
            yield Line(Content())

    def _has(self, binding: Binding, title: str, words: Sequence[str]) -> bool:
        """Whether each word stands somewhere: in what it does, its place, its id or its keys."""
        told = (binding.description, binding.tooltip, title, binding.id or "", binding.key)
        text = " ".join((*told, *self._display(binding))).casefold()
        return all(word in text for word in words)

    def _display(self, binding: Binding) -> Iterator[str]:
        for key in binding.key.split(","):
            yield self.app.get_key_display(binding.with_key(key))

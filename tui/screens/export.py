"""The question as what a delivery is to be exported, and to where."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inspector.core.export import FORMATS, Format
from tui.exporting import Choice

KEYS = {
    "c": "curl",
    "h": "httpie",
    "r": "raw",
    "a": "har",
    "p": "python",
    "t": "fetch",
    "b": "bundle",
}


class ExportScreen(ModalScreen[Choice | None]):
    """Answers with what is wanted, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move('cursor_down')", "Next", show=False, id="export.next"),
        Binding("k", "move('cursor_up')", "Previous", show=False, id="export.previous"),
        Binding(
            "f", "switch_place", "Into a file", show=False, id="export.file",
            tooltip="Into a file in the working directory, or to the clipboard",
        ),
        Binding(
            "s", "switch_secrets", "Keep secrets", show=False, id="export.secrets",
            tooltip="Let secrets go along, or read REDACTED",
        ),
        Binding("escape,q,x", "dismiss(None)", "Close", id="export.close"),
        *(
            Binding(key, f"choose('{name}')", f"As {name}", show=False, id=f"export.{name}")
            for key, name in KEYS.items()
        ),
    ]  # fmt: skip

    def __init__(self, delivery_id: int) -> None:
        super().__init__()
        self._delivery_id = delivery_id
        self._choice = Choice("curl")

    def compose(self) -> ComposeResult:
        """Make the list of formats, and the line that says where it goes."""
        with Vertical(classes="dialog"):
            yield Static(f"Export #{self._delivery_id} as", classes="dialog-title", markup=False)
            yield OptionList(
                *(_option(key, FORMATS[name]) for key, name in KEYS.items()), markup=False
            )
            yield Static(id="export-where", markup=False)
            yield Static("enter or its letter   escape closes", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Say where it goes."""
        self._show()

    def action_move(self, action: str) -> None:
        """Move the cursor as the arrow keys do."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if action == "cursor_down" else options.action_cursor_up()

    def action_switch_place(self) -> None:
        """Send it to the clipboard, or into a file."""
        self._choice = self._choice._replace(to_file=not self._choice.to_file)
        self._show()

    def action_switch_secrets(self) -> None:
        """Keep secrets in it, or take them out."""
        self._choice = self._choice._replace(include_secrets=not self._choice.include_secrets)
        self._show()

    def action_choose(self, name: str) -> None:
        """Answer with the format of this letter."""
        self.dismiss(self._choice._replace(format=name))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with the format under the cursor."""
        self.action_choose(list(KEYS.values())[message.option_index])

    def _show(self) -> None:
        to_file, kept = self._choice.to_file, self._choice.include_secrets
        self.query_one("#export-where", Static).update(
            Content.assemble(
                ("f  ", "bold"),
                "into a file here" if to_file else "to the clipboard",
                "     ",
                ("s  ", "bold"),
                "secrets are KEPT" if kept else "secrets read REDACTED",
            )
        )


def _option(key: str, each: Format) -> Option:
    return Option(Content.assemble((f"{key}  ", "bold"), f"{each.name:<8}", (each.title, "dim")))

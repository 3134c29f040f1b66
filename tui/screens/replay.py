"""The question how a replay is to be signed."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inspector.core.model import Sign


class Manner(NamedTuple):
    """One way to sign."""

    key: str
    sign: Sign
    purpose: str


MANNERS: Sequence[Manner] = (
    Manner("f", Sign.FRESH, "a new signature of now: what the app takes"),
    Manner("v", Sign.VERBATIM, "every header as it arrived"),
    Manner("b", Sign.BROKEN, "a wrong signature, to see the app refuse it"),
    Manner("s", Sign.STALE, "a right one, but too old, to see the app refuse it"),
)


class ReplayScreen(ModalScreen[Sign | None]):
    """Answers with a way to sign, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move('cursor_down')", "Next", show=False, id="replay.next"),
        Binding("k", "move('cursor_up')", "Previous", show=False, id="replay.previous"),
        Binding("escape,q,m", "dismiss(None)", "Close", id="replay.close"),
        *(
            Binding(
                each.key,
                f"choose('{each.sign}')",
                f"Replay {each.sign}",
                show=False,
                id=f"replay.{each.sign}",
            )
            for each in MANNERS
        ),
    ]

    def __init__(self, delivery_id: int) -> None:
        super().__init__()
        self._delivery_id = delivery_id

    def compose(self) -> ComposeResult:
        """Make the list of ways."""
        with Vertical(classes="dialog"):
            yield Static(f"Replay #{self._delivery_id} as", classes="dialog-title", markup=False)
            yield OptionList(*map(_option, MANNERS), markup=False)
            yield Static(
                "enter or its letter sends it   escape closes", classes="dialog-hint", markup=False
            )

    def action_move(self, action: str) -> None:
        """Move the cursor as the arrow keys do."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if action == "cursor_down" else options.action_cursor_up()

    def action_choose(self, sign: str) -> None:
        """Answer with the way of this letter."""
        self.dismiss(Sign(sign))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with the way under the cursor."""
        self.dismiss(MANNERS[message.option_index].sign)


def _option(manner: Manner) -> Option:
    return Option(
        Content.assemble((f"{manner.key}  ", "bold"), f"{manner.sign:<10}", (manner.purpose, "dim"))
    )

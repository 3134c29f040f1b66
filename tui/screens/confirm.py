"""A question that is answered with yes or no, or with what is meant instead."""

from enum import Enum, auto
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from inspector.core.text import safe_lines


class Answer(Enum):
    """What a person said."""

    YES = auto()
    NO = auto()
    INSTEAD = auto()


class ConfirmScreen(ModalScreen[Answer]):
    """Answers whether to do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer('YES')", "Yes", id="confirm.yes"),
        Binding("n,q,escape", "answer('NO')", "No", id="confirm.no"),
        Binding("m", "answer('INSTEAD')", "Instead", id="confirm.instead"),
    ]

    def __init__(self, question: str, consequence: str, instead: str = "") -> None:
        """Ask `question`; `instead` says what else may be meant, if anything."""
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._instead = instead

    def compose(self) -> ComposeResult:
        """Make the question."""
        keys = f"enter or y does it   {f'm {self._instead}   ' if self._instead else ''}escape does not"
        with Vertical(classes="dialog"):
            yield Static(safe_lines(self._question), classes="dialog-title", markup=False)
            yield Static(safe_lines(self._consequence), markup=False)
            yield Static(safe_lines(keys), classes="dialog-hint", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take no answer that was not offered."""
        return action != "answer" or parameters != (Answer.INSTEAD.name,) or bool(self._instead)

    def action_answer(self, name: str) -> None:
        """Answer so."""
        self.dismiss(Answer[name])

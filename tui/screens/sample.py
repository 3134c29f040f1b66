"""The question which provider's sample to send."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inspector.core.text import safe, shorten
from inspector.core.wire import JSON

TITLE_WIDTH = 25
EVENTS_MAX = 80
"""Characters: more than fit, so that the line ends with an ellipsis."""


class Sample(NamedTuple):
    """A sample that can be asked for."""

    provider: str
    event: str | None
    """None: the provider's usual one."""


class Offer(NamedTuple):
    """A sample, and what stands in its line."""

    sample: Sample
    title: str
    events: str


def matching(providers: Sequence[JSON], text: str) -> list[Offer]:
    """Return what is offered for what was typed: providers called so, then events called so.

    Those whose name begins with it come first.
    """
    wanted = text.strip().casefold()
    begun: list[Offer] = []
    called: list[Offer] = []
    events: list[Offer] = []
    for provider in providers:
        name, title = str(provider["name"]), str(provider["title"])
        named = list(map(str, provider["events"]))
        whole = Offer(Sample(name, None), title, ", ".join(named))
        spellings = (name.casefold(), title.casefold())
        if any(spelling.startswith(wanted) for spelling in spellings):
            begun.append(whole)
        elif any(wanted in spelling for spelling in spellings):
            called.append(whole)
        if wanted:
            events += (
                Offer(Sample(name, event), title, event)
                for event in named
                if wanted in event.casefold()
            )
    return begun + called + events


class SampleScreen(ModalScreen[Sample | None]):
    """Answers with a sample, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move('cursor_down')", "Next", show=False, id="sample.next"),
        Binding("up", "move('cursor_up')", "Previous", show=False, id="sample.previous"),
        Binding("pagedown", "move('page_down')", "A page down", show=False, id="sample.page_down"),
        Binding("pageup", "move('page_up')", "A page up", show=False, id="sample.page_up"),
        Binding("escape", "dismiss(None)", "Close", id="sample.close"),
    ]

    def __init__(self, providers: Sequence[JSON]) -> None:
        super().__init__()
        self._providers = providers
        self._offers: list[Offer] = []

    def compose(self) -> ComposeResult:
        """Make the line to type in, and the list."""
        with Vertical(classes="dialog"):
            yield Static("Send a sample delivery", classes="dialog-title", markup=False)
            yield Input(placeholder="type a provider or an event", compact=True)
            yield OptionList(markup=False)
            yield Static(classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Offer everything; the keyboard stays with the line to type in."""
        self._options.can_focus = False
        self.query_one(Input).focus()
        self._offer("")

    def on_input_changed(self, message: Input.Changed) -> None:
        """Offer what is called so."""
        self._offer(message.value)

    def on_input_submitted(self) -> None:
        """Answer with what is under the cursor."""
        self._options.action_select()

    def action_move(self, action: str) -> None:
        """Move the cursor, as the list would if it had the keyboard."""
        getattr(self._options, f"action_{action}")()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with the chosen sample."""
        self.dismiss(self._offers[message.option_index].sample)

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    def _offer(self, text: str) -> None:
        self._offers = matching(self._providers, text)
        self._options.set_options(map(_option, self._offers))
        self._options.highlighted = 0 if self._offers else None
        hint = "enter sends it   escape closes" if self._offers else "nothing is called so"
        self.query_one(".dialog-hint", Static).update(hint)


def _option(offer: Offer) -> Option:
    title = Content(shorten(safe(offer.title), TITLE_WIDTH)).pad_right(TITLE_WIDTH)[:TITLE_WIDTH]
    return Option(Content.assemble(title, "  ", (shorten(safe(offer.events), EVENTS_MAX), "dim")))

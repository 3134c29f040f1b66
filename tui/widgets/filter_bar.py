"""The line in which a filter is typed: with the count of what matches, and under it what is wrong or may follow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from inspector.core.queryterms import Key
from inspector.core.text import safe, safe_lines, shorten
from tui import labels
from tui.completion import Completion, complete
from tui.widgets.steady import SteadyText

SETTLED_S = 0.15
"""Who types on wants nothing looked up yet."""
OFFERED_MAX = 20


class FilterInput(Input):
    """A line that leaves the keys below to the bar around it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "offer", "Complete", show=False, id="filter.complete"),
        Binding("up", "recall(-1)", "Earlier filter", show=False, id="filter.earlier"),
        Binding("down", "recall(1)", "Later filter", show=False, id="filter.later"),
        Binding("ctrl+s", "save", "Save the filter", id="filter.save"),
        Binding("escape", "clear", "Clear the filter", id="filter.clear"),
    ]

    class Pressed(Message):
        """One of those keys."""

        def __init__(self, what: str, by: int = 0) -> None:
            super().__init__()
            self.what = what
            self.by = by

    def action_offer(self) -> None:
        """Complete the word before the cursor."""
        self.post_message(self.Pressed("offer"))

    def action_recall(self, by: int) -> None:
        """Take a filter from the history."""
        self.post_message(self.Pressed("recall", by))

    def action_save(self) -> None:
        """Give the filter a name."""
        self.post_message(self.Pressed("save"))

    def action_clear(self) -> None:
        """Show everything."""
        self.post_message(self.Pressed("clear"))


class FilterBar(Vertical):
    """Is there while a filter is typed or holds."""

    class Changed(Message):
        """Another filter was typed, or taken from the history."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Submitted(Changed):
        """The filter is to stay; the keyboard goes back to the list."""

    class Saved(Changed):
        """The filter is to get a name."""

    class Cleared(Message):
        """Everything is to be shown again."""

    def __init__(self) -> None:
        super().__init__()
        self._input = FilterInput(
            compact=True, placeholder="provider:jinko -outcome:verified", select_on_focus=False
        )
        self._hint = SteadyText(id="filter-hint")
        self._count = SteadyText(id="filter-count")
        self._timer: Timer | None = None
        self._history: Sequence[str] = ()
        self._known: Mapping[Key, Iterable[str]] = {}
        self._place = 0
        self._offers: list[Completion] = []
        self._offered = 0
        self._problem = ""
        self._told = ""
        self._is_final = False
        """It was submitted or saved as it stands: what is wrong with it is no longer a matter of typing on."""

    def compose(self) -> ComposeResult:
        """Make the line, and what stands under it."""
        with Horizontal():
            yield Static("/ ", id="filter-mark", markup=False)
            yield self._input
            yield self._count
        yield self._hint

    @property
    def query_text(self) -> str:
        """What stands in the line."""
        return self._input.value

    def know(self, values: Mapping[Key, Iterable[str]]) -> None:
        """Offer these values."""
        self._known = values

    def open(self, history: Sequence[str]) -> None:
        """Take the keyboard. `history` has the newest last."""
        self._history = history
        self._place = len(history)
        self.add_class("-shown")
        self._input.focus()
        self._input.cursor_position = len(self._input.value)

    def show(self, query: str) -> None:
        """Show which filter holds; none hides the line, unless one is being typed."""
        self.set_class(bool(query) or self._input.has_focus, "-shown")
        if safe(query) != self._input.value.strip():
            with self.prevent(Input.Changed):
                self._input.value = safe(query)
            self._is_final = False
            self._stop()

    def hide(self) -> None:
        """Empty the line and take it away."""
        self._stop()
        with self.prevent(Input.Changed):
            self._input.value = ""
        self.tell("")
        self.say("")
        self.remove_class("-shown")

    def tell(self, count: str) -> None:
        """Show how many match."""
        self._told = count
        self._show_count()

    def say(self, problem: str) -> None:
        """Show what is wrong with the filter, with carets under the place."""
        self._problem = safe_lines(problem)
        self._show_hint()
        self._show_count()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Offer what may follow, and when no more is typed, tell."""
        message.stop()
        if message.value != safe(message.value):  # pasted, or from a file of another's making
            before = message.value[: self._input.cursor_position]
            self._input.value = safe(message.value)
            self._input.cursor_position = len(safe(before))
            return
        self._stop()
        self._is_final = False
        self._offer_anew()
        self._show_count()
        self._timer = self.set_timer(SETTLED_S, self._tell_changed)

    def on_descendant_blur(self) -> None:
        """Offer nothing more."""
        self._offers = []
        self._show_hint()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Tell that the filter is to stay."""
        message.stop()
        self._finish(self.Submitted(self.query_text.strip()))

    def on_filter_input_pressed(self, message: FilterInput.Pressed) -> None:
        """Do what the key is for."""
        message.stop()
        match message.what:
            case "offer":
                self._complete()
            case "recall":
                self._recall(message.by)
            case "save":
                self._finish(self.Saved(self.query_text.strip()))
            case _:
                self.post_message(self.Cleared())

    @property
    def _is_in_sight(self) -> bool:
        text = self._input.value
        return self._input.scroll_offset.x == 0 and Content(text).cell_length == len(safe(text))

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _finish(self, message: Changed) -> None:
        """Offer nothing more: it would stand where a mistake is pointed at."""
        self._stop()
        self._is_final = True
        self._offers = []
        self._show_hint()
        self.post_message(message)

    def _tell_changed(self) -> None:
        self._timer = None
        self.post_message(self.Changed(self.query_text.strip()))

    def _offer_anew(self) -> None:
        before = self._input.value[: self._input.cursor_position]
        self._offers = complete(before, self._known) if before.strip() else []
        self._offered = 0
        self._show_hint()

    def _show_count(self) -> None:
        """Show how many match; beside a filter that was refused that of an earlier one would look like its own."""
        self._count.show(Content("" if self._is_final and self._problem else self._told))

    def _show_hint(self) -> None:
        """Say what may follow or, where nothing may, what is wrong."""
        offers = [each.text for each in self._offers if not self.query_text.endswith(each.text)]
        is_wrong = bool(self._problem) and not (offers and self._input.has_focus)
        self.set_class(is_wrong, "-wrong")
        self.set_class(is_wrong or bool(offers), "-hinting")
        if is_wrong:
            self._hint.show(Content("\n".join(self._explained())))
        else:
            words = [each.partition(":")[2] or each for each in offers[:OFFERED_MAX]]
            names = [Content(shorten(safe(each), 40)) for each in words]
            self._hint.show(Content.assemble(("  tab: ", labels.FAINT), Content("  ").join(names)))

    def _explained(self) -> Sequence[str]:
        lines = self._problem.split("\n")
        if len(lines) == 3 and self._is_in_sight:  # the query itself stands above
            return lines[2], lines[0]
        return lines

    def _complete(self) -> None:
        """Put the next of what is offered in the place of the word."""
        if not self._offers:
            self._offer_anew()
        if not self._offers:
            return
        offer = self._offers[self._offered % len(self._offers)]
        self._offered += 1
        after = self._input.value[self._input.cursor_position :]
        with self.prevent(Input.Changed):
            self._input.value = self._input.value[: offer.start] + offer.text + after
            self._input.cursor_position = offer.start + len(offer.text)
        if len(self._offers) == 1:
            self._offer_anew()
        self._stop()
        self._is_final = False
        self._timer = self.set_timer(SETTLED_S, self._tell_changed)

    def _recall(self, by: int) -> None:
        place = min(max(self._place + by, 0), len(self._history))
        if place == self._place:
            return
        self._place = place
        self._input.value = self._history[place] if place < len(self._history) else ""
        self._input.cursor_position = len(self._input.value)

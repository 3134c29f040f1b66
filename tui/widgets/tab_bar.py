"""One line of tabs, of which one is active."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.widgets.steady import SteadyText

TIGHT_BELOW = 54
"""Columns. Five tabs with their remarks need so many with a blank on either side of each."""


class Tab(SteadyText):
    """One tab: a name, and a remark beside it."""

    class Clicked(Message):
        """This tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, name: str) -> None:
        super().__init__(id=f"tab-{name}")
        self._label = name
        self.remark("")

    def remark(self, text: str) -> None:
        """Put `text` beside the tab's name."""
        self.show(
            Content.assemble(self._label.capitalize(), (f" {text}" if text else "", ".faint"))
        )

    def on_click(self, event: events.Click) -> None:
        """Say which tab it was."""
        event.stop()
        self.post_message(self.Clicked(self._label))


class TabBar(Horizontal):
    """The tabs in their order."""

    active: reactive[str] = reactive("")

    class Chosen(Message):
        """Another tab became the active one."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names
        self.set_reactive(TabBar.active, names[0])

    def compose(self) -> ComposeResult:
        """Make the tabs."""
        for name in self._names:
            yield Tab(name).set_class(name == self.active, "-active")

    def on_resize(self, event: events.Resize) -> None:
        """Move the tabs together where there is little room."""
        self.set_class(event.size.width < TIGHT_BELOW, "-tight")

    def remark(self, name: str, text: str) -> None:
        """Put `text` beside a tab's name."""
        self.query_one(f"#tab-{name}", Tab).remark(text)

    def step(self, by: int) -> None:
        """Make a neighbour of the active tab active, round the ends."""
        self.active = self._names[(self._names.index(self.active) + by) % len(self._names)]

    def watch_active(self, active: str) -> None:
        """Mark the active tab and say which it is."""
        for tab in self.query(Tab):
            tab.set_class(tab.id == f"tab-{active}", "-active")
        self.post_message(self.Chosen(active))

    def on_tab_clicked(self, message: Tab.Clicked) -> None:
        """Make the clicked tab active."""
        message.stop()
        self.active = message.name

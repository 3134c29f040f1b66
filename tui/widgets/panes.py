"""The list and the detail, beside or above each other: which of them has the keyboard, and how much room."""

from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from tui.listing import Listing
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane


class Panes(Container):
    """Holds the two of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "b,o",
            "cycle_body",
            "Change the body's view",
            show=False,
            id="body.cycle",
            tooltip="Show the body pretty, as text or as hex",
        ),
        Binding("1", "tab('body')", "Show the body", show=False, id="detail.body"),
        Binding("2", "tab('headers')", "Show the headers", show=False, id="detail.headers"),
        Binding("3", "tab('attempts')", "Show the attempts", show=False, id="detail.attempts"),
        Binding("4", "tab('overview')", "Show the overview", show=False, id="detail.overview"),
        Binding(
            "5",
            "tab('history')",
            "Show the event's history",
            show=False,
            id="detail.history",
            tooltip="Show all deliveries of the same event",
        ),
        Binding("l,right", "step_tab(1)", "Next tab", show=False, id="detail.next_tab"),
        Binding("h,left", "step_tab(-1)", "Previous tab", show=False, id="detail.previous_tab"),
        Binding(
            "z,enter", "zoom", "Give the detail the whole screen", show=False, id="detail.zoom"
        ),
        Binding("escape", "back", "Back to the list", show=False, id="detail.back"),
    ]

    def __init__(self, listing: Listing, zone: tzinfo | None) -> None:
        super().__init__()
        self.list = DeliveryList(listing, zone)
        self.detail = DetailPane(zone)

    def compose(self) -> ComposeResult:
        """Show both."""
        yield self.list
        yield self.detail

    def on_delivery_list_opened(self) -> None:
        """Give the keyboard to the detail, and on a small screen all the room."""
        self.list.following = False
        if self.screen.has_class("-narrow"):
            self.add_class("-zoomed")  # else not taken away either: `z` may have come before this
        self.detail.focus_content()

    def action_cycle_body(self) -> None:
        """Show the body the next way."""
        if self.detail.tabs.active == "body":
            self.detail.cycle_body()
        self.detail.tabs.active = "body"

    def action_tab(self, name: str) -> None:
        """Show one of the detail's tabs."""
        self.detail.tabs.active = name

    def action_step_tab(self, by: int) -> None:
        """Show the next tab of the detail, or the one before."""
        self.detail.tabs.step(by)

    def action_zoom(self) -> None:
        """Give the detail the whole screen, or take it back."""
        self.toggle_class("-zoomed")
        self.detail.focus_content()

    def action_back(self) -> None:
        """Give the keyboard back to the list."""
        self.remove_class("-zoomed")
        self.list.focus()

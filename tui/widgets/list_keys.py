"""The keys that move through the list of deliveries. What is done with a delivery stands with the main screen."""

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("j,down", "move(1)", "Next delivery", show=False, id="list.next"),
    Binding("k,up", "move(-1)", "Previous delivery", show=False, id="list.previous"),
    Binding("pagedown,ctrl+d", "move_page(1)", "A page down", show=False, id="list.page_down"),
    Binding("pageup,ctrl+u", "move_page(-1)", "A page up", show=False, id="list.page_up"),
    Binding("g,home", "oldest", "Oldest delivery", show=False, id="list.oldest"),
    Binding("G,end", "newest", "Newest delivery, and follow", show=False, id="list.newest"),
    Binding("enter", "open", "Read the delivery", show=False, id="list.open"),
    Binding(
        "space",
        "toggle_event",
        "Open or close the event",
        show=False,
        id="list.toggle_event",
        tooltip="In a folded list: show an event's later deliveries, or hide them",
    ),
    Binding(
        "escape",
        "clear_filter",
        "Clear the filter",
        show=False,
        id="list.clear_filter",
        tooltip="List everything again",
    ),
]

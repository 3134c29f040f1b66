"""The keys of the main screen; those of the list and of what can be scrolled stand with their widgets."""

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding(
        "r", "replay", "Replay", id="delivery.replay",
        tooltip="Replay, freshly signed where possible",
    ),
    Binding(
        "R", "replay('verbatim')", "Replay verbatim", show=False, id="delivery.replay_verbatim",
        tooltip="Replay with every header as it arrived",
    ),
    Binding(
        "s", "sample", "Send sample", id="sample.send",
        tooltip="Send a provider's sample, signed",
    ),
    Binding(
        "c", "copy", "Copy curl", id="delivery.copy",
        tooltip="Copy the delivery as a curl command",
    ),
    Binding(
        "f", "follow", "Follow", id="list.follow",
        tooltip="Follow the newest delivery, or stop",
    ),
    Binding(
        "b,o", "cycle_body", "Change the body's view", show=False, id="body.cycle",
        tooltip="Show the body pretty, as text or as hex",
    ),
    Binding("1", "tab('body')", "Show the body", show=False, id="detail.body"),
    Binding("2", "tab('request')", "Show the request", show=False, id="detail.request"),
    Binding("3", "tab('attempts')", "Show the attempts", show=False, id="detail.attempts"),
    Binding("l,right", "step_tab(1)", "Next tab", show=False, id="detail.next_tab"),
    Binding("h,left", "step_tab(-1)", "Previous tab", show=False, id="detail.previous_tab"),
    Binding("enter,z", "zoom", "Give the detail the whole screen", show=False, id="detail.zoom"),
    Binding("escape", "back", "Back to the list", show=False, id="detail.back"),
]  # fmt: skip

"""The keys of the main screen: what is done with deliveries. Those for looking at them stand with the widgets."""

from textual.binding import Binding, BindingType

from inspector.core.model import Delivery
from tui.verdicts import wants_visit

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
        "m", "replay_as", "Replay as…", show=False, id="delivery.replay_as",
        tooltip="Replay, signed otherwise: broken, stale",
    ),
    Binding(
        "e", "edit", "Edit", show=False, id="delivery.edit",
        tooltip="Change it and replay it, signed anew",
    ),
    Binding(
        "A", "replay_all", "Replay all", show=False, id="list.replay",
        tooltip="Replay all that is listed",
    ),
    Binding(
        "a", "auto_replay", "Replay by itself", show=False, id="delivery.auto_replay",
        tooltip="Replay whenever its target comes back or a file changes",
    ),
    Binding(
        "s", "sample", "Sample", id="sample.send",
        tooltip="Send a provider's sample, signed",
    ),
    Binding(
        "c", "copy", "Copy", id="delivery.copy",
        tooltip="Copy the delivery as a curl command",
    ),
    Binding(
        "x", "export", "Export", show=False, id="delivery.export",
        tooltip="Export it as curl, HTTPie, raw HTTP, HAR, Python, fetch",
    ),
    Binding(
        "D", "diff", "Diff", show=False, id="delivery.diff",
        tooltip="Pick it; on another one: compare the two",
    ),
    Binding(
        "d", "diff_answers", "Diff answers", show=False, id="delivery.diff_answers",
        tooltip="Compare the app's last two answers to it",
    ),
    Binding(
        "v", "recheck", "Check", show=False, id="delivery.recheck",
        tooltip="Check again, with the secrets of now",
    ),
    Binding(
        "V", "recheck_all", "Check all", show=False, id="list.recheck",
        tooltip="Check every stored delivery again",
    ),
    Binding(
        "C", "confirm", "Confirm", id="delivery.confirm",
        tooltip="Visit the URL that Amazon SNS has sent",
    ),
    Binding(
        "slash", "filter", "Filter", key_display="/", id="list.filter",
        tooltip="List only what matches",
    ),
    Binding(
        "ctrl+f", "choose_filter", "Saved filters", show=False, id="list.saved_filters",
        tooltip="List what matches a saved filter",
    ),
    Binding(
        "M", "mark", "Mark", show=False, id="delivery.mark",
        tooltip="Mark it, so that it stays; or unmark it",
    ),
    Binding(
        "N", "note", "Note", show=False, id="delivery.note",
        tooltip="Write a note on the delivery",
    ),
    Binding(
        "ctrl+o", "open_body", "Open the body", show=False, id="body.open",
        tooltip="Read the body in PAGER or EDITOR",
    ),
    Binding(
        "w", "save_body", "Save the body", show=False, id="body.save",
        tooltip="Write the body into a file, byte for byte",
    ),
    Binding(
        "f", "follow", "Follow", show=False, id="list.follow",
        tooltip="Follow the newest delivery, or stop",
    ),
    Binding(
        "t", "fold", "Fold by event", show=False, id="list.fold",
        tooltip="Give each event one line, or each delivery; space opens one",
    ),
    Binding(
        "E", "endpoints", "Endpoints", id="endpoint.panel",
        tooltip="Endpoints: targets, counts, pause and resume",
    ),
    Binding(
        "n", "alerts", "Toasts on or off", show=False, id="alert.toggle",
        tooltip="Tell of failures in toasts, or no longer",
    ),
    Binding(
        "escape", "stop_recheck", "Stop what goes on", show=False, priority=True, id="list.stop_recheck",
        tooltip="Stop checking or replaying, or unpin",
    ),
]  # fmt: skip

CONDITIONAL = frozenset(
    {
        "replay",
        "replay_as",
        "recheck",
        "recheck_all",
        "confirm",
        "follow",
        "edit",
        "replay_all",
        "auto_replay",
        "export",
        "diff",
        "diff_answers",
    }
)
"""Actions that there has to be a delivery for, and for some a certain one."""


def offered(delivery: Delivery) -> frozenset[str]:
    """Return those of `CONDITIONAL` that are of use while this delivery is selected."""
    useless: set[str] = set()
    if delivery.handshake is not None:  # what it came to is how it was answered
        useless.add("recheck")
    if not wants_visit(delivery):
        useless.add("confirm")
    return CONDITIONAL - useless

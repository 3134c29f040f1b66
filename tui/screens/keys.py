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
        "s", "sample", "Sample", id="sample.send",
        tooltip="Send a provider's sample, signed",
    ),
    Binding(
        "c", "copy", "Copy curl", id="delivery.copy",
        tooltip="Copy the delivery as a curl command",
    ),
    Binding(
        "v", "recheck", "Check", id="delivery.recheck",
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
        "f", "follow", "Follow", id="list.follow",
        tooltip="Follow the newest delivery, or stop",
    ),
    Binding(
        "escape", "stop_recheck", "Stop checking", show=False, priority=True, id="list.stop_recheck",
        tooltip="Stop checking all, while that goes on",
    ),
]  # fmt: skip

CONDITIONAL = frozenset({"replay", "replay_as", "recheck", "recheck_all", "confirm", "follow"})
"""Actions that there has to be a delivery for, and for some a certain one."""


def offered(delivery: Delivery) -> frozenset[str]:
    """Return those of `CONDITIONAL` that are of use while this delivery is selected."""
    useless: set[str] = set()
    if delivery.handshake is not None:  # what it came to is how it was answered
        useless.add("recheck")
    if not wants_visit(delivery):
        useless.add("confirm")
    return CONDITIONAL - useless

"""Toasts about what goes wrong while one looks elsewhere: one every few seconds at most, and none about the past."""

from collections.abc import Callable, Sequence

from textual.message import Message

from inspector.core.briefs import Brief, Kind, News
from inspector.core.model import Attempt, Delivery, Trigger
from inspector.core.text import safe, shorten
from tui import labels

EVERY_S = 5.0
"""Between two of them; what fails meanwhile is told together."""
DESKTOP_MAX = 200
"""Characters of a notification of the desktop."""
FRESH_US = 15_000_000
"""What is older was not seen to happen: it is read from the store, after a break or at the start."""


class Failed(Message):
    """Something failed; the sentence may quote a sender."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Alerts:
    """Says what failed. A replay's failure is not among it: whoever asked for that is told anyway."""

    def __init__(self, tell: Callable[[str], None], *, enabled: bool = True) -> None:
        self._tell = tell
        self.enabled = enabled
        self._checks: list[Delivery | Brief] = []
        self._attempts: list[Attempt | Brief] = []
        self._next_s = float("-inf")

    def note(self, records: Sequence[News], now_us: int) -> None:
        """Look at what came, and tell it if it is time to."""
        if not self.enabled:
            return
        for record in records:
            match record:
                case Delivery(received_at_us=at_us) if now_us - at_us < FRESH_US:
                    if record.is_invalid:
                        self._checks.append(record)
                case Attempt(started_at_us=at_us, duration_us=took_us) if not (
                    record.succeeded
                    or record.trigger is Trigger.REPLAY
                    or now_us - at_us - took_us >= FRESH_US
                ):
                    self._attempts.append(record)
                case Brief(failed=True, at_us=at_us) if now_us - at_us < FRESH_US:
                    if record.kind is Kind.DELIVERY:
                        self._checks.append(record)
                    elif record.kind is Kind.ATTEMPT:
                        self._attempts.append(record)
        if (self._checks or self._attempts) and now_us / 1_000_000 >= self._next_s:
            self._tell(sentence(self._checks, self._attempts))
            self._next_s = now_us / 1_000_000 + EVERY_S
            self._checks, self._attempts = [], []

    def toggle(self) -> bool:
        """Tell from now on, or no longer; return which. What waits to be told is dropped."""
        self.enabled = not self.enabled
        self._checks, self._attempts = [], []
        return self.enabled


def desktop(told: str) -> str:
    """Return what has a terminal show a notification of the desktop: one spelling for each kind of terminal."""
    # Safe text ends no sequence, and a semicolon would only cut the second spelling short.
    text = shorten(safe(told), DESKTOP_MAX).replace(";", ",")
    return f"\x1b]9;{text}\x1b\\\x1b]777;notify;Hooktap;{text}\x1b\\"


def sentence(checks: Sequence[Delivery | Brief], attempts: Sequence[Attempt | Brief]) -> str:
    """Say in a line or two what failed: one thing with its reason, several with their count."""
    lines = []
    if len(checks) == 1:
        lines.append(f"#{checks[0].id} failed its check{_reason(checks[0])}")
    elif checks:
        lines.append(f"{len(checks):,} deliveries failed their check, the last #{checks[-1].id}")
    if len(attempts) == 1:
        lines.append(f"#{attempts[0].delivery_id} not taken{_reason(attempts[0])}")
    elif attempts:
        last = attempts[-1]
        told = f"{len(attempts):,} attempts failed"
        lines.append(f"{told}, the last at #{last.delivery_id}{_reason(last)}")
    return "\n".join(lines)


def _reason(failed: Delivery | Attempt | Brief) -> str:
    match failed:
        case Delivery(verification=verification):
            return f": {verification.detail}"
        case Attempt():
            return f": {labels.result(failed).text}"
        case Brief():  # what rushes by is told without
            return ""

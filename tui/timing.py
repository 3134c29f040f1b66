"""How long attempts took, beside each other: a bar for each, the slowest the longest."""

from collections.abc import Sequence

from textual.content import Content

from inspector.core.model import Attempt
from tui import labels

WIDTH = 24
EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(attempt: Attempt, among: Sequence[Attempt]) -> Content | None:
    """Return an attempt's bar; None where there is nothing to compare it with."""
    slowest_us = max((each.duration_us for each in among), default=0)
    if len(among) < 2 or slowest_us <= 0:
        return None
    # Never nothing: an answer that came at once is an answer.
    eighths = max(attempt.duration_us * WIDTH * 8 // slowest_us, 1)
    blocks = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
    style = labels.GOOD if attempt.succeeded else labels.BAD
    return Content.styled(blocks, style).pad_right(WIDTH - len(blocks))

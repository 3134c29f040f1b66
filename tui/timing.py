"""How long attempts took, beside each other: a bar for each, the slowest the longest, and what of it went where."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from textual.content import Content

from inspector.core.model import Attempt, Failure
from inspector.core.timing import Phase, Span, spans, words
from tui import labels
from tui.folding import Line

WIDTH = 24
EIGHTHS = " ▏▎▍▌▋▊▉"
BLOCKS: Mapping[Phase, str] = {
    Phase.LOST: "╌",
    Phase.CONNECT: "░",
    Phase.WAIT: "█",
    Phase.READ: "▒",
}
"""Not told apart by colour alone."""


def bar(attempt: Attempt, among: Sequence[Attempt]) -> Content | None:
    """Return an attempt's bar; None where there is nothing to compare it with, and nothing to tell apart in it."""
    slowest_us = max((each.duration_us for each in among), default=0)
    parts = list(spans(attempt))
    if slowest_us <= 0 or (len(among) < 2 and not parts):
        return None
    if sum(part.lasted_us for part in parts):
        return _in_parts(attempt, parts, attempt.duration_us / slowest_us)
    # Never nothing: an answer that came at once is an answer.
    eighths = max(attempt.duration_us * WIDTH * 8 // slowest_us, 1)
    blocks = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
    style = labels.GOOD if attempt.succeeded else labels.BAD
    return Content.styled(blocks, style).pad_right(WIDTH - len(blocks))


def legend(attempt: Attempt) -> Iterator[Line]:
    """Yield the line below a bar: what stands for which part of the time, and how long that was."""
    parts = list(spans(attempt))
    told: list[Content] = []
    for part in parts:
        # What belongs together stays on one row.
        said = Content.styled(part.words.replace(" ", "\N{NO-BREAK SPACE}"), labels.FAINT)
        block = Content.styled(BLOCKS[part.phase], _style(attempt, part, parts))
        told.append(block + "\N{NO-BREAK SPACE}" + said if part.lasted_us else said)
    if told:
        line = Content("   ") + Content(", ").join(told)
        yield Line(line, hang=3, is_prose=True, value=words(attempt))


def _in_parts(attempt: Attempt, parts: Sequence[Span], share: float) -> Content:
    cells = max(round(WIDTH * share), 1)
    # Rounded as they add up, so that together they are as long as the whole.
    ends_us = list(accumulate((part.lasted_us for part in parts), initial=0))
    ends = [round(cells * each / ends_us[-1]) for each in ends_us]
    shown = [
        Content.styled(BLOCKS[part.phase] * (end - start), _style(attempt, part, parts))
        for part, (start, end) in zip(parts, pairwise(ends), strict=True)
    ]
    return Content("").join(shown).pad_right(WIDTH - cells)


def _style(attempt: Attempt, part: Span, parts: Sequence[Span]) -> str:
    """Return the looks of a part: bad is the one in which it failed, or the wait for an answer that is no 2xx."""
    if isinstance(attempt.result, Failure) and part is parts[-1]:
        return labels.BAD
    match part.phase:
        case Phase.LOST | Phase.CONNECT:
            return labels.FAINT
        case Phase.READ:
            return labels.NEUTRAL
        case Phase.WAIT:
            return (
                labels.GOOD
                if isinstance(attempt.result, Failure) or attempt.succeeded
                else labels.BAD
            )

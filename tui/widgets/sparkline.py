"""A line of blocks, one for each part of some time: how high says how much came, the colour whether it went well."""

from collections.abc import Sequence

from textual.content import Content

from tui import labels
from tui.pulse import Beat

BLOCKS = "▁▂▃▄▅▆▇█"
QUIET = "·"


def sparkline(columns: Sequence[Beat]) -> Content:
    """Return one character for each column; what failed is coloured, by the worst of it."""
    highest = max((beat.arrivals for beat in columns), default=0)
    return Content.assemble(*((_block(beat, highest), _style(beat)) for beat in columns))


def _block(beat: Beat, highest: int) -> str:
    if not beat.arrivals:
        return BLOCKS[0] if beat.failed else QUIET
    return BLOCKS[(beat.arrivals * len(BLOCKS) - 1) // highest]


def _style(beat: Beat) -> str:
    if beat.failed:
        return labels.BAD
    if beat.invalid:
        return labels.DOUBTFUL
    return labels.GOOD if beat.arrivals else labels.FAINT

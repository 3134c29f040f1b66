"""What two things differ in, as lines safe to show."""

from collections.abc import Iterator
from typing import NamedTuple

from textual.content import Content

from inspector.core.difference import Change, Difference, DiffLine, LineKind
from inspector.core.text import safe, shorten
from tui import labels
from tui.folding import Line

VALUE_MAX = 4000
"""Characters of a value, or of a line."""
_LOOKS = {
    LineKind.ADDED: labels.GOOD,
    LineKind.REMOVED: labels.BAD,
    LineKind.SKIPPED: labels.FAINT,
    LineKind.SAME: "",
}


class Shown(NamedTuple):
    """A line, and the change that it tells of."""

    line: Line
    change: Change | None = None


def lines(difference: Difference) -> Iterator[Shown]:
    """Yield the changes part by part, then the texts line by line, then what else there is to say."""
    if difference.is_empty:
        yield Shown(Line(Content("They are the same.")))
    for change in difference.changes:
        part = shorten(safe(change.part), VALUE_MAX)
        yield Shown(Line(Content.styled(part, ".name"), hang=2), change)
        for kind, value in ((LineKind.REMOVED, change.before), (LineKind.ADDED, change.after)):
            if value is not None:
                yield Shown(_line(DiffLine(kind, value), "  "), change)
    for line in difference.lines:
        yield Shown(_line(line))
    if difference.note:
        yield Shown(Line(Content(safe(difference.note)), is_prose=True))


def _line(line: DiffLine, indent: str = "") -> Line:
    text = safe(shorten(line.text, VALUE_MAX))
    shown = Content(f"{indent}{line.kind.value} {text}")
    look = _LOOKS[line.kind]
    return Line(shown.stylize(look) if look else shown, hang=len(indent) + 2, value=text)

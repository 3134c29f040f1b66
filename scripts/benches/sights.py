"""What is looked for on the terminal's screen, by what a person reads there."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from scripts.benches.terminal import Sight
from scripts.screen import Part, Screen

LIST_TOP = 2
"""Rows above the list: the bar, and the titles."""
LINE = re.compile(r"(?P<mark>[▌ ]) *(?P<number>\d+)  +(?P<waits>…  )?")
COUNT = re.compile(r"([\d,]+) deliver(?:y|ies)\b")
FOUND = re.compile(r"/ .* [\d,]+ of [\d,]+")
TABS = re.compile(r"Body .*Headers +Attempts")
FOLLOWING, PAUSED = "▼ following", "‖ paused"
EMPTY = "Waiting for the first delivery"


class Line(NamedTuple):
    """A line of the list."""

    number: int
    is_selected: bool
    is_whole: bool
    """Whether more than the number is known of its delivery."""


def listed(screen: Screen) -> list[Line]:
    """Return the lines of the list that are in sight."""
    lines = []
    for text in screen.lines[LIST_TOP:]:
        if (found := LINE.match(text)) is None:
            break
        lines.append(Line(int(found["number"]), found["mark"] != " ", found["waits"] is None))
    return lines


def selected(screen: Screen) -> int | None:
    """Return the selected delivery; None while there is none, or two, or only its number is there."""
    lines = [line for line in listed(screen) if line.is_selected]
    return lines[0].number if len(lines) == 1 and lines[0].is_whole else None


def is_waiting(screen: Screen) -> bool:
    """Whether the list is empty, and where the first delivery may go in is said."""
    text = str(screen)
    return EMPTY in text and "/in/demo" in text


def is_at_newest(screen: Screen) -> bool:
    """Whether the list follows, the last of its lines is selected, and all are whole."""
    lines = listed(screen)
    return FOLLOWING in screen.lines[0] and _is_complete(lines) and lines[-1].is_selected


def is_paused(screen: Screen) -> bool:
    """Whether the list no longer follows."""
    return PAUSED in screen.lines[0]


def is_at_oldest(screen: Screen) -> bool:
    """Whether the first of the list's lines is selected, and all are whole."""
    lines = listed(screen)
    return _is_complete(lines) and lines[0].is_selected


def has_filter(screen: Screen) -> bool:
    """Whether a filter can be typed."""
    return any(line.startswith("/ ") for line in screen.lines)


def moved(before: int, by: int) -> Sight:
    """Look for another selected delivery, older (`by` < 0) or newer."""

    def is_there(screen: Screen) -> bool:
        now = selected(screen)
        return now is not None and (now - before) * by > 0

    return is_there


def shows(newest_first: Sequence[int]) -> Sight:
    """Look for a list of these, the newest below, as many as there is room for."""

    def is_there(screen: Screen) -> bool:
        lines = listed(screen)
        numbers = [line.number for line in reversed(lines)]
        return _is_complete(lines) and numbers == list(newest_first[: len(numbers)])

    return is_there


def finds(newest_first: Sequence[int]) -> Sight:
    """Look for a list of these, and for how many are found to stand beside the filter."""
    is_listed = shows(newest_first)
    return lambda screen: is_listed(screen) and any(map(FOUND.match, screen.lines))


def count(screen: Screen) -> int:
    """Return how many deliveries the bar counts."""
    found = COUNT.search(screen.lines[0])
    return 0 if found is None else int(found[1].replace(",", ""))


def counts(least: int) -> Sight:
    """Look for the bar to count so many deliveries."""
    return lambda screen: count(screen) >= least


def body(screen: Screen) -> Part:
    """Return what stands below the tabs, with its colours: among them is where the cursor is."""
    tabs = map(TABS.search, screen.lines)
    row, left = next((row, found.start()) for row, found in enumerate(tabs) if found)
    return screen.part(row + 1, LIST_TOP + len(listed(screen)), left)


def _is_complete(lines: Sequence[Line]) -> bool:
    return sum(line.is_selected for line in lines) == 1 and all(line.is_whole for line in lines)

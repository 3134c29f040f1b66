"""A list in which each event has one line: its first delivery that is listed, the others folded beneath."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tui.numbers import Numbers
from tui.repeats import Repeats
from tui.window import Row

FAILED_MAX = 999
"""Failed deliveries of one event that are counted: a sender may repeat it a hundred thousand times."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line of such a list stands to the other deliveries of its event, where there are any."""

    is_beneath: bool = False
    """It is one of the later deliveries of an event that is open; the rest is said only of the event's own line."""
    is_open: bool = False
    count: int = 0
    """Deliveries of the event that are listed, this one included."""
    failed: int = 0
    """Those of which what came last is a failure, as far as they are counted."""
    newest: Row | None = None
    """The row of the last of them, if it is at hand."""


class EventFold:
    """Lines in the order of the events' first deliveries. Beneath the line of an open event stand its others.

    Only what repeats an event is looked at: those of a million that do not are copied as they lie in memory.
    """

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._listed = Numbers()
        self._heads = Numbers()
        """The first listed delivery of each event, and what is of none."""
        self._firsts = array("q")
        self._members = array("q")
        """Listed deliveries of events that came more than once, in the order of their events and then of their own."""
        self._open: set[int] = set()
        """The first deliveries of open events, listed or not."""
        self._spread: list[tuple[int, range]] = []
        """Where the line of each open event stands among the heads, in order, and which members stand beneath it."""

    def lay_out(self, listed: Numbers) -> None:
        """Fold another list, or the same after it has changed by more than what `add` was told."""
        self._listed = listed
        pairs = self._pairs(listed)
        firsts = {first for first, _ in pairs}
        pairs += ((first, first) for first in firsts if first in listed)
        pairs.sort()
        self._firsts = array("q", (first for first, _ in pairs))
        self._members = array("q", (each for _, each in pairs))
        before = zip((None, *self._firsts), pairs, strict=False)
        beneath = sorted(each for last, (first, each) in before if last == first)
        self._heads = listed.without(beneath)
        self._spread_out()

    def add(self, number: int) -> bool:
        """Take in a delivery that has just been listed; whether it has a line."""
        first = self._repeats.first(number)
        if first != number and not self._group(first) and first in self._listed:
            self._join(first, first)
        if first != number or self._group(first):
            self._join(first, number)
        group = self._group(first)
        is_head = not group or self._members[group.start] == number
        if is_head:
            if len(group) > 1:
                self._heads.remove({self._members[group.start + 1]})
            self._heads.add(number)
        self._spread_out()
        return is_head or first in self._open

    def toggle(self, number: int) -> int | None:
        """Open or close the event of a delivery; return the event's own line, None if only one delivery is listed."""
        first = self._repeats.first(number)
        group = self._group(first)
        if len(group) < 2:
            return None
        self._open ^= {first}
        self._spread_out()
        return self._members[group.start]

    def reveal(self, number: int) -> bool:
        """Open the event of a delivery that is folded away; whether this one was."""
        if self.index(number) is not None or number not in self._listed:
            return False
        self._open.add(self._repeats.first(number))
        self._spread_out()
        return True

    def newest(self, number: int) -> int | None:
        """Return the last delivery of the closed event that has this line; None if it is no such line."""
        group = self._group(first := self._repeats.first(number))
        if len(group) < 2 or first in self._open or self._members[group.start] != number:
            return None
        return self._members[group[-1]]

    def standing(self, number: int, row: Row | None, newest: Row | None) -> Standing | None:
        """Return how a line stands to others, given its row and that of `newest`; None if it has nothing beneath."""
        group = self._group(first := self._repeats.first(number))
        if len(group) < 2:
            return None
        if self._members[group.start] != number:
            return Standing(is_beneath=True)
        last = row.last_attempt if row is not None and number == first else None
        return Standing(
            is_open=first in self._open,
            count=len(group),
            failed=self._failed(first, group) + (last is not None and not last.succeeded),
            newest=newest,
        )

    def __len__(self) -> int:
        return len(self._heads) + sum(len(beneath) for _, beneath in self._spread)

    def __getitem__(self, index: int) -> int:
        for at, beneath in self._spread:
            if index <= at:
                break
            if index <= at + len(beneath):
                return self._members[beneath[index - at - 1]]
            index -= len(beneath)
        return self._heads[index]

    def __iter__(self) -> Iterator[int]:
        return (self[index] for index in range(len(self)))

    def part(self, start: int, stop: int) -> Sequence[int]:
        """Return what stands from `start` up to before `stop`, as far as there is anything."""
        return [self[index] for index in range(max(start, 0), min(stop, len(self)))]

    def index(self, number: int) -> int | None:
        """Return on which line a delivery stands, if it has one."""
        index = self.place(number)
        return index if index < len(self) and self[index] == number else None

    def place(self, number: int) -> int:
        """Return on which line it stands, or would; of what is folded away, the line of its event."""
        first = self._repeats.first(number)
        group = self._group(first)
        at = self._heads.place(self._members[group.start] if group else number)
        line = at + sum(len(beneath) for other, beneath in self._spread if other < at)
        if first in self._open:
            line += bisect_left(self._members, number, group.start, group.stop) - group.start
        return line

    def _pairs(self, listed: Numbers) -> list[tuple[int, int]]:
        """Return what is listed and repeats an event, each after the first of that."""
        if len(listed) < len(self._repeats):
            firsts = ((self._repeats.first(each), each) for each in listed)
            return [(first, each) for first, each in firsts if first != each]
        return [(first, each) for each, first in self._repeats if each in listed]

    def _group(self, first: int) -> range:
        """Return where the members of an event stand."""
        return range(bisect_left(self._firsts, first), bisect_right(self._firsts, first))

    def _failed(self, first: int, group: range) -> int:
        failed = islice(self._repeats.failed(first), FAILED_MAX)
        places = (
            (each, bisect_left(self._members, each, group.start, group.stop)) for each in failed
        )
        return sum(at < group.stop and self._members[at] == each for each, at in places)

    def _join(self, first: int, number: int) -> None:
        group = self._group(first)
        at = bisect_left(self._members, number, group.start, group.stop)
        if at == group.stop or self._members[at] != number:
            self._firsts.insert(at, first)
            self._members.insert(at, number)

    def _spread_out(self) -> None:
        """Find the lines of open events again."""
        heads = {
            self._members[group.start]: group for group in map(self._group, self._open) if group
        }
        self._spread = [(self._heads.place(head), heads[head][1:]) for head in sorted(heads)]

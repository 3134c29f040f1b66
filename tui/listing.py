"""What the list shows: the numbers of all deliveries, or of those that match, and the rows of those in sight."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from inspector.core.briefs import Brief, Kind, News
from inspector.core.found import Repeat
from inspector.core.model import Delivery
from tui.eventfold import EventFold, Standing
from tui.numbers import Numbers
from tui.repeats import Repeats
from tui.window import Row, Window


@dataclass(frozen=True, slots=True)
class Change:
    """What records of the feed did to the list."""

    added: int = 0
    """Deliveries that it now has besides."""
    updated: frozenset[int] = frozenset()
    """Numbers of the deliveries whose row got an attempt or a verdict."""


class Listing:
    """Lines that each stand for a delivery, the oldest first; only few of them have their row at hand."""

    def __init__(self) -> None:
        self.everything = Numbers()
        self.window = Window()
        self._matching: Numbers | None = None
        self._repeats = Repeats()
        self._fold = EventFold(self._repeats)
        self.is_folded = False
        """Whether each event has one line."""

    @property
    def is_filtered(self) -> bool:
        """Whether it shows only what matches."""
        return self._matching is not None

    @property
    def listed(self) -> Numbers:
        """The numbers of all that is to be shown, folded away or not."""
        return self.everything if self._matching is None else self._matching

    @property
    def numbers(self) -> Numbers | EventFold:
        """The numbers of the lines."""
        return self._fold if self.is_folded else self.listed

    def __len__(self) -> int:
        return len(self.numbers)

    def row(self, delivery_id: int) -> Row | None:
        """Return a delivery's row, if it is at hand."""
        return self.window.get(delivery_id)

    def missing(self, start: int, stop: int) -> list[int]:
        """Return the numbers of what the lines from `start` to `stop` show and whose rows are not at hand."""
        lines = self.numbers.part(start, stop)
        if self.is_folded:
            newest = map(self._fold.newest, lines)
            lines = [*lines, *(each for each in newest if each is not None)]
        return [each for each in lines if each not in self.window]

    def is_missing(self, delivery_id: int) -> bool:
        """Whether the row of a delivery that there is, shown or not, is not at hand."""
        return delivery_id not in self.window and self.everything.index(delivery_id) is not None

    def standing(self, number: int) -> Standing | None:
        """Return how a line stands to the others of its event, if the list is folded and there are any."""
        if not self.is_folded:
            return None
        newest = self._fold.newest(number)
        row = None if newest is None else self.row(newest)
        return self._fold.standing(number, self.row(number), row)

    def fold(self, *, folded: bool) -> None:
        """Give each event one line, or each delivery."""
        self.is_folded = folded
        self._lay_out()

    def toggle(self, number: int) -> int | None:
        """Open or close the event of a delivery; return the event's own line, if there is anything beneath it."""
        return self._fold.toggle(number) if self.is_folded else None

    def reveal(self, number: int) -> bool:
        """Open the event beneath whose line a delivery is folded away; whether it was."""
        return self.is_folded and self._fold.reveal(number)

    def add_history(self, newest_first: Sequence[int], repeats: Sequence[Repeat] = ()) -> None:
        """Take in numbers of the history: the newest, and then always what is older."""
        self.everything.add_older(newest_first)
        self._repeats.add_history(repeats)
        self._lay_out()
        self.window.newest = max(self.window.newest, *newest_first[:1], 0)

    def add_records(self, records: Sequence[News], *, following: bool) -> Change:
        """Take in records of the feed. While a filter holds, what is new is not shown: see `settle`."""
        self._repeats.add_records(records)
        new = [each.id for each in records if _is_delivery(each) and self.everything.add(each.id)]
        added = 0 if self.is_filtered else sum([self._line_up(each) for each in new])
        updated = self.window.add_records(records, keep=not following or self.is_filtered)
        return Change(added, updated)

    def show(self, newest_first: Iterable[int] | None) -> None:
        """Show only these; None: show everything."""
        self._matching = None if newest_first is None else Numbers(newest_first)
        self._lay_out()

    def add_matching(self, newest_first: Iterable[int]) -> None:
        """Show these as well, which are older than all that match so far."""
        if self._matching is not None:
            self._matching.add_older(newest_first)
            self._lay_out()

    def settle(self, looked_at: Iterable[int], matching: Collection[int]) -> int:
        """Show of those looked at the ones that match, and no others; return how many came in."""
        if self._matching is None:
            return 0
        gone = [each for each in looked_at if each not in matching and each in self._matching]
        if gone:
            self._matching.remove(gone)
            self._lay_out()
        return sum([self._line_up(each) for each in matching if self._matching.add(each)])

    def forget(self, gone: Collection[int], oldest: int | None) -> None:
        """Drop deliveries that are in the store no longer, and all that are older than its oldest."""
        self.window.forget(gone)
        for numbers in filter(None, (self.everything, self._matching)):
            numbers.remove(gone)
            if oldest is not None:
                numbers.remove_below(oldest)
        self._repeats.forget(gone, oldest)
        self._lay_out()

    def _lay_out(self) -> None:
        if self.is_folded:
            self._fold.lay_out(self.listed)

    def _line_up(self, added: int) -> bool:
        """Put what has just been listed in its place; whether that is a line."""
        return not self.is_folded or self._fold.add(added)

    def share_above(self, number: int) -> float:
        """Return what part of all deliveries is not below a number."""
        count = len(self.everything)
        return (count - self.everything.place(number)) / count if count else 1.0


def _is_delivery(record: News) -> bool:
    return isinstance(record, Delivery) or (
        isinstance(record, Brief) and record.kind is Kind.DELIVERY
    )

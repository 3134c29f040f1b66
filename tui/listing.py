"""What the list shows: the numbers of all deliveries, or of those that match, and the rows of those in sight."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from inspector.core.model import Delivery, Record
from tui.numbers import Numbers
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

    @property
    def is_filtered(self) -> bool:
        """Whether it shows only what matches."""
        return self._matching is not None

    @property
    def numbers(self) -> Numbers:
        """The numbers of what is shown."""
        return self.everything if self._matching is None else self._matching

    def __len__(self) -> int:
        return len(self.numbers)

    def row(self, delivery_id: int) -> Row | None:
        """Return a delivery's row, if it is at hand."""
        return self.window.get(delivery_id)

    def missing(self, start: int, stop: int) -> list[int]:
        """Return the numbers of the lines from `start` to `stop` whose rows are not at hand."""
        return [each for each in self.numbers.part(start, stop) if each not in self.window]

    def is_missing(self, delivery_id: int) -> bool:
        """Whether the row of a delivery that there is, shown or not, is not at hand."""
        return delivery_id not in self.window and self.everything.index(delivery_id) is not None

    def add_history(self, newest_first: Sequence[int]) -> None:
        """Take in numbers of the history: the newest, and then always what is older."""
        self.everything.add_older(newest_first)
        self.window.newest = max(self.window.newest, *newest_first[:1], 0)

    def add_records(self, records: Sequence[Record], *, following: bool) -> Change:
        """Take in records of the feed. While a filter holds, what is new is not shown: see `settle`."""
        added = 0
        for record in records:
            if isinstance(record, Delivery):
                added += self.everything.add(record.id)
        updated = self.window.add_records(records, keep=following and not self.is_filtered)
        return Change(0 if self.is_filtered else added, updated)

    def show(self, newest_first: Iterable[int] | None) -> None:
        """Show only these; None: show everything."""
        self._matching = None if newest_first is None else Numbers(newest_first)

    def add_matching(self, newest_first: Iterable[int]) -> None:
        """Show these as well, which are older than all that match so far."""
        if self._matching is not None:
            self._matching.add_older(newest_first)

    def settle(self, looked_at: Iterable[int], matching: Collection[int]) -> int:
        """Show of those looked at the ones that match, and no others; return how many came in."""
        if self._matching is None:
            return 0
        self._matching.remove([each for each in looked_at if each not in matching])
        return sum(self._matching.add(each) for each in matching)

    def forget(self, gone: Collection[int], oldest: int | None) -> None:
        """Drop deliveries that are in the store no longer, and all that are older than its oldest."""
        self.window.forget(gone)
        for numbers in filter(None, (self.everything, self._matching)):
            numbers.remove(gone)
            if oldest is not None:
                numbers.remove_below(oldest)

    def share_above(self, number: int) -> float:
        """Return what part of all deliveries is not below a number."""
        count = len(self.everything)
        return (count - self.everything.place(number)) / count if count else 1.0

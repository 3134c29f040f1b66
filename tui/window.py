"""What the list shows: the newest deliveries with their attempts, a bounded number of them, in memory."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from inspector.core.model import Attempt, Delivery, Record, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery with its attempts, oldest first."""

    delivery: Delivery
    attempts: tuple[Attempt, ...] = ()

    @property
    def last_attempt(self) -> Attempt | None:
        """The newest attempt, if there was one."""
        return self.attempts[-1] if self.attempts else None


@dataclass(frozen=True, slots=True)
class Change:
    """What a call did to the window."""

    added: int = 0
    """Deliveries that came in, whether or not they could stay."""
    dropped: int = 0
    """Deliveries that had to leave at the old end."""
    updated: frozenset[int] = frozenset()
    """Numbers of the deliveries that got an attempt or a verdict."""


class Window:
    """The newest `capacity` deliveries, oldest first, as rows.

    The one place that knows which deliveries are at hand. A record may be given twice. Of verdicts, the last given
    is taken for the newest, as the feed has them.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self.capacity = capacity
        self.newest = 0
        """The highest number seen, whatever it numbers: where the feed goes on."""
        self.is_partial = False
        """Whether there are older deliveries than the window holds."""
        self._pinned: int | None = None
        self._ids: list[int] = []
        self._rows: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, index: int) -> Row:
        return self._rows[self._ids[index]]

    def __iter__(self) -> Iterator[Row]:
        return (self._rows[delivery_id] for delivery_id in self._ids)

    def pin(self, delivery_id: int) -> None:
        """Keep this delivery's row at hand, with its new attempts, even when the delivery has to leave."""
        if self._pinned is not None and self.index(self._pinned) is None:
            self._rows.pop(self._pinned, None)
        self._pinned = delivery_id

    def get(self, delivery_id: int) -> Row | None:
        """Return the row of a delivery that is in the window or pinned."""
        return self._rows.get(delivery_id)

    def index(self, delivery_id: int) -> int | None:
        """Return where a delivery stands, if it is in the window."""
        index = bisect_left(self._ids, delivery_id)
        return index if index < len(self) and self._ids[index] == delivery_id else None

    def add_page(self, page: Iterable[tuple[Delivery, Sequence[Attempt]]]) -> Change:
        """Take in a page of the history, in any order."""
        added = 0
        for delivery, attempts in page:
            added += self._add_delivery(delivery)
            for attempt in attempts:
                self._add_attempt(attempt)
        return Change(added, self._drop())

    def add_records(self, records: Iterable[Record]) -> Change:
        """Take in records of the feed."""
        added = 0
        updated: set[int] = set()
        for record in records:
            match record:
                case Delivery():
                    added += self._add_delivery(record)
                case Attempt():
                    if self._add_attempt(record):
                        updated.add(record.delivery_id)
                case Verdict():
                    if self._add_verdict(record):
                        updated.add(record.delivery_id)
                case unreachable:
                    assert_never(unreachable)
        return Change(added, self._drop(), frozenset(updated))

    def _add_delivery(self, delivery: Delivery) -> bool:
        self.newest = max(self.newest, delivery.id)
        if delivery.id in self._rows:
            return False
        insort(self._ids, delivery.id)
        self._rows[delivery.id] = Row(delivery)
        return True

    def _add_attempt(self, attempt: Attempt) -> bool:
        self.newest = max(self.newest, attempt.id)
        row = self._rows.get(attempt.delivery_id)
        if row is None or any(known.id == attempt.id for known in row.attempts):
            return False
        attempts = sorted((*row.attempts, attempt), key=lambda known: known.number)
        self._rows[attempt.delivery_id] = replace(row, attempts=tuple(attempts))
        return True

    def _add_verdict(self, verdict: Verdict) -> bool:
        self.newest = max(self.newest, verdict.id)
        row = self._rows.get(verdict.delivery_id)
        if row is None:
            return False
        checked = replace(
            row.delivery, provider=verdict.provider, verification=verdict.verification
        )
        self._rows[verdict.delivery_id] = replace(row, delivery=checked)
        return checked != row.delivery

    def _drop(self) -> int:
        surplus = max(len(self._ids) - self.capacity, 0)
        for delivery_id in self._ids[:surplus]:
            if delivery_id != self._pinned:
                del self._rows[delivery_id]
        del self._ids[:surplus]
        self.is_partial |= surplus > 0
        return surplus

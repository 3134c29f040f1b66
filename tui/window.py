"""What is known of the deliveries in sight: their rows, a bounded number of them, in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from inspector.core.briefs import Brief, Kind, News
from inspector.core.model import Attempt, Delivery, Verdict

CAPACITY = 1024
UNSEEN = 128
"""Rows that are taken in while those in sight are to stay: the newest, more than a screen full."""


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery with its attempts, oldest first."""

    delivery: Delivery
    attempts: tuple[Attempt, ...] = ()

    @property
    def last_attempt(self) -> Attempt | None:
        """The newest attempt, if there was one."""
        return self.attempts[-1] if self.attempts else None


class Window:
    """The rows that were looked at last, or have just come; the newest always, as far as the feed told them whole.

    A record may be given twice. Of verdicts, the last given is taken for the newest, as the feed has them. A row of
    which something is told in short is shown on, but has to be read again.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.newest = 0
        """The highest number seen, whatever it numbers."""
        self.longest_endpoint = 0
        self.longest_method = 0
        """Characters, of all deliveries seen: columns as wide as that do not sway."""
        self._pinned: int | None = None
        self._rows: dict[int, Row] = {}
        """That which was looked at last is last."""
        self._stale: set[int] = set()
        """Of which rows something is missing."""
        self._unseen: dict[int, None] = {}
        """Those that came while the ones in sight were to stay, and that nobody has looked at yet."""
        self._coming: dict[int, list[Attempt | Verdict | Brief]] = {}
        """What the feed has told of rows while they were being read."""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __contains__(self, delivery_id: int) -> bool:
        """Whether a delivery's row is at hand and needs no reading."""
        return delivery_id in self._rows and delivery_id not in self._stale

    def pin(self, delivery_id: int) -> None:
        """Keep this delivery's row at hand, with its new attempts, wherever the list is."""
        self._pinned = delivery_id
        self._unseen.pop(delivery_id, None)

    def get(self, delivery_id: int) -> Row | None:
        """Return a delivery's row, if it is at hand."""
        row = self._rows.pop(delivery_id, None)
        if row is not None:
            self._rows[delivery_id] = row
            self._unseen.pop(delivery_id, None)
        return row

    def expect(self, delivery_ids: Iterable[int]) -> None:
        """Note that these rows are being read: what the feed tells of them meanwhile may not be in them."""
        self._coming = {delivery_id: [] for delivery_id in delivery_ids}

    def add_page(self, page: Iterable[tuple[Delivery, Sequence[Attempt]]]) -> None:
        """Take in rows that have been read."""
        for delivery, attempts in page:
            known = self._rows.pop(delivery.id, None)
            self._stale.discard(delivery.id)
            self._put(Row(delivery))
            for attempt in (*attempts, *(known.attempts if known else ())):
                self._add_attempt(attempt)
            for record in self._coming.pop(delivery.id, ()):
                self.add_records([record])

    def add_records(self, records: Iterable[News], *, keep: bool = False) -> frozenset[int]:
        """Take in records of the feed; return which deliveries' rows they have changed.

        With `keep` the rows in sight stay: of new deliveries only the newest few are taken in.
        """
        updated: set[int] = set()
        for record in records:
            self.newest = max(self.newest, record.id)
            match record:
                case Delivery():
                    self._add_delivery(record, keep=keep)
                case Attempt():
                    self._note(record)
                    if self._add_attempt(record):
                        updated.add(record.delivery_id)
                case Verdict():
                    self._note(record)
                    if self._add_verdict(record):
                        updated.add(record.delivery_id)
                case Brief():
                    if record.kind is not Kind.DELIVERY:
                        self._note(record)
                        self._miss(record.delivery_id)
                case unreachable:
                    assert_never(unreachable)
        return frozenset(updated)

    def forget(self, delivery_ids: Iterable[int]) -> None:
        """Let go of rows whose deliveries are gone, but not of the pinned one."""
        for delivery_id in delivery_ids:
            if delivery_id != self._pinned:
                self._drop(delivery_id)

    def _miss(self, delivery_id: int) -> None:
        if delivery_id in self._rows:
            self._stale.add(delivery_id)

    def _add_delivery(self, delivery: Delivery, *, keep: bool) -> None:
        if delivery.id in self._rows:
            return
        if keep:
            if len(self._unseen) == UNSEEN:
                self._drop(next(iter(self._unseen)))
            self._unseen[delivery.id] = None
        self._put(Row(delivery))

    def _drop(self, delivery_id: int) -> None:
        self._rows.pop(delivery_id, None)
        self._stale.discard(delivery_id)
        self._unseen.pop(delivery_id, None)

    def _note(self, record: Attempt | Verdict | Brief) -> None:
        if record.delivery_id in self._coming:
            self._coming[record.delivery_id].append(record)

    def _put(self, row: Row) -> None:
        delivery = row.delivery
        self.newest = max(self.newest, delivery.id)
        self.longest_endpoint = max(self.longest_endpoint, len(delivery.endpoint))
        self.longest_method = max(self.longest_method, len(delivery.request.method))
        self._rows[delivery.id] = row
        if len(self) > self.capacity:
            oldest = iter(self._rows)
            self._drop(next(each for each in oldest if each != self._pinned))

    def _add_attempt(self, attempt: Attempt) -> bool:
        self.newest = max(self.newest, attempt.id)
        row = self._rows.get(attempt.delivery_id)
        if row is None or any(known.id == attempt.id for known in row.attempts):
            return False
        attempts = sorted((*row.attempts, attempt), key=lambda known: known.number)
        self._rows[attempt.delivery_id] = replace(row, attempts=tuple(attempts))
        return True

    def _add_verdict(self, verdict: Verdict) -> bool:
        row = self._rows.get(verdict.delivery_id)
        if row is None:
            return False
        checked = replace(
            row.delivery, provider=verdict.provider, verification=verdict.verification
        )
        self._rows[verdict.delivery_id] = replace(row, delivery=checked)
        return checked != row.delivery

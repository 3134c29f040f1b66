"""Which of all deliveries repeat an event that came before, and which of those have failed: by number, in few bytes."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator

from inspector.core.briefs import Brief, Kind, News
from inspector.core.found import Repeat
from inspector.core.model import Attempt, Delivery


class Repeats:
    """As the inspector has marked them: the history, and then what the feed tells."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._firsts = array("q")
        """Of each of the numbers, which ascend."""
        self._failed: dict[int, set[int]] = {}
        """By the first of their event: repeats of which what came last is a failure."""

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield each with the delivery in which its event came first."""
        return zip(self._numbers, self._firsts, strict=True)

    def first(self, number: int) -> int:
        """Return the delivery in which a delivery's event came first, which may be gone; itself, if it repeats none."""
        index = bisect_left(self._numbers, number)
        found = index < len(self._numbers) and self._numbers[index] == number
        return self._firsts[index] if found else number

    def failed(self, first: int) -> Collection[int]:
        """Return those repeats of an event that failed."""
        return self._failed.get(first, ())

    def add_history(self, newest_first: Iterable[Repeat]) -> None:
        """Take in what is older than all that is there."""
        oldest = self._numbers[0] if self._numbers else None
        older = [
            each
            for each in newest_first
            if each.first < each.number and (oldest is None or each.number < oldest)
        ]
        older.reverse()
        self._numbers[:0] = array("q", (each.number for each in older))
        self._firsts[:0] = array("q", (each.first for each in older))
        for each in older:
            self._note(each.number, each.first, has_failed=each.failed)

    def add_records(self, records: Iterable[News]) -> None:
        """Take in records of the feed."""
        for record in records:
            match record:
                case (
                    Delivery(id=number, duplicate_of=int(first))
                    | Brief(kind=Kind.DELIVERY, id=number, duplicate_of=int(first))
                ) if first < number:
                    if not self._numbers or number > self._numbers[-1]:
                        self._numbers.append(number)
                        self._firsts.append(first)
                case Attempt(delivery_id=number) if (first := self.first(number)) != number:
                    self._note(number, first, has_failed=not record.succeeded)
                case Brief(kind=Kind.ATTEMPT | Kind.REPLAY, delivery_id=number) if (
                    first := self.first(number)
                ) != number:
                    self._note(number, first, has_failed=record.failed)

    def forget(self, gone: Collection[int], oldest: int | None) -> None:
        """Let go of what is in the store no longer. Of `gone`, only that they failed: they are listed nowhere."""
        if oldest is not None:
            below = bisect_left(self._numbers, oldest)
            del self._numbers[:below], self._firsts[:below]
        for first, failed in list(self._failed.items()):
            kept = {each for each in failed.difference(gone) if oldest is None or each >= oldest}
            self._failed[first] = kept
            if not kept:
                del self._failed[first]

    def _note(self, number: int, first: int, *, has_failed: bool) -> None:
        failed = self._failed.setdefault(first, set()) if has_failed else self._failed.get(first)
        if failed is None:
            return
        if has_failed:
            failed.add(number)
        else:
            failed.discard(number)

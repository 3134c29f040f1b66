"""Numbers of deliveries, in ascending order: a million of them take eight megabytes."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence


class Numbers:
    """Each one once. What is added last is mostly highest, and what is read from the history lowest."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._numbers = array("q", sorted(set(numbers)))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> int:
        return self._numbers[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __contains__(self, number: int) -> bool:
        return self.index(number) is not None

    def part(self, start: int, stop: int) -> Sequence[int]:
        """Return those that stand from `start` up to before `stop`, as far as there are any."""
        return self._numbers[max(start, 0) : max(stop, 0)]

    def index(self, number: int) -> int | None:
        """Return where a number stands, if it is there."""
        index = self.place(number)
        return index if index < len(self) and self._numbers[index] == number else None

    def place(self, number: int) -> int:
        """Return how many are lower: where it stands, or would."""
        return bisect_left(self._numbers, number)

    def add(self, number: int) -> bool:
        """Take one in; whether it was not there."""
        if not self._numbers or number > self._numbers[-1]:
            self._numbers.append(number)
            return True
        if self.index(number) is not None:
            return False
        self._numbers.insert(self.place(number), number)
        return True

    def add_older(self, newest_first: Iterable[int]) -> int:
        """Take in a page of what is older than all that is there; return how many that were."""
        older = array("q", newest_first)
        older.reverse()
        if self._numbers:
            older = older[: bisect_left(older, self._numbers[0])]
        self._numbers[:0] = (
            older  # in place: of millions, a second copy would be held for every page
        )
        return len(older)

    def remove(self, numbers: Collection[int]) -> None:
        """Take some away, as far as they are there."""
        for number in numbers:
            if (index := self.index(number)) is not None:
                del self._numbers[index]

    def without(self, ascending: Iterable[int]) -> "Numbers":
        """Return all but these, each of which is there; however many they are, it is as quick as a copy."""
        left, start = Numbers(), 0
        for number in ascending:
            index = bisect_left(self._numbers, number, start)
            left._numbers.extend(self._numbers[start:index])
            start = index + 1
        left._numbers.extend(self._numbers[start:])
        return left

    def remove_below(self, number: int) -> None:
        """Take away all that are lower."""
        del self._numbers[: self.place(number)]

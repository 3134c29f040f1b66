"""Two texts, line by line, as `diff -u` shows them."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from inspector.core.difference.changes import DiffLine, LineKind

CONTEXT = 3
"""Lines shown around each that differs."""
ALIGNED_MAX = 5000
"""Lines looked through for equal ones, after those that are the same at both ends; of more, all count as changed."""


def lines(before: str, after: str, *, context: int = CONTEXT) -> Iterator[DiffLine]:
    """Yield both texts' lines in order; of long stretches that are the same, only how many lines they have."""
    was, now = before.split("\n"), after.split("\n")
    blocks = list(_blocks(was, now))
    for number, (is_same, start, stop, new_start, new_stop) in enumerate(blocks):
        if is_same:
            yield from _around(
                now[new_start:new_stop],
                head=0 if number == 0 else context,
                tail=0 if number == len(blocks) - 1 else context,
            )
        else:
            yield from (DiffLine(LineKind.REMOVED, line) for line in was[start:stop])
            yield from (DiffLine(LineKind.ADDED, line) for line in now[new_start:new_stop])


def _around(same: Sequence[str], *, head: int, tail: int) -> Iterator[DiffLine]:
    hidden = len(same) - head - tail
    if hidden <= 1:  # a line that says that one is hidden takes as much room
        yield from (DiffLine(LineKind.SAME, line) for line in same)
        return
    yield from (DiffLine(LineKind.SAME, line) for line in same[:head])
    yield DiffLine(LineKind.SKIPPED, f"{hidden} lines are the same")
    yield from (DiffLine(LineKind.SAME, line) for line in same[len(same) - tail :])


_Block = tuple[bool, int, int, int, int]


def _blocks(was: Sequence[str], now: Sequence[str]) -> Iterator[_Block]:
    """Yield stretches: whether they are the same, and where they stand in both."""
    shortest = min(len(was), len(now))
    start = next((at for at in range(shortest) if was[at] != now[at]), shortest)
    rest = shortest - start
    end = next((at for at in range(rest) if was[-1 - at] != now[-1 - at]), rest)
    if start:
        yield True, 0, start, 0, start
    yield from _middle(was[start : len(was) - end], now[start : len(now) - end], start)
    if end:
        yield True, len(was) - end, len(was), len(now) - end, len(now)


def _middle(was: Sequence[str], now: Sequence[str], start: int) -> Iterator[_Block]:
    if not was and not now:
        return
    if max(len(was), len(now)) > ALIGNED_MAX:
        yield False, start, start + len(was), start, start + len(now)
        return
    for tag, *where in SequenceMatcher(None, was, now).get_opcodes():
        first, last, new_first, new_last = (start + at for at in where)
        yield tag == "equal", first, last, new_first, new_last

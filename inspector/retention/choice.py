"""Which deliveries go next: chosen among the oldest, by what there is and what is to be kept of it. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from inspector.config import Keep
from inspector.core.pruning import Pruned
from inspector.store import Candidate

SLICE_BYTES = 8 * 1024 * 1024
"""What one commit takes away at most; a larger delivery goes alone."""
FULL = 0.85
"""Of the bytes to keep: beyond it the oldest go, so that while they go what comes has room."""


@dataclass(slots=True)
class Kept:
    """What there is of one endpoint."""

    deliveries: int = 0
    bytes: int = 0
    after: int = 0
    """Up to here everything has gone that is to go."""

    def exceeds(self, keep: Keep, by: float = 1.0) -> bool:
        """Whether it is more than is to be kept, so many times."""
        return (keep.deliveries is not None and self.deliveries > by * keep.deliveries) or (
            keep.bytes is not None and self.bytes > by * keep.bytes
        )


def within(keep: Keep, overhead: float) -> Keep:
    """Return how much of it is to be kept where each of its bytes takes so many on the disk."""
    if keep.bytes is None or overhead <= 1.0:
        return keep
    return replace(keep, bytes=int(keep.bytes * FULL / overhead))


def excess(found: Sequence[Candidate], kept: Kept, keep: Keep, too_old_us: int) -> list[Candidate]:
    """Return the oldest of those found without which the rest is neither too much nor too old."""
    left = Kept(kept.deliveries, kept.bytes)

    def goes(candidate: Candidate) -> bool:
        # In the order of their numbers: a clock that was set back delays what is old, and lets nothing young go.
        if not left.exceeds(keep) and candidate.received_at_us >= too_old_us:
            return False
        left.deliveries -= 1
        left.bytes -= candidate.bytes
        return True

    return list(takewhile(goes, not_owed(found)))


def next_slice(found: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Return those that go in one commit, and those found that do not."""
    going = not_owed(found)
    room_bytes = SLICE_BYTES
    for index, candidate in enumerate(going):
        room_bytes -= candidate.bytes
        if room_bytes < 0 and index:
            return going[:index], going[index:]
    return going, []


def not_owed(found: Sequence[Candidate]) -> list[Candidate]:
    """Return those found that no target is still to get."""
    return [candidate for candidate in found if not candidate.is_owed]


def total_bytes(chosen: Sequence[Candidate]) -> int:
    """Return how much they come to."""
    return sum(candidate.bytes for candidate in chosen)


def summary(
    chosen: Sequence[Candidate], found: Sequence[Candidate], below: int, after: int | None
) -> Pruned:
    """Return what is told of those that go, of all that were found."""
    owed = sum(candidate.is_owed for candidate in found)
    return Pruned(len(chosen), total_bytes(chosen), owed, below, after)

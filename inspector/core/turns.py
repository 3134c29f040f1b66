"""What a replay changed: how it came out against the attempt before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from inspector.core.difference import Subject, compare
from inspector.core.model import Attempt, Failure, Response, Trigger

PASSING = ("header:Date", "header:Age")
"""Headers of an answer that say when it was given, and nothing of what it is."""


class Turn(StrEnum):
    """Where an attempt leaves a delivery that another attempt left elsewhere, or where it was."""

    FIXED = "fixed"
    """The last one failed, this one succeeded."""
    REGRESSED = "regressed"
    SAME = "same"


def turn(before: Attempt, after: Attempt) -> Turn:
    """Say how `after` came out against `before`."""
    if before.succeeded == after.succeeded:
        return Turn.SAME
    return Turn.FIXED if after.succeeded else Turn.REGRESSED


def turns(attempts: Sequence[Attempt]) -> dict[int, Turn]:
    """Return by number of the attempt what each replay among a delivery's attempts, oldest first, changed."""
    return {
        after.id: turn(before, after)
        for before, after in pairwise(attempts)
        if after.trigger is Trigger.REPLAY
    }


def wants_bodies(before: Attempt, after: Attempt) -> bool:
    """Whether only the bodies of two answers can tell if these are the same."""
    was, now = before.result, after.result
    if not (isinstance(was, Response) and isinstance(now, Response)):
        return False
    return was.body_bytes > 0 and _are_alike(was, now)


def is_same_answer(
    before: Attempt, after: Attempt, bodies: tuple[bytes, bytes] = (b"", b"")
) -> bool:
    """Whether two attempts came to the same: the same failure, or the same answer but for its time.

    `bodies` are needed where `wants_bodies` says so. Of longer ones than are kept, what is kept counts.
    """
    was, now = before.result, after.result
    if isinstance(was, Response) and isinstance(now, Response):
        return _are_alike(was, now) and bodies[0] == bodies[1]
    return isinstance(was, Failure) and isinstance(now, Failure) and was.kind is now.kind


def _are_alike(was: Response, now: Response) -> bool:
    heads = Subject.of_response(was, b""), Subject.of_response(now, b"")
    return was.body_bytes == now.body_bytes and compare(*heads, PASSING).is_empty


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay, beside the attempt before it."""

    attempt: Attempt
    before: Attempt | None = None
    """None: it was the first."""
    is_same_answer: bool = False

    @property
    def turn(self) -> Turn | None:
        """What it changed; None where there is nothing to compare with."""
        return None if self.before is None else turn(self.before, self.attempt)

    @property
    def said(self) -> str:
        """That in a few words; empty for a first attempt."""
        match self.turn:
            case None:
                return ""
            case Turn.SAME:
                return "same" if self.is_same_answer else "same, another answer"
            case changed:
                return changed.value

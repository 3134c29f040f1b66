"""What two things differ in, as values: what to compare and in what order is not said here."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What became of one part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One part that is not the same on both sides."""

    part: str
    """Where it is: `method`, `header X-Request-Id`, `json booking.guests.0.name`."""
    before: str | None
    """None where it was added. As it was written: not safe to show yet."""
    after: str | None
    """None where it was removed."""

    @property
    def kind(self) -> Kind:
        """What became of it."""
        if self.before is None:
            return Kind.ADDED
        return Kind.REMOVED if self.after is None else Kind.CHANGED

    @property
    def name(self) -> str | None:
        """What `compare` is to ignore to leave it out, in every item of a list; None: it always counts."""
        kind, _, path = self.part.partition(" ")
        if kind == "header":
            return f"header:{path}"
        if kind != "json" or not path:
            return None
        *steps, last = path.split(".")
        return "json:" + ".".join([*("*" if step.isdigit() else step for step in steps), last])


class LineKind(StrEnum):
    """On which side a line stands."""

    SAME = " "
    REMOVED = "-"
    ADDED = "+"
    SKIPPED = "…"
    """For lines that are the same, far from any that is not; the text says how many."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of two texts laid side by side."""

    kind: LineKind
    text: str
    """As it was written: not safe to show yet."""

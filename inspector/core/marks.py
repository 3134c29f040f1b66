"""A mark on a delivery, and a note: what a person thinks of it. Neither says anything about what arrived."""

from dataclasses import dataclass

from inspector.core.text import is_unicode

NOTE_MAX = 500
"""Characters of a note: a line or two."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person made of a delivery. One that has a mark or a note is not taken away with what is old."""

    marked: bool = False
    note: str | None = None

    def __bool__(self) -> bool:
        return self.marked or self.note is not None


@dataclass(frozen=True, slots=True)
class MarkOrder:
    """What is to change about it."""

    marked: bool | None = None
    """None: as it is."""
    note: str | None = None
    """None: as it is; empty: none any more."""

    def applied_to(self, before: Mark) -> Mark:
        """Return what comes of it."""
        marked = before.marked if self.marked is None else self.marked
        note = before.note if self.note is None else self.note or None
        return Mark(marked, note)


def note_of(text: str) -> str:
    """Return a note as it is kept. Raises ValueError with the reason if it cannot be one."""
    note = text.strip()
    if len(note) > NOTE_MAX:
        raise ValueError(f"a note has at most {NOTE_MAX} characters, this one {len(note)}")
    if not is_unicode(note):
        raise ValueError("a note must be text")
    return note

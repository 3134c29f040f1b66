"""How far a search went: what a page of deliveries says besides the deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where the time was up; a search with `before=at` goes on there."""

    at: int
    """Nothing with a lower number was looked at."""
    newest: int
    oldest: int
    """The numbers between which something may match."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the text index is."""

    available: bool
    """False: there is none yet, or this machine's SQLite cannot have one."""
    upto: int
    """Bodies of deliveries with a higher number are read one by one."""
    newest: int

    @property
    def is_whole(self) -> bool:
        """Whether it has every delivery."""
        return self.available and self.upto >= self.newest


@dataclass(frozen=True, slots=True)
class Reach:
    """Both."""

    stopped: Stopped | None = None
    """None: the page is full, or there is no more."""
    index: Coverage | None = None
    """None: the query asks for nothing inside bodies."""


class Repeat(NamedTuple):
    """A delivery whose event came before."""

    number: int
    first: int
    """The delivery in which the event came first, which may be gone."""
    failed: bool
    """Whether what came of it last is a failure."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which deliveries match, without anything about them."""

    numbers: Sequence[int]
    """Newest first."""
    before: int | None = None
    """Where to go on: nothing that is lower was looked at. None: there is no more."""
    oldest: int | None = None
    """The lowest number in the store, matching or not. None: there is no delivery."""
    index: Coverage | None = None
    """How far the text index is. None: the query asks for nothing inside bodies."""
    repeats: Sequence[Repeat] = ()
    """Those whose event came before, newest first; told only where all deliveries are asked for."""


def numbers_to_json(found: Numbers) -> dict[str, Any]:
    """Return a page of numbers."""
    return {
        "numbers": list(found.numbers),
        "before": found.before,
        "oldest": found.oldest,
        "text_index": None if found.index is None else asdict(found.index),
        "repeats": list(found.repeats),
    }


def numbers_from_json(data: Mapping[str, Any]) -> Numbers:
    """Give back what `numbers_to_json` was given."""
    return Numbers(
        data["numbers"],
        data["before"],
        data["oldest"],
        _coverage(data["text_index"]),
        [Repeat(*each) for each in data["repeats"]],
    )


def reach_to_json(reach: Reach) -> dict[str, Any]:
    """Return what stands beside a page's deliveries."""
    return {
        "stopped": None if reach.stopped is None else asdict(reach.stopped),
        "text_index": None if reach.index is None else asdict(reach.index),
    }


def reach_from_json(data: Mapping[str, Any]) -> Reach:
    """Give back what `reach_to_json` was given."""
    stopped = data["stopped"]
    return Reach(
        None if stopped is None else Stopped(stopped["at"], stopped["newest"], stopped["oldest"]),
        _coverage(data["text_index"]),
    )


def _coverage(data: Mapping[str, Any] | None) -> Coverage | None:
    return None if data is None else Coverage(data["available"], data["upto"], data["newest"])

"""Records in short: all that lists and counts need of them, for who is told of more than anybody can look at."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from inspector.core.model import Attempt, Delivery, Record, Trigger, Verdict


class Kind(StrEnum):
    """What a record is. Attempts that a person asked for have a kind of their own."""

    DELIVERY = "delivery"
    ATTEMPT = "attempt"
    REPLAY = "replay"
    VERDICT = "verdict"


_KINDS = {kind.value: kind for kind in Kind}  # in a rush this is quicker than `Kind(...)`


class Brief(NamedTuple):
    """One record in short."""

    id: int
    kind: Kind
    delivery_id: int
    """Of a delivery its own number."""
    at_us: int
    """When it was received, begun or checked."""
    failed: bool
    """Whether the delivery failed its check on arrival, or the attempt was not answered with 2xx."""
    duplicate_of: int | None


News = Record | Brief
"""What the feed tells of a record: all but bodies, or the least."""


def brief(record: Record) -> Brief:
    """Put a record in short."""
    match record:
        case Delivery(id=number, received_at_us=at_us, duplicate_of=first):
            return Brief(number, Kind.DELIVERY, number, at_us, record.is_invalid, first)
        case Attempt(id=number, delivery_id=delivery, started_at_us=at_us):
            kind = Kind.REPLAY if record.trigger is Trigger.REPLAY else Kind.ATTEMPT
            return Brief(number, kind, delivery, at_us, not record.succeeded, None)
        case Verdict(id=number, delivery_id=delivery, checked_at_us=at_us):
            return Brief(number, Kind.VERDICT, delivery, at_us, failed=False, duplicate_of=None)
        case unreachable:
            assert_never(unreachable)


def briefs_to_json(briefs: Iterable[Brief]) -> dict[str, Any]:
    """Return several as one line of the feed."""
    return {"type": "briefs", "briefs": list(briefs)}


def briefs_from_json(data: Mapping[str, Any]) -> list[Brief]:
    """Give back what `briefs_to_json` was given. Raises ValueError where one is of no kind that is known here."""
    try:
        return [Brief(number, _KINDS[kind], *others) for number, kind, *others in data["briefs"]]
    except KeyError as error:
        raise ValueError(f"no record is of the kind {error}") from None

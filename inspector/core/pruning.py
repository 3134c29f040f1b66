"""Letting deliveries go: which ones somebody wants gone, and what came of a part of it. As values, and as JSON."""

from dataclasses import asdict, dataclass

from inspector.core.wire import JSON


@dataclass(frozen=True, slots=True)
class PruneOrder:
    """Which deliveries are to go, oldest first. All that is said here must hold."""

    query: str = ""
    """In the filter language; none at all lets every delivery go."""
    received_before_us: int | None = None
    """Only those that came before this time."""
    keep: int = 0
    """How many of the newest that match stay, while `below` does not say up to where."""
    below: int | None = None
    """Only those with a lower number: what the first part settled, so that what arrives meanwhile stays."""
    after: int = 0
    """Only those with a higher number: where the last part ended."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one part of it took away, or would."""

    deliveries: int
    bytes: int
    """Of them and their attempts, about, as they lay on disk."""
    owed: int
    """How many stay because their target is still to get them."""
    below: int
    after: int | None
    """Where the next part begins; None: there is no more."""


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What one part of shrinking the database gave back to the disk."""

    freed_bytes: int
    free_bytes: int
    """What is still unused inside the database."""


def pruned_to_json(pruned: Pruned) -> JSON:
    """Write a part as JSON."""
    return asdict(pruned)


def pruned_from_json(data: JSON) -> Pruned:
    """Read a part. Raises KeyError or TypeError if it is none."""
    return Pruned(data["deliveries"], data["bytes"], data["owed"], data["below"], data["after"])

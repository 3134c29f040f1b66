"""What is registered at a provider, as we speak of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL to which a provider sends what happens. All text is the provider's, as it came."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    """Empty: all there are."""
    enabled: bool
    """False: paused, with all else kept."""
    version: int | None
    """Counts its changes; None: whoever changes it cannot tell whether somebody else has."""
    owner: str | None
    owner_name: str | None
    created: str | None
    updated: str | None


@dataclass(frozen=True, slots=True)
class EventType:
    """An event that a webhook can be for."""

    name: str
    label: str

"""What a stand-in deals with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from inspector.api.answers import Refuse, as_error
from inspector.core.model import Request

if TYPE_CHECKING:
    from inspector.simulate.standins.desk import Desk


@dataclass(frozen=True, slots=True)
class Webhook:
    """A place that somebody has registered to be sent events."""

    id: str
    owner: str
    """Whose it is: for Wink, the identifier of the managing entity."""
    name: str
    url: str
    events: tuple[str, ...]
    """Those it is sent; none: all of them."""
    format: str
    secret: str | None
    created_us: int
    updated_us: int
    enabled: bool = True
    version: int = 0
    """How often it was saved since it was made."""
    failures: int = 0
    """Failed attempts in a row."""
    extra: Mapping[str, str] | None = None
    """What else the provider's API is told and tells again."""

    def wants(self, *spellings: str) -> bool:
        """Whether it is sent events of a type, however the provider spells that."""
        return self.enabled and (not self.events or not set(spellings).isdisjoint(self.events))


class State(StrEnum):
    """What has become of something that was to be sent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    """Every attempt that the provider makes has failed."""
    DROPPED = "dropped"
    """Its webhook was deleted."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way to one webhook. Every attempt sends the same body."""

    id: int
    webhook_id: str
    event: str
    event_id: str
    request: Request
    """Unsigned; its target is `/`."""
    made_us: int
    due_us: int
    attempts: int = 0
    state: State = State.PENDING
    last: str | None = None
    """What came of the last attempt, in a few words."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a provider sends again, and when it stops."""

    waits_s: tuple[float, ...]
    """Before the second attempt, the third, ...: there is one attempt more than waits."""
    timeout_s: float
    """For an answer."""
    is_success: Callable[[int], bool]
    disabled_after: int | None = None
    """Failed attempts in a row after which nothing is sent until a person enables the webhook."""


class Occasion(NamedTuple):
    """Something that happens at a provider's, and is told to every webhook that wants to know."""

    event: str
    now_s: float
    unique: str
    """What its ids are made of."""
    is_test: bool
    """Whether a person pressed the button for a test."""
    about: str | None = None
    """What the ids of the booking that it happens to are made of; None: of one that nothing else happens to."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """One provider: how it sends, and the API of its own."""

    provider: str
    title: str
    rules: Rules
    formats: tuple[str, ...]
    """The usual one first."""
    test_event: str
    assumed: tuple[str, ...]
    """What of its behaviour the provider does not document, a sentence each."""
    make: Callable[[Occasion, str], Request]
    """Make the request that tells of something in a format: unsigned, its target `/`. Raises ConfigError for an event
    that the provider does not have."""
    event_id: Callable[[Request], str]
    """Read the id that all attempts share; empty: the provider sends none."""
    sign: Callable[["Webhook", "Parcel", float], Request]
    """Make the request of the attempt that is made at a time, signed where the provider signs."""
    spellings: Callable[[str], Iterable[str]] = lambda event: (event,)
    """All names that the provider has for one type of event."""
    sets_off: Callable[[str], Iterable[str]] = lambda event: (event,)
    """The types of events that it sends when something happens; more than one are sent side by side."""
    new_secret: Callable[[], str] | None = None
    """None: the provider has no secrets."""
    routes: Callable[["Desk"], Iterable[web.AbstractRouteDef]] = lambda _: ()
    refuse: Refuse = as_error

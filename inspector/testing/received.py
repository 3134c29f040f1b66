"""What a test is given: a delivery with its body and its attempts, and the answer that a sender got."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspector.client.waiting import summary
from inspector.core.model import Attempt, Delivery, Outcome, Response


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """A delivery as it was when it was asked for: a later attempt is in a later one."""

    delivery: Delivery
    """Its request has the body."""
    attempts: Sequence[Attempt]
    """What came of forwarding it, oldest first."""

    @property
    def id(self) -> int:
        """Its number."""
        return self.delivery.id

    @property
    def endpoint(self) -> str:
        """Where it came in."""
        return self.delivery.endpoint

    @property
    def event(self) -> str | None:
        """The provider's event type."""
        return self.delivery.event

    @property
    def body(self) -> bytes:
        """The exact bytes."""
        return self.delivery.request.body

    @property
    def is_verified(self) -> bool:
        """Whether its signature is right."""
        return self.delivery.verification.outcome is Outcome.VERIFIED

    @property
    def status(self) -> int | None:
        """What the app answered last; None: it was not forwarded, or gave no answer."""
        result = self.attempts[-1].result if self.attempts else None
        return result.status if isinstance(result, Response) else None

    def header(self, name: str) -> str | None:
        """Return the first value of a header, in whatever case its name is written; None if it is absent."""
        value = self.delivery.request.headers.get(name.encode())
        return None if value is None else value.decode("utf-8", "surrogateescape")

    def json(self) -> Any:
        """Return the body, parsed. Raises ValueError."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{summary(self.delivery, self.attempts)}>"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender was told."""

    status: int
    body: str
    event: str | None
    event_id: str | None
    """That of the provider, where its deliveries have one."""

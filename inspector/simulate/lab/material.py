"""What the deliveries of the lab are made from: samples, or stored deliveries. None of it is signed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from inspector.core import forwarding
from inspector.core.model import Delivery, Request
from inspector.core.providers import Provider
from inspector.errors import ReplayError
from inspector.simulate import identity
from inspector.simulate.samples import Sample

GAP_S = 60
"""Between two events that come in the wrong order."""
_NOWHERE = forwarding.parse_target("http://127.0.0.1")


class Material(Protocol):
    """Makes events, each with ids of its own; what is made of one `unique` twice is one event."""

    def usual(self, now_s: float) -> Sequence[Request]:
        """Return what any receiver of this provider has to take, each as it is."""

    def event(self, now_s: float, unique: str) -> Request:
        """Return an event that happens at `now_s`, if that can be chosen."""

    def pair(self, now_s: float, unique: str) -> tuple[Request, Request] | None:
        """Return an event, and one that came after it; None if there are no two."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Deliveries made up, or shown by the provider."""

    sample: Sample

    def usual(self, now_s: float) -> Sequence[Request]:
        """Return one."""
        return [self.event(now_s, "usual")]

    def event(self, now_s: float, unique: str) -> Request:
        """Return one of now."""
        return self.sample.request(now_s=now_s, unique=f"{unique} {now_s}")

    def pair(self, now_s: float, unique: str) -> tuple[Request, Request]:
        """Return two that happen to one booking."""
        about = hashlib.sha256(unique.encode()).hexdigest()
        earlier, later = (
            self.sample.request(now_s=at_s, unique=f"{unique} {at_s}", about=about)
            for at_s in (now_s - GAP_S, now_s)
        )
        return earlier, later


@dataclass(frozen=True, slots=True)
class Stored:
    """Deliveries that arrived some time, at least one. Where they name their event's id, it is changed."""

    provider: Provider
    requests: tuple[Request, ...]
    """As an app gets them, the oldest first."""
    unique: str
    """Of this run: an app that saw the last one has not seen these ids."""

    def usual(self, now_s: float) -> Sequence[Request]:  # noqa: ARG002
        """Return all of them."""
        return self.requests

    def event(self, now_s: float, unique: str) -> Request:  # noqa: ARG002
        """Return the newest."""
        return self._renewed(self.requests[-1], unique)

    def pair(self, now_s: float, unique: str) -> tuple[Request, Request] | None:  # noqa: ARG002
        """Return the newest two."""
        if len(self.requests) < 2:
            return None
        earlier, later = (self._renewed(each, unique) for each in self.requests[-2:])
        return earlier, later

    def _renewed(self, request: Request, unique: str) -> Request:
        return identity.another_event(self.provider, request, f"{self.unique} {unique}")


def stored(
    provider: Provider, deliveries: Sequence[Delivery], unique: str, *, secret_path: bytes = b""
) -> Stored:
    """Return stored deliveries, oldest first, as they are forwarded. Raises ReplayError where one cannot be sent."""
    return Stored(provider, tuple(_forwarded(each, secret_path) for each in deliveries), unique)


def _forwarded(delivery: Delivery, secret_path: bytes) -> Request:
    try:
        request = forwarding.outgoing(delivery, _NOWHERE, secret_path=secret_path)
    except ValueError as error:
        raise ReplayError(f"delivery #{delivery.id} cannot be sent: {error}") from None
    # Ours says that a delivery is the same as before, and these are to be taken for new ones.
    return replace(request, headers=request.headers.without([forwarding.DELIVERY_ID]))

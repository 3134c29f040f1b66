"""What an app should answer, and what is wrong with what it did answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from inspector.core.providers import Provider

TOO_LARGE = 413
USUAL_TIMEOUT_S = 10.0
_TIMEOUTS_S = {
    "adyen": 10.0,
    "asana": 10.0,
    "calendly": 15.0,
    "contentful": 30.0,
    "discord": 3.0,
    "github": 10.0,
    "microsoft-graph": 3.0,
    "okta": 3.0,
    "paddle": 5.0,
    "sentry": 1.0,
    "shopify": 5.0,
    "slack": 3.0,
    "standardwebhooks": 15.0,
    "xero": 5.0,
}
"""How long providers wait for an answer, as far as they say so."""


class Expected(StrEnum):
    """What a good receiver answers."""

    ACCEPTED = "accepted"
    """With what this provider takes as success."""
    REFUSED = "refused"
    """With a 4xx: the sender is wrong, and sending it again helps nobody."""
    ACCEPTED_OR_TOO_LARGE = "accepted or too large"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one delivery."""

    status: int | None
    """None: there was no answer."""
    took_us: int
    body: bytes = b""
    """How it begins."""
    problem: str = ""
    """Why there was none, in a few words."""


def timeout_s(provider: Provider) -> float | None:
    """Return how long the provider waits for an answer; None if it does not say."""
    return _TIMEOUTS_S.get(provider.name)


def told(expected: Expected, provider: Provider) -> str:
    """Return the statuses of a good answer, in a few characters: `2xx`."""
    match expected:
        case Expected.ACCEPTED:
            return provider.ack
        case Expected.REFUSED:
            return "4xx"
        case Expected.ACCEPTED_OR_TOO_LARGE:
            return f"{provider.ack} or {TOO_LARGE}"
        case unreachable:
            assert_never(unreachable)


def complaint(expected: Expected, provider: Provider, answered: Answered) -> str | None:
    """Return what is wrong with an answer, in a few words; None if it is a good one."""
    status = answered.status
    if status is None:
        return answered.problem
    if expected is Expected.REFUSED:
        return None if 400 <= status < 500 else f"answered {status} instead of 4xx"
    if expected is Expected.ACCEPTED_OR_TOO_LARGE and status == TOO_LARGE:
        return None
    if not _is_success(provider, status):
        return f"answered {status} instead of {told(expected, provider)}"
    if provider.empty_ack and answered.body:
        return f"answered {status} with a body, which {provider.title} counts as a failure"
    return None


def _is_success(provider: Provider, status: int) -> bool:
    if provider.ack.endswith("xx"):
        return 200 <= status < 300
    return status == int(provider.ack)

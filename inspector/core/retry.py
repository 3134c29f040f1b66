"""When a failed forward is tried again. The clock and the dice are the caller's."""

from inspector.core.headers import Headers
from inspector.core.model import Failure, FailureKind, Response, RetryPolicy

_RETRIED_STATUSES = frozenset({408, 425, 429})
"""Besides every 5xx: the statuses of 4xx that speak of the moment, not of the request."""


def next_delay_s(
    policy: RetryPolicy | None, number: int, result: Response | Failure, roll: float
) -> float | None:
    """Return how long to wait before the next attempt, or None when `result` is final.

    `number` counts the attempts made so far; `roll`, from 0 up to but not including 1, decides the jitter. A
    Retry-After in seconds lengthens the wait, up to the policy's longest.
    """
    if policy is None or number >= policy.attempts or not _is_retried(result):
        return None
    # Capped before the jitter, so that those that wait longest are spread too.
    wait_s = _backoff_s(policy, number) * (1 + policy.jitter * (2 * roll - 1))
    if isinstance(result, Response):
        return max(wait_s, min(_retry_after_s(result.headers), policy.max_s))
    return wait_s


def _is_retried(result: Response | Failure) -> bool:
    if isinstance(result, Failure):
        return result.kind is not FailureKind.FORBIDDEN
    return 500 <= result.status < 600 or result.status in _RETRIED_STATUSES


def _backoff_s(policy: RetryPolicy, number: int) -> float:
    try:
        return min(policy.first_s * policy.factor ** (number - 1), policy.max_s)
    except OverflowError:  # far beyond any longest wait
        return policy.max_s


def _retry_after_s(headers: Headers) -> float:
    # RFC 9110, 10.2.3 also knows a date; an app on this machine that wants to be left alone for a while says seconds.
    value = headers.get(b"Retry-After") or b""
    return float(value) if value.isdigit() else 0.0

"""When a failed forward is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.model import Failure, FailureKind, Response, RetryPolicy
from inspector.core.retry import next_delay_s
from tests import factories

POLICY = RetryPolicy(attempts=5, first_s=1, factor=2, max_s=60, jitter=0.1)
REFUSED = Failure(FailureKind.REFUSED, "nobody listens")
MIDDLE = 0.5
"""The roll that moves a wait neither way."""


def answered(status: int, *headers: tuple[str, str]) -> Response:
    return factories.response(status=status, headers=factories.headers(*headers))


def test_without_a_policy_nothing_is_retried() -> None:
    assert next_delay_s(None, 1, REFUSED, MIDDLE) is None


def test_each_wait_is_a_multiple_of_the_last() -> None:
    waits = [next_delay_s(POLICY, number, REFUSED, MIDDLE) for number in (1, 2, 3, 4)]

    assert waits == [1, 2, 4, 8]


def test_the_first_attempt_counts() -> None:
    assert next_delay_s(POLICY, 5, REFUSED, MIDDLE) is None
    assert next_delay_s(RetryPolicy(attempts=1), 1, REFUSED, MIDDLE) is None


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_but_a_forbidden_target_is_retried(kind: FailureKind) -> None:
    """A forbidden target stays forbidden however often it is asked."""
    wait_s = next_delay_s(POLICY, 1, Failure(kind, "why"), MIDDLE)

    assert (wait_s is None) is (kind is FailureKind.FORBIDDEN)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 507, 599])
def test_answers_that_may_differ_next_time_are_retried(status: int) -> None:
    assert next_delay_s(POLICY, 1, answered(status), MIDDLE) == 1


@pytest.mark.parametrize("status", [200, 204, 301, 304, 400, 401, 404, 410, 413, 422, 600, 999])
def test_other_answers_are_final(status: int) -> None:
    assert next_delay_s(POLICY, 1, answered(status), MIDDLE) is None


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("30", 30),
        ("0", 1),
        ("3600", 60),
        ("9" * 5000, 60),
        ("", 1),
        ("-5", 1),
        ("1.5", 1),
        ("soon", 1),
        ("\u0663", 1),  # a digit, but not one of ASCII
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1),
    ],
)
def test_retry_after_lengthens_the_wait_up_to_the_longest(value: str, wait_s: float) -> None:
    assert next_delay_s(POLICY, 1, answered(503, ("Retry-After", value)), MIDDLE) == wait_s


def test_retry_after_never_shortens_the_wait() -> None:
    assert next_delay_s(POLICY, 4, answered(503, ("retry-after", "2")), MIDDLE) == 8


def test_a_wait_beyond_any_number_is_the_longest() -> None:
    """10 to the power of 399 is no float."""
    policy = RetryPolicy(attempts=1000, factor=10, max_s=60, jitter=0)

    assert next_delay_s(policy, 400, REFUSED, MIDDLE) == 60


policies = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 10_000),
    first_s=st.floats(0.001, 1e4),
    factor=st.floats(1, 1e3),
    max_s=st.floats(0.001, 1e6),
    jitter=st.floats(0, 1),
)
rolls = st.floats(0, 1, exclude_max=True)


@given(policies, st.integers(1, 10_000), rolls)
def test_a_wait_stays_within_the_jitter_of_the_longest(
    policy: RetryPolicy, number: int, roll: float
) -> None:
    wait_s = next_delay_s(policy, number, REFUSED, roll)

    if number >= policy.attempts:
        assert wait_s is None
    else:
        assert wait_s is not None
        assert 0 <= wait_s <= policy.max_s * (1 + policy.jitter)


@given(policies, st.integers(1, 10_000), rolls, rolls)
def test_waits_do_not_shrink_but_for_the_jitter(
    policy: RetryPolicy, number: int, roll: float, next_roll: float
) -> None:
    wait_s = next_delay_s(policy, number, REFUSED, roll)
    next_s = next_delay_s(policy, number + 1, REFUSED, next_roll)

    if wait_s is not None and next_s is not None:
        assert next_s >= wait_s * (1 - policy.jitter) / (1 + policy.jitter) * (1 - 1e-9)

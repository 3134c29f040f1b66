import pytest

from inspector.core.model import Failure, FailureKind, Timing
from inspector.core.timing import spans, words
from tests.factories import attempt

LATE = Failure(FailureKind.TIMEOUT, "no complete answer within 30 s")


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        (Timing(1_000, 12_000, 300), "connected in 1 ms, answered after 12 ms, read in 0.3 ms"),
        (Timing(None, 1_540, 0), "connection kept, answered after 1.5 ms, read in <0.1 ms"),
        (
            Timing(99, 2_300_000, 9_960, 40_000),
            "lost 40 ms on a kept connection, connected in <0.1 ms, answered after 2.3 s, read in 10 ms",
        ),
        (None, ""),
    ],
)
def test_an_answer_in_words(timing: Timing | None, said: str) -> None:
    assert words(attempt(timing=timing)) == said


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        (Timing(5_000_000, None, None), "no connection after 5.0 s"),
        (Timing(1_000, 30_000_000, None), "connected in 1 ms, no answer for 30.0 s"),
        (
            Timing(None, 12_000, 29_988_000),
            "connection kept, answered after 12 ms, read for 30.0 s",
        ),
    ],
)
def test_a_failure_in_words(timing: Timing, said: str) -> None:
    """It ends in the phase in which it failed."""
    assert words(attempt(timing=timing, result=LATE)) == said


def test_words_are_ascii() -> None:
    """Any stream can show them."""
    for exponent in range(12):
        assert words(attempt(timing=Timing(*[10**exponent] * 4))).isascii()


def test_a_kept_connection_takes_no_time() -> None:
    kept, *_ = spans(attempt(timing=Timing(None, 2, 3)))
    assert (kept.phase, kept.lasted_us) == ("connect", 0)

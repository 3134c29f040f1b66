import logging

import pytest

from inspector.teller import REST_S, Teller

log = logging.getLogger(__name__)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_the_first_is_told_at_once_and_others_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    teller = Teller(log, clock_s=clock)

    for number in range(10_000):
        teller.tell(f"refused #{number}")
    clock.now_s += REST_S
    teller.tell("refused again")
    clock.now_s += REST_S
    teller.tell("and again")

    assert caplog.messages == [
        "refused #0",
        "refused again (and 9999 more since the last)",
        "and again",
    ]


def test_a_flood_of_minutes_is_a_line_a_second(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    teller = Teller(log, clock_s=clock)

    for _ in range(10_000):
        teller.tell("refused")
        clock.now_s += 0.0125  # two minutes and five seconds in all

    assert 120 <= len(caplog.messages) <= 126


def test_two_kinds_do_not_hide_each_other(caplog: pytest.LogCaptureFixture) -> None:
    one, other = Teller(log), Teller(log, logging.WARNING)

    one.tell("not stored")
    other.tell("malformed")

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "not stored"),
        ("WARNING", "malformed"),
    ]


def test_percent_signs_mean_themselves(caplog: pytest.LogCaptureFixture) -> None:
    Teller(log).tell("100% of %s %(x)s %d")

    assert caplog.messages == ["100% of %s %(x)s %d"]


def test_only_what_nobody_foresaw_has_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    teller = Teller(log)

    teller.tell("failed", ValueError("a bug"))
    teller.tell("failed", ValueError("the same bug"))

    assert caplog.text.count("ValueError: a bug") == 1
    assert "the same bug" not in caplog.text

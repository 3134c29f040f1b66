import pytest

from inspector.core.model import Attempt
from tests.factories import attempt, delivery
from tui import attemptlines
from tui.timing import WIDTH, bar


def lasting(*durations_us: int) -> list[Attempt]:
    return [attempt(id=n, number=n, duration_us=each) for n, each in enumerate(durations_us, 1)]


def shown(*durations_us: int) -> list[str]:
    lines = attemptlines.lines(delivery(id=1), lasting(*durations_us), {}, None)
    return [str(line.content) for line in lines]


def test_the_slowest_is_the_longest() -> None:
    among = lasting(1000, 500, 250)
    assert [str(bar(each, among)).rstrip() for each in among] == ["█" * 24, "█" * 12, "█" * 6]


def test_what_took_next_to_nothing_is_seen() -> None:
    among = lasting(30_000_000, 1, 0)
    assert [str(bar(each, among)).rstrip() for each in among[1:]] == ["▏", "▏"]


def test_parts_of_a_block() -> None:
    assert str(bar(lasting(3)[0], lasting(3, 16))) == ("████▌").ljust(WIDTH)


@pytest.mark.parametrize("durations_us", [(5,), (), (0, 0)])
def test_there_is_nothing_to_compare(durations_us: tuple[int, ...]) -> None:
    assert not any("█" in line for line in shown(*durations_us))


def test_each_attempt_has_its_bar_below_its_head() -> None:
    lines = shown(8, 4)
    assert lines[0].startswith("2  forward")
    assert lines[1].strip() == "█" * 12
    assert [line.strip() for line in lines if "█" in line] == ["█" * 12, "█" * 24]

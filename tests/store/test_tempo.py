import pytest

from inspector.store.tempo import BUSY, FLOODED, FREE, LOOK_EVERY_S, Tempo

STEP_S = 0.001
STEP = 10
CAPACITY = STEP / STEP_S / (1 + BUSY)
"""Deliveries a second that are indexed at the pace for busy times."""


class World:
    """A store that grows at some rate while it is indexed."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.arrived = 0.0
        self.tempo = Tempo(0, STEP, clock=lambda: self.now_s)

    def go_on(self, per_s: float, seconds: float) -> float:
        """Index for a while; return how long was rested in the end, in lengths of a step."""
        end_s, rest_s = self.now_s + seconds, 0.0
        while self.now_s < end_s:
            self.pass_time(STEP_S, per_s)
            rest_s = self.tempo.rest_s(STEP_S, int(self.arrived))
            self.pass_time(rest_s, per_s)
        return rest_s / STEP_S

    def pass_time(self, seconds: float, per_s: float) -> None:
        self.now_s += seconds
        self.arrived += seconds * per_s


@pytest.mark.parametrize(
    ("per_s", "rest"),
    [(0, FREE), (CAPACITY / 10, BUSY), (CAPACITY * 0.9, BUSY), (CAPACITY * 1.2, FLOODED)],
)
def test_it_rests_the_longer_the_more_arrives(per_s: float, rest: float) -> None:
    assert World().go_on(per_s, 3 * LOOK_EVERY_S) == pytest.approx(rest)


def test_it_sees_what_changes() -> None:
    world = World()

    rests = [world.go_on(per_s, 3 * LOOK_EVERY_S) for per_s in (0, 10 * CAPACITY, 10, 0)]

    assert rests == [pytest.approx(each) for each in (FREE, FLOODED, BUSY, FREE)]


def test_before_anything_is_known_it_takes_little() -> None:
    assert World().go_on(0, STEP_S) == pytest.approx(BUSY)

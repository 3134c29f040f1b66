import pytest

from inspector.api.shortening import BURST_S, REST_S, RUSH_DELIVERIES, Shortening
from inspector.core.model import Record
from inspector.feed import Batch
from tests import factories

PER_S = 100
BURST = int(BURST_S * PER_S)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def batch(first: int, last: int, *, is_last: bool = True) -> Batch:
    return Batch([factories.delivery(id=number) for number in range(first, last + 1)], is_last)


def ids(records: tuple[list[Record], ...] | object) -> list[list[int]]:
    assert isinstance(records, tuple)
    return [[record.id for record in part] for part in records]


def test_everything_is_whole_unless_asked_otherwise() -> None:
    shortening = Shortening(None)

    assert ids(shortening.split(batch(1, 5000))) == [[], list(range(1, 5001))]
    assert ids(shortening.split(batch(5001, 5002, is_last=False))) == [[], [5001, 5002]]


def test_of_too_many_the_newest_are_whole() -> None:
    clock = Clock()
    shortening = Shortening(PER_S, clock=clock)

    assert ids(shortening.split(batch(1, BURST + 2))) == [[1, 2], list(range(3, BURST + 3))]
    assert ids(shortening.split(batch(101, 103))) == [[101, 102, 103], []]
    clock.now_s += 2 / PER_S + 0.001
    assert ids(shortening.split(batch(104, 107))) == [[104, 105], [106, 107]]


def test_in_a_rush_no_more_are_whole_than_can_be_seen_until_they_are_few_enough_again() -> None:
    clock = Clock()
    shortening = Shortening(10 * RUSH_DELIVERIES, clock=clock)

    def whole(count: int, after_s: float) -> int:
        clock.now_s += after_s
        return len(shortening.split(batch(1, count))[1])

    assert whole(100 * RUSH_DELIVERIES, after_s=0) == 5 * RUSH_DELIVERIES
    assert whole(100 * RUSH_DELIVERIES, after_s=0.25) == RUSH_DELIVERIES
    assert whole(3 * RUSH_DELIVERIES, after_s=0.25) == RUSH_DELIVERIES
    assert whole(2 * RUSH_DELIVERIES, after_s=0.25) == 2 * RUSH_DELIVERIES
    assert whole(3 * RUSH_DELIVERIES, after_s=0.25) == 3 * RUSH_DELIVERIES


def test_in_a_rush_deliveries_come_with_their_attempts() -> None:
    clock = Clock()
    shortening = Shortening(10 * RUSH_DELIVERIES, clock=clock)
    pairs = [
        (factories.delivery(id=number), factories.attempt(id=number + 1, delivery_id=number))
        for number in range(1, 8 * RUSH_DELIVERIES, 2)
    ]
    forwarded = Batch([record for pair in pairs for record in pair], is_last=True)
    shortening.split(batch(1, 100 * RUSH_DELIVERIES))
    clock.now_s += 0.25

    short, whole = shortening.split(forwarded)

    assert [*short, *whole] == forwarded.records
    assert len(whole) == 2 * RUSH_DELIVERIES


def test_as_many_as_were_asked_for_are_whole_for_ever() -> None:
    clock = Clock()
    shortening = Shortening(PER_S, clock=clock)

    for number in range(1, 10 * PER_S):
        assert ids(shortening.split(batch(number, number))) == [[], [number]]
        clock.now_s += 1 / PER_S


def test_a_rest_saves_up_no_more_than_a_burst() -> None:
    clock = Clock()
    shortening = Shortening(PER_S, clock=clock)
    clock.now_s += 3600

    assert len(shortening.split(batch(1, 1000))[1]) == BURST


def test_what_has_more_behind_it_is_short() -> None:
    """Whoever catches up with a million is not to be held up by reading any of them."""
    shortening = Shortening(PER_S, clock=Clock())

    assert ids(shortening.split(batch(1, 3, is_last=False))) == [[1, 2, 3], []]
    assert ids(shortening.split(batch(4, 5))) == [[], [4, 5]]


def test_nothing_whole() -> None:
    shortening = Shortening(0, clock=Clock())

    assert ids(shortening.split(batch(1, 2))) == [[1, 2], []]


@pytest.mark.parametrize(
    ("whole_per_s", "is_last", "rests"),
    [(None, True, []), (PER_S, True, [REST_S]), (PER_S, False, []), (0, True, [REST_S])],
)
async def test_whoever_had_enough_rests(
    whole_per_s: int | None, is_last: bool, rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    monkeypatch.setattr("asyncio.sleep", sleep)
    shortening = Shortening(whole_per_s, clock=Clock())
    little = batch(1, 1)
    if whole_per_s:
        shortening.split(little)
        await shortening.rest(little)
        assert slept == []
    much = batch(2, 2 * BURST, is_last=is_last)
    shortening.split(much)
    await shortening.rest(much)

    assert slept == rests

import time
from itertools import islice

import pytest

from inspector.simulate.volley import MOST, Tally, shots, shuffled


def test_every_event_has_its_own_ids_and_each_duplicate_its_number() -> None:
    began_s = int(time.time())

    made = list(shots(3, duplicates=2))

    assert [each.again for each in made] == [0, 1, 2] * 3
    assert [each.unique for each in made] == [made[0].unique] * 3 + [made[3].unique] * 3 + [
        made[6].unique
    ] * 3
    assert len({each.unique for each in made}) == 3
    assert all(began_s <= each.happened_s <= time.time() for each in made)
    assert {each.unique for each in shots(3)}.isdisjoint({each.unique for each in made})


def test_a_million_are_not_made_at_once() -> None:
    """An event happens when it is its turn."""
    endless = shots(MOST, duplicates=1)

    assert [each.again for each in islice(endless, 4)] == [0, 1, 0, 1]


def test_a_seed_makes_one_order() -> None:
    def order(seed: int) -> list[str]:
        return [each.unique.rpartition(".")[2] for each in shuffled(20, 0, seed)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(map(int, order(1))) == list(range(20))
    assert order(1) != [str(each) for each in range(20)]


def test_shuffled_events_happened_one_each_second() -> None:
    """So that a receiver can tell which is the newer."""
    made = sorted(shuffled(5, 1, 7), key=lambda each: (each.happened_s, each.unique))

    assert [int(each.unique.rpartition(".")[2]) for each in made] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert max(each.happened_s for each in made) <= time.time()


def test_of_one_event_the_first_sent_is_the_first() -> None:
    seen: dict[str, int] = {}
    for each in shuffled(10, 3, 1):
        assert each.again == seen.get(each.unique, 0)
        seen[each.unique] = each.again + 1
    assert set(seen.values()) == {4}


def test_what_it_came_to() -> None:
    tally = Tally()
    for status in (200, 204, 302, 401, 500):
        tally.add({"status": status, "duration_us": status})
    tally.unsent += 1

    assert (tally.answered, tally.failed) == (5, 4)
    assert tally.statuses[401] == 1


@pytest.mark.parametrize(
    ("count", "p50", "p99"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (100, 50, 99), (1000, 500, 990)]
)
def test_percentiles_are_of_the_nearest_rank(count: int, p50: int, p99: int) -> None:
    tally = Tally()
    for duration_us in range(count, 0, -1):
        tally.add({"status": 200, "duration_us": duration_us})

    assert (tally.percentile_us(50), tally.percentile_us(99)) == (p50, p99)

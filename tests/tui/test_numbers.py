from hypothesis import given
from hypothesis import strategies as st

from tui.numbers import Numbers


def test_empty() -> None:
    numbers = Numbers()

    assert len(numbers) == 0
    assert numbers.index(1) is None
    assert numbers.place(1) == 0
    assert list(numbers.part(-3, 5)) == []
    numbers.remove([1])
    numbers.remove_below(5)
    assert numbers.add_older([]) == 0


def test_history_comes_before_what_is_there() -> None:
    numbers = Numbers([9, 7])

    assert numbers.add_older([5, 3]) == 2
    assert numbers.add(11)

    assert list(numbers) == [3, 5, 7, 9, 11]
    assert [numbers.index(each) for each in (3, 11, 4, 12)] == [0, 4, None, None]


def test_what_is_there_already_is_not_taken_in_twice() -> None:
    """The feed begins where the store was before the first numbers were read, so both may have some."""
    numbers = Numbers([9, 7])

    assert numbers.add_older([9, 7, 5]) == 1
    assert not numbers.add(9)
    assert not numbers.add(7)

    assert list(numbers) == [5, 7, 9]


def test_what_comes_to_match_late_stands_in_its_place() -> None:
    numbers = Numbers([9, 3])

    assert numbers.add(5)

    assert list(numbers) == [3, 5, 9]


def test_oldest_are_dropped_at_once() -> None:
    numbers = Numbers(range(1, 101))

    numbers.remove_below(51)
    numbers.remove([60, 200])

    assert len(numbers) == 49
    assert numbers[0] == 51


def test_part_is_cut_at_both_ends() -> None:
    numbers = Numbers([1, 2, 3])

    assert list(numbers.part(-5, 2)) == [1, 2]
    assert list(numbers.part(2, 99)) == [3]
    assert list(numbers.part(-5, -1)) == []


@given(
    first=st.sets(st.integers(1, 50)),
    steps=st.lists(st.tuples(st.sampled_from(["add", "older", "remove"]), st.integers(1, 50))),
)
def test_always_sorted_and_each_once(first: set[int], steps: list[tuple[str, int]]) -> None:
    numbers = Numbers(first)
    known = set(first)
    for step, number in steps:
        match step:
            case "add":
                assert numbers.add(number) is (number not in known)
                known.add(number)
            case "older":
                older = {each for each in range(1, number + 1) if not known or each < min(known)}
                assert numbers.add_older(sorted(range(1, number + 1), reverse=True)) == len(older)
                known |= older
            case _:
                numbers.remove([number])
                known.discard(number)
        assert list(numbers) == sorted(known)

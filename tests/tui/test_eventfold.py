"""One line for each event: which that is, what stands beneath it, and that the list holds together at every step."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from inspector.core.found import Repeat
from tests.factories import attempt, delivery, response
from tui.eventfold import FAILED_MAX, EventFold, Standing
from tui.listing import Listing
from tui.numbers import Numbers
from tui.repeats import Repeats
from tui.window import Row

REFUSED = response(status=500)


def listed(count: int = 10, repeats: dict[int, int] | None = None, *failed: int) -> Listing:
    """Return a folded listing of `count` deliveries; `repeats` has the firsts of those whose event came before."""
    found = {3: 2, 5: 2, 8: 2, 9: 7} if repeats is None else repeats
    newest_first = [
        Repeat(each, found[each], each in failed) for each in sorted(found, reverse=True)
    ]
    listing = Listing()
    listing.add_history(range(count, 0, -1), newest_first)
    listing.fold(folded=True)
    return listing


def lines(listing: Listing) -> list[int]:
    """Return what stands on each line, and check that each is found where it stands."""
    shown = [listing.numbers[index] for index in range(len(listing))]
    assert list(listing.numbers.part(0, len(shown) + 5)) == shown
    assert [listing.numbers.index(each) for each in shown] == list(range(len(shown)))
    return shown


def test_empty() -> None:
    listing = Listing()

    listing.fold(folded=True)

    assert lines(listing) == []
    assert listing.toggle(1) is None
    assert not listing.reveal(1)
    assert listing.standing(1) is None


def test_later_deliveries_are_beneath_the_first() -> None:
    listing = listed()

    assert lines(listing) == [1, 2, 4, 6, 7, 10]
    assert listing.standing(2) == Standing(count=4)
    assert listing.standing(7) == Standing(count=2)
    assert listing.standing(4) is None
    assert listing.numbers.index(5) is None

    listing.fold(folded=False)
    assert lines(listing) == list(range(1, 11))
    assert listing.standing(2) is None
    assert listing.toggle(2) is None


def test_an_open_event_has_its_deliveries_beneath_its_line() -> None:
    """Not at the place of their numbers; and any of them closes it again."""
    listing = listed()

    assert listing.toggle(2) == 2
    assert lines(listing) == [1, 2, 3, 5, 8, 4, 6, 7, 10]
    assert listing.toggle(7) == 7
    assert lines(listing) == [1, 2, 3, 5, 8, 4, 6, 7, 9, 10]
    assert listing.standing(5) == Standing(is_beneath=True)
    assert listing.standing(2) == Standing(is_open=True, count=4)
    assert listing.toggle(8) == 2
    assert lines(listing) == [1, 2, 4, 6, 7, 9, 10]
    assert listing.toggle(4) is None


def test_a_place_in_the_fold_is_that_of_its_event() -> None:
    listing = listed()
    listing.toggle(7)

    assert [listing.numbers.place(each) for each in (1, 8, 9, 10, 99)] == [0, 1, 5, 6, 7]


def test_a_repeat_that_comes_adds_no_line_unless_its_event_is_open() -> None:
    listing = listed()

    closed = listing.add_records([delivery(id=11, duplicate_of=4)], following=True)
    listing.toggle(2)
    opened = listing.add_records([delivery(id=12, duplicate_of=2)], following=True)

    assert (closed.added, opened.added) == (0, 1)
    assert lines(listing) == [1, 2, 3, 5, 8, 12, 4, 6, 7, 10]
    assert listing.standing(4) is not None


def test_reveals_what_is_folded_away_and_nothing_else() -> None:
    listing = listed()

    assert [listing.reveal(each) for each in (2, 4, 99)] == [False, False, False]
    assert listing.reveal(5)
    assert not listing.reveal(5)
    assert lines(listing)[:5] == [1, 2, 3, 5, 8]


def test_filter_that_matches_only_repeats() -> None:
    """The first that matches has the line; what does not match is neither shown nor counted."""
    listing = listed()
    listing.show([9, 8, 5])

    assert lines(listing) == [5, 9]
    assert listing.standing(5) == Standing(count=2)
    assert listing.standing(9) is None
    listing.add_matching([2])
    assert lines(listing) == [2, 9]
    assert listing.standing(2) == Standing(count=3)


def test_what_comes_to_match_and_what_no_longer_does() -> None:
    listing = listed()
    listing.show([8])

    assert listing.settle([5, 3, 10], {3, 5, 10}) == 2
    assert lines(listing) == [3, 10]
    assert listing.settle([3, 5], {5}) == 0
    assert lines(listing) == [5, 10]
    assert listing.settle([2], {2}) == 1
    assert lines(listing) == [2, 10]


def test_what_is_new_is_not_listed_before_it_is_known_to_match() -> None:
    listing = listed()
    listing.show([2])

    change = listing.add_records([delivery(id=11), delivery(id=12, duplicate_of=2)], following=True)

    assert change.added == 0
    assert lines(listing) == [2]
    assert listing.standing(2) is None


def test_an_event_whose_first_is_gone() -> None:
    """Pruned, or not yet read: the next one has the line, until an older one comes."""
    listing = listed()
    listing.toggle(2)
    listing.forget({2}, oldest=2)

    assert lines(listing) == [3, 5, 8, 4, 6, 7, 10]
    assert listing.standing(3) == Standing(is_open=True, count=3)

    late = Listing()
    late.fold(folded=True)
    late.add_history([9, 8], [Repeat(9, 2, failed=False), Repeat(8, 2, failed=False)])
    assert lines(late) == [8]
    late.add_history([7, 2])
    assert lines(late) == [2, 7]


def test_failures_beneath_a_line_are_counted() -> None:
    """With the line's own; and only those that are listed."""
    listing = listed(10, None, 5, 8)
    failed = (delivery(id=2), [attempt(id=20, delivery_id=2, result=REFUSED)])
    assert listing.standing(2) == Standing(count=4, failed=2)

    listing.window.add_page([failed])
    assert listing.standing(2) == Standing(count=4, failed=3)
    listing.add_records([attempt(id=21, delivery_id=8)], following=True)
    assert listing.standing(2) == Standing(count=4, failed=2)
    listing.show([8, 3, 2])
    assert listing.standing(2) == Standing(count=3, failed=1)


def test_the_last_delivery_is_read_with_the_line() -> None:
    listing = listed()
    listing.window.add_page([(delivery(id=each), []) for each in (1, 2, 4, 6, 7, 10)])

    assert listing.missing(0, 3) == [8]
    listing.window.add_page([(delivery(id=8), [])])
    assert listing.missing(0, 3) == []
    assert listing.standing(2) == Standing(count=4, newest=Row(delivery(id=8)))
    listing.toggle(2)
    assert listing.missing(0, 5) == [3, 5]


def test_a_thousand_repeats_of_one_event() -> None:
    count = 1001
    repeats = dict.fromkeys(range(2, count + 1), 1)
    listing = listed(count, repeats, *repeats)

    assert lines(listing) == [1]
    assert listing.standing(1) == Standing(count=count, failed=FAILED_MAX)
    listing.toggle(1)
    assert lines(listing) == list(range(1, count + 1))
    listing.add_records([delivery(id=count + 1, duplicate_of=1)], following=True)
    assert lines(listing)[-1] == count + 1


FIRSTS = st.dictionaries(st.integers(2, 30), st.integers(1, 29), max_size=20)
STEPS = st.lists(
    st.tuples(st.sampled_from(["list", "drop", "toggle", "reveal"]), st.integers(1, 30)),
    max_size=15,
)


@given(firsts=FIRSTS, begun=st.sets(st.integers(1, 30)), steps=STEPS)
def test_always_as_if_folded_anew(
    firsts: dict[int, int], begun: set[int], steps: list[tuple[str, int]]
) -> None:
    """Whatever comes and goes: one block for each event, in the order of their first ones."""
    of = {each: first for each, first in firsts.items() if first < each and first not in firsts}
    repeats, numbers, opened = Repeats(), Numbers(begun), set[int]()
    repeats.add_history([Repeat(each, of[each], failed=False) for each in sorted(of, reverse=True)])
    fold = EventFold(repeats)
    fold.lay_out(numbers)
    for step, number in steps:
        first = of.get(number, number)
        match step:
            case "list":
                if numbers.add(number):
                    assert fold.add(number) is (fold.index(number) is not None)
            case "drop":
                numbers.remove([number])
                fold.lay_out(numbers)
            case "toggle":
                if fold.toggle(number) is not None:
                    opened ^= {first}
            case _:
                if fold.reveal(number):
                    opened.add(first)
        assert list(fold.part(0, 99)) == expected(numbers, of, opened)
        assert len(fold) == len(fold.part(0, 99))
        assert all(fold.index(each) == at for at, each in enumerate(fold.part(0, 99)))


def expected(numbers: Numbers, of: dict[int, int], opened: set[int]) -> list[int]:
    by_event = sorted((of.get(each, each), each) for each in numbers)
    events = {
        first: [each for _, each in group]
        for first, group in groupby(by_event, lambda pair: pair[0])
    }
    blocks = [group if first in opened else group[:1] for first, group in events.items()]
    return [each for block in sorted(blocks) for each in block]

from inspector.core.briefs import brief
from tests.factories import attempt, delivery
from tui.listing import Listing
from tui.window import CAPACITY


def listed(count: int = 10) -> Listing:
    listing = Listing()
    listing.add_history(range(count, 0, -1))
    return listing


def test_empty() -> None:
    listing = Listing()

    listing.add_history([])

    assert len(listing) == 0
    assert listing.missing(0, 10) == []
    assert listing.share_above(5) == 1
    assert listing.settle([1], [1]) == 0


def test_rows_that_are_not_at_hand_are_missing() -> None:
    listing = listed()
    listing.window.add_page([(delivery(id=4), []), (delivery(id=5), [])])

    assert listing.missing(2, 6) == [3, 6]
    assert listing.row(4) is not None
    assert listing.row(3) is None


def test_numbers_are_as_wide_as_the_newest_from_the_beginning() -> None:
    assert listed(1234).window.newest == 1234


def test_new_deliveries_are_added_once() -> None:
    listing = listed()

    change = listing.add_records([delivery(id=10), delivery(id=12)], following=True)

    assert change.added == 1
    assert len(listing) == 11


def test_while_one_reads_new_rows_do_not_drive_out_those_in_sight() -> None:
    listing = Listing()
    listing.add_records([delivery(id=n) for n in range(1, CAPACITY + 1)], following=True)

    in_sight = [listing.row(n) for n in range(1, 41)]

    for number in range(5000, 5000 + CAPACITY):
        listing.add_records([delivery(id=number)], following=False)

    assert [listing.row(n) for n in range(1, 41)] == in_sight
    assert listing.row(5000) is None
    assert listing.row(5000 + CAPACITY - 1) is not None, "nothing is to be read to jump there"
    assert len(listing) == 2 * CAPACITY


def test_filter_shows_what_matches_and_keeps_the_rest() -> None:
    listing = listed()

    listing.show([8, 4])
    listing.add_matching([2])

    assert listing.is_filtered
    assert list(listing.numbers) == [2, 4, 8]
    assert listing.share_above(8) == 0.3

    listing.show(None)
    assert len(listing) == 10


def test_what_is_new_is_not_shown_before_it_is_known_to_match() -> None:
    listing = listed()
    listing.show([8])

    change = listing.add_records([delivery(id=12), attempt(id=13, delivery_id=12)], following=True)
    assert change.added == 0
    assert list(listing.numbers) == [8]

    assert listing.settle([12, 8], {12}) == 1
    assert list(listing.numbers) == [12]
    assert len(listing.everything) == 11


def test_settling_twice_adds_nothing() -> None:
    listing = listed()
    listing.show([])

    assert listing.settle([3], {3}) == 1
    assert listing.settle([3], {3}) == 0


def test_gone_deliveries_leave_both_lists_but_the_pinned_row() -> None:
    listing = listed()
    listing.show([8, 4, 3])
    listing.window.add_page([(delivery(id=3), []), (delivery(id=4), [])])
    listing.window.pin(3)

    listing.forget({3, 4}, oldest=5)

    assert list(listing.numbers) == [8]
    assert list(listing.everything) == [5, 6, 7, 8, 9, 10]
    assert listing.row(3) is not None
    assert listing.row(4) is None


def test_what_is_told_in_short_is_listed_and_its_row_missing() -> None:
    listing = listed()

    change = listing.add_records(
        [brief(delivery(id=11)), brief(attempt(id=12, delivery_id=11)), delivery(id=13)],
        following=True,
    )

    assert change.added == 2
    assert listing.missing(10, 12) == [11]
    assert listing.is_missing(11)

from hypothesis import given
from hypothesis import strategies as st

from inspector.core.briefs import brief
from inspector.core.model import Outcome, Record, Verification
from tests.factories import attempt, delivery, request, verdict
from tui.window import UNSEEN, Row, Window


def row(window: Window, number: int) -> Row:
    found = window.get(number)
    assert found is not None
    return found


def test_empty() -> None:
    window = Window()

    assert len(window) == 0
    assert window.newest == 0
    assert window.get(1) is None


def test_newest_counts_what_is_not_a_delivery_too() -> None:
    window = Window()

    window.add_page([(delivery(id=9), [attempt(id=12, delivery_id=9)])])
    assert window.newest == 12

    window.add_records([attempt(id=20, delivery_id=1)])
    assert window.newest == 20

    window.add_records([verdict(id=21, delivery_id=1)])
    assert window.newest == 21


def test_widths_are_those_of_the_longest_ever_seen() -> None:
    window = Window(capacity=1)

    window.add_records([delivery(id=1, endpoint="a-long-one", request=request(method="OPTIONS"))])
    window.add_records([delivery(id=2, endpoint="b", request=request(method="GET"))])

    assert (window.longest_endpoint, window.longest_method) == (10, 7)


def test_attempts_join_their_delivery_in_order() -> None:
    window = Window()
    window.add_page([(delivery(id=1), [attempt(id=4, delivery_id=1, number=2)])])

    updated = window.add_records(
        [attempt(id=3, delivery_id=1, number=1), attempt(id=5, delivery_id=99, number=1)]
    )

    assert updated == {1}
    assert [each.id for each in row(window, 1).attempts] == [3, 4]
    assert row(window, 1).last_attempt is row(window, 1).attempts[-1]


def test_verdict_becomes_its_deliverys() -> None:
    """With the provider by whose scheme it was checked; the attempts stay."""
    window = Window()
    window.add_page([(delivery(id=1), [attempt(id=2, delivery_id=1)]), (delivery(id=3), [])])
    stale = Verification(Outcome.STALE, "too old")

    updated = window.add_records(
        [
            verdict(id=4, delivery_id=1),
            verdict(id=5, delivery_id=99),
            verdict(id=6, delivery_id=1, provider="svix", verification=stale),
        ]
    )

    checked = row(window, 1)
    assert updated == {1}
    assert (checked.delivery.provider, checked.delivery.verification) == ("svix", stale)
    assert len(checked.attempts) == 1
    assert row(window, 3).delivery == delivery(id=3)
    assert window.get(99) is None


def test_the_same_record_twice_changes_nothing() -> None:
    window = Window()
    records: list[Record] = [
        delivery(id=1),
        attempt(id=2, delivery_id=1, number=1),
        verdict(id=3, delivery_id=1),
    ]
    window.add_records(records)

    assert window.add_records(records) == frozenset()
    assert len(row(window, 1).attempts) == 1


def test_row_that_was_not_looked_at_for_longest_leaves_first() -> None:
    window = Window(capacity=3)
    window.add_page([(delivery(id=number), []) for number in (1, 2, 3)])

    window.get(1)
    window.add_page([(delivery(id=4), [])])

    assert [number in window for number in (1, 2, 3, 4)] == [True, False, True, True]


def test_rows_in_sight_stay_and_of_what_is_new_the_newest_are_at_hand() -> None:
    window = Window(capacity=UNSEEN + 10)
    in_sight = range(1, 11)
    window.add_page([(delivery(id=number), []) for number in in_sight])

    for number in range(11, 1000):
        window.add_records([delivery(id=number)], keep=True)

    assert all(number in window for number in in_sight)
    newest = range(1000 - UNSEEN, 1000)
    assert all(number in window for number in newest)
    assert len(window) == len(in_sight) + len(newest)


def test_what_is_new_and_has_been_looked_at_stays_like_anything_else() -> None:
    window = Window()
    window.add_records([delivery(id=1), delivery(id=2)], keep=True)
    window.get(1)
    window.pin(2)

    window.add_records([delivery(id=number) for number in range(3, 1000)], keep=True)

    assert 1 in window
    assert 2 in window
    assert 3 not in window


def test_pinned_delivery_stays_at_hand() -> None:
    """What a person reads keeps its row and gets its new attempts, though the list has moved on."""
    window = Window(capacity=2)
    window.add_records([delivery(id=1)])
    window.pin(1)
    window.add_records([delivery(id=2), delivery(id=3)])

    updated = window.add_records(
        [attempt(id=4, delivery_id=1, number=1), verdict(id=5, delivery_id=1)]
    )

    assert updated == {1}
    assert len(row(window, 1).attempts) == 1
    assert row(window, 1).delivery.verification.outcome is Outcome.VERIFIED

    window.forget([1, 3])
    assert 1 in window
    assert 3 not in window


def test_what_the_feed_tells_while_a_row_is_read_is_not_lost() -> None:
    """The page may have been read before the commit that the feed has told of since."""
    window = Window()
    window.expect([1, 2])

    window.add_records([attempt(id=5, delivery_id=1), verdict(id=6, delivery_id=1)])
    window.add_records([attempt(id=7, delivery_id=9)])
    window.add_page([(delivery(id=1), []), (delivery(id=2), [])])

    assert [each.id for each in row(window, 1).attempts] == [5]
    assert row(window, 1).delivery.verification.outcome is Outcome.VERIFIED
    assert row(window, 2).attempts == ()


def test_row_read_again_keeps_the_attempts_it_had() -> None:
    window = Window()
    window.add_page([(delivery(id=1), [attempt(id=5, delivery_id=1)])])

    window.add_page([(delivery(id=1), [])])

    assert len(row(window, 1).attempts) == 1


@given(
    capacity=st.integers(1, 5),
    batches=st.lists(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)))),
    pinned=st.integers(1, 30),
)
def test_never_more_than_its_capacity(
    capacity: int, batches: list[list[tuple[int, int]]], pinned: int
) -> None:
    window = Window(capacity)
    window.pin(pinned)
    for batch in batches:
        had_pinned = pinned in window
        records: list[Record] = [
            attempt(id=100 + of, delivery_id=of) if of else delivery(id=number)
            for number, of in batch
        ]
        window.add_records(records)

        assert len(window) <= capacity
        assert pinned in window or not had_pinned


def test_row_of_which_something_was_told_in_short_is_read_again() -> None:
    """It is shown on meanwhile; what is told while it is being read may not be in it either."""
    window = Window()
    tried, again = attempt(id=2, delivery_id=1), attempt(id=3, delivery_id=1, number=2)
    window.add_records([delivery(id=1)])
    assert 1 in window

    assert window.add_records([brief(tried), brief(verdict(id=9, delivery_id=7))]) == frozenset()
    assert (1 in window, row(window, 1).attempts) == (False, ())
    window.expect([1])
    window.add_records([brief(again)])
    window.add_page([(delivery(id=1), [tried])])
    assert 1 not in window
    window.expect([1])
    window.add_page([(delivery(id=1), [tried, again])])

    assert 1 in window
    assert row(window, 1).attempts == (tried, again)


def test_delivery_in_short_is_no_row() -> None:
    window = Window()

    window.add_records([brief(delivery(id=4))])

    assert (window.newest, len(window), 4 in window) == (4, 0, False)


def test_row_that_comes_again_after_it_left_is_whole() -> None:
    """That something was missing of it is forgotten with it."""
    window = Window(capacity=1)
    window.add_records([delivery(id=1), brief(attempt(id=2, delivery_id=1)), delivery(id=3)])
    window.add_records([delivery(id=1)])

    assert 1 in window
    window.add_records([brief(attempt(id=4, delivery_id=1))])
    window.forget([1])
    window.add_records([delivery(id=1)])
    assert 1 in window

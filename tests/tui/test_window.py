from hypothesis import given
from hypothesis import strategies as st

from inspector.core.model import Delivery, Outcome, Record, Verification
from tests.factories import attempt, delivery, verdict
from tui.window import Window


def ids(window: Window) -> list[int]:
    return [row.delivery.id for row in window]


def test_empty() -> None:
    window = Window()

    assert len(window) == 0
    assert window.newest == 0
    assert window.index(1) is None
    assert window.get(1) is None


def test_pages_and_records_end_up_oldest_first() -> None:
    window = Window()

    window.add_page([(delivery(id=9), []), (delivery(id=7), [])])
    window.add_page([(delivery(id=5), []), (delivery(id=3), [])])
    change = window.add_records([delivery(id=11)])

    assert ids(window) == [3, 5, 7, 9, 11]
    assert change.added == 1
    assert [window.index(each) for each in (3, 11, 4, 12)] == [0, 4, None, None]


def test_newest_counts_what_is_not_a_delivery_too() -> None:
    """The feed goes on after the highest number seen, whatever it numbers."""
    window = Window()

    window.add_page([(delivery(id=9), [attempt(id=12, delivery_id=9)])])
    assert window.newest == 12

    window.add_records([attempt(id=20, delivery_id=1)])
    assert window.newest == 20

    window.add_records([verdict(id=21, delivery_id=1)])
    assert window.newest == 21


def test_attempts_join_their_delivery_in_order() -> None:
    window = Window()
    window.add_page([(delivery(id=1), [attempt(id=4, delivery_id=1, number=2)])])

    change = window.add_records(
        [attempt(id=3, delivery_id=1, number=1), attempt(id=5, delivery_id=99, number=1)]
    )

    assert change.updated == {1}
    assert [each.id for each in window[0].attempts] == [3, 4]
    assert window[0].last_attempt is window[0].attempts[-1]


def test_verdict_becomes_its_deliverys() -> None:
    """With the provider by whose scheme it was checked; the attempts stay."""
    window = Window()
    window.add_page([(delivery(id=1), [attempt(id=2, delivery_id=1)]), (delivery(id=3), [])])
    stale = Verification(Outcome.STALE, "too old")

    change = window.add_records(
        [
            verdict(id=4, delivery_id=1),
            verdict(id=5, delivery_id=99),
            verdict(id=6, delivery_id=1, provider="svix", verification=stale),
        ]
    )

    assert change.updated == {1}
    assert (window[0].delivery.provider, window[0].delivery.verification) == ("svix", stale)
    assert len(window[0].attempts) == 1
    assert window[1].delivery == delivery(id=3)
    assert window.get(99) is None


def test_the_same_record_twice_changes_nothing() -> None:
    window = Window()
    records: list[Record] = [
        delivery(id=1),
        attempt(id=2, delivery_id=1, number=1),
        verdict(id=3, delivery_id=1),
    ]
    window.add_records(records)

    change = window.add_records(records)

    assert (change.added, change.updated) == (0, frozenset())
    assert len(window[0].attempts) == 1


def test_oldest_leave_when_it_is_full() -> None:
    window = Window(capacity=3)

    window.add_records([delivery(id=number) for number in (1, 2, 3)])
    assert not window.is_partial
    change = window.add_records([delivery(id=number) for number in (4, 5)])

    assert ids(window) == [3, 4, 5]
    assert change.dropped == 2
    assert window.is_partial


def test_pinned_delivery_stays_at_hand() -> None:
    """What a person reads keeps its row and gets its new attempts, though the list has moved on."""
    window = Window(capacity=2)
    window.add_records([delivery(id=1)])
    window.pin(1)
    window.add_records([delivery(id=2), delivery(id=3)])

    change = window.add_records(
        [attempt(id=4, delivery_id=1, number=1), verdict(id=5, delivery_id=1)]
    )
    row = window.get(1)

    assert ids(window) == [2, 3]
    assert window.index(1) is None
    assert change.updated == {1}
    assert row is not None
    assert len(row.attempts) == 1
    assert row.delivery.verification.outcome is Outcome.VERIFIED

    window.pin(2)
    assert window.get(1) is None


@given(
    capacity=st.integers(1, 5),
    batches=st.lists(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)))),
    pinned=st.integers(1, 30),
)
def test_never_more_than_its_capacity_and_always_sorted(
    capacity: int, batches: list[list[tuple[int, int]]], pinned: int
) -> None:
    window = Window(capacity)
    window.pin(pinned)
    for batch in batches:
        before = len(window)
        records: list[Record] = [
            attempt(id=100 + of, delivery_id=of) if of else delivery(id=number)
            for number, of in batch
        ]
        change = window.add_records(records)

        assert len(window) == before + change.added - change.dropped <= capacity
        assert ids(window) == sorted(set(ids(window)))
        assert all(window.index(row.delivery.id) == index for index, row in enumerate(window))
        assert isinstance(window.get(pinned) or delivery(), object)
        assert all(isinstance(row.delivery, Delivery) for row in window)

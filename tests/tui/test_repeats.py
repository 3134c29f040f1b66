from inspector.core.briefs import Brief, Kind
from inspector.core.found import Repeat
from tests.factories import attempt, delivery, response
from tui.repeats import Repeats

REFUSED = response(status=500)


def known() -> Repeats:
    """Return what is known of deliveries 2 to 9, of which 3, 5 and 8 repeat 2, and 9 repeats one that is gone."""
    repeats = Repeats()
    repeats.add_history([Repeat(9, 1, failed=False), Repeat(8, 2, failed=True)])
    repeats.add_history([Repeat(5, 2, failed=True), Repeat(3, 2, failed=False)])
    return repeats


def test_empty() -> None:
    repeats = Repeats()

    repeats.add_history([])
    repeats.add_records([delivery(id=3), attempt(id=4, delivery_id=3, result=REFUSED)])
    repeats.forget({3}, oldest=4)

    assert list(repeats) == []
    assert repeats.first(3) == 3
    assert list(repeats.failed(3)) == []


def test_history_comes_newest_first() -> None:
    repeats = known()

    assert list(repeats) == [(3, 2), (5, 2), (8, 2), (9, 1)]
    assert [repeats.first(number) for number in (2, 3, 4, 9, 99)] == [2, 2, 4, 1, 99]
    assert repeats.failed(2) == {5, 8}


def test_what_the_feed_tells_again_is_not_taken_in_twice() -> None:
    repeats = known()

    again = [delivery(id=8, duplicate_of=2), delivery(id=9, duplicate_of=1)]
    repeats.add_records([*again, delivery(id=10), delivery(id=11, duplicate_of=10)])

    assert list(repeats)[3:] == [(9, 1), (11, 10)]


def test_what_claims_to_repeat_itself_or_a_later_one_repeats_nothing() -> None:
    """No inspector says so, but its file may be spoilt."""
    repeats = Repeats()

    repeats.add_history([Repeat(9, 9, failed=True), Repeat(8, 10, failed=True)])
    repeats.add_records([delivery(id=11, duplicate_of=11)])

    assert list(repeats) == []


def test_what_came_last_counts() -> None:
    """Of repeats only: an event's first delivery has its own line, with its own result."""
    repeats = known()

    repeats.add_records(
        [
            attempt(id=20, delivery_id=5),
            attempt(id=21, delivery_id=9, result=REFUSED),
            attempt(id=22, delivery_id=2, result=REFUSED),
        ]
    )

    assert repeats.failed(2) == {8}
    assert repeats.failed(1) == {9}


def test_what_is_gone_is_let_go() -> None:
    repeats = known()

    repeats.forget({8}, oldest=5)

    assert list(repeats) == [(5, 2), (8, 2), (9, 1)]  # 8 is listed no longer, which is enough
    assert repeats.failed(2) == {5}
    repeats.forget((), oldest=9)
    assert repeats.failed(2) == ()


def test_in_short_it_is_the_same() -> None:
    repeats = known()

    repeats.add_records(
        [
            Brief(10, Kind.DELIVERY, 10, 0, failed=True, duplicate_of=2),
            Brief(11, Kind.ATTEMPT, 10, 0, failed=True, duplicate_of=None),
            Brief(12, Kind.REPLAY, 5, 0, failed=False, duplicate_of=None),
            Brief(13, Kind.VERDICT, 8, 0, failed=False, duplicate_of=None),
            Brief(14, Kind.DELIVERY, 14, 0, failed=False, duplicate_of=14),
        ]
    )

    assert list(repeats)[4:] == [(10, 2)]
    assert repeats.failed(2) == {8, 10}

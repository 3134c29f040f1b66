import pytest

from inspector.core import duplicates
from tests.factories import delivery

FIRST = delivery(id=12, event_id="evt_1", attempt_id="dlv_1")


@pytest.mark.parametrize(
    ("attempt_id", "said"),
    [
        ("dlv_1", "of #12: the same delivery again"),
        ("dlv_2", "of #12: sent again by the provider"),
        ("DLV_1", "of #12: sent again by the provider"),
        (None, "of #12: the same event again"),
    ],
)
def test_the_attempt_id_tells_a_retry_from_a_copy(attempt_id: str | None, said: str) -> None:
    again = delivery(id=13, event_id="evt_1", attempt_id=attempt_id, duplicate_of=12)

    assert duplicates.sentence(again, FIRST) == said


def test_a_first_without_an_attempt_id_tells_nothing() -> None:
    again = delivery(id=13, attempt_id="dlv_1", duplicate_of=12)

    assert duplicates.sentence(again, delivery(id=12)) == "of #12: the same event again"


def test_a_first_that_is_gone_is_said_to_be() -> None:
    again = delivery(id=13, attempt_id="dlv_1", duplicate_of=12)

    assert duplicates.sentence(again, None) == (
        "of #12: its event came before, in a delivery that is no longer stored"
    )


def test_what_is_held_says_so() -> None:
    again = delivery(id=13, attempt_id="dlv_1", duplicate_of=12, duplicate_held=True)

    assert duplicates.mark(again) == "held: duplicate of #12"
    assert duplicates.sentence(again, FIRST) == (
        "of #12: the same delivery again; held, not forwarded"
    )


def test_a_delivery_like_any_other_has_no_mark() -> None:
    assert duplicates.mark(FIRST) is None
    assert duplicates.sentence(FIRST, None) is None
    assert duplicates.mark(delivery(id=13, duplicate_of=12)) == "dup of #12"

"""What a replay changed, against the attempt before it."""

import pytest

from inspector.core.model import Attempt, Failure, FailureKind, Trigger
from inspector.core.turns import Replayed, Turn, is_same_answer, turns, wants_bodies
from tests.factories import attempt, headers, response

OK = attempt(id=1, result=response())
BAD = attempt(id=2, result=response(status=500))
REFUSED = attempt(id=3, result=Failure(FailureKind.REFUSED, "nobody listens"))
LATE = attempt(id=4, result=Failure(FailureKind.TIMEOUT, "30 s"))


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (BAD, OK, Turn.FIXED),
        (REFUSED, OK, Turn.FIXED),
        (OK, BAD, Turn.REGRESSED),
        (OK, REFUSED, Turn.REGRESSED),
        (OK, OK, Turn.SAME),
        (BAD, REFUSED, Turn.SAME),
    ],
)
def test_turn(before: Attempt, after: Attempt, turn: Turn) -> None:
    assert Replayed(after, before).turn is turn


def test_first_attempt_changes_nothing() -> None:
    assert (Replayed(OK).turn, Replayed(OK).said) == (None, "")
    assert turns([]) == turns([OK]) == {}


def test_only_replays_have_one() -> None:
    made = [
        BAD,
        attempt(id=5, trigger=Trigger.RETRY, result=response(status=500)),
        attempt(id=6, trigger=Trigger.REPLAY),
        attempt(id=7, trigger=Trigger.REPLAY),
        attempt(id=8, trigger=Trigger.REPLAY, result=LATE.result),
    ]
    assert turns(made) == {6: Turn.FIXED, 7: Turn.SAME, 8: Turn.REGRESSED}


@pytest.mark.parametrize(
    ("other", "wants"),
    [
        (
            attempt(
                result=response(headers=headers(("Content-Type", "text/plain"), ("Date", "x")))
            ),
            True,
        ),
        (attempt(result=response(status=204)), False),
        (attempt(result=response(body_bytes=3)), False),
        (attempt(result=response(headers=headers(("Content-Type", "text/html")))), False),
        (REFUSED, False),
    ],
)
def test_only_where_all_else_is_the_same_bodies_are_asked_for(other: Attempt, wants: bool) -> None:
    assert wants_bodies(OK, other) is wants
    assert is_same_answer(OK, other, (b"ok", b"ok")) is wants
    assert not is_same_answer(OK, other, (b"ok", b"no"))


def test_answers_without_a_body_and_failures() -> None:
    empty = attempt(result=response(body=b"", body_bytes=0))
    assert not wants_bodies(empty, empty)
    assert is_same_answer(empty, empty)
    assert is_same_answer(REFUSED, REFUSED)
    assert not is_same_answer(REFUSED, LATE)


def test_it_is_said_in_a_few_words() -> None:
    assert Replayed(OK, BAD).said == "fixed"
    assert Replayed(OK, OK, is_same_answer=True).said == "same"
    assert Replayed(BAD, REFUSED).said == "same, another answer"

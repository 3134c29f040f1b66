import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.briefs import Brief, Kind, brief, briefs_from_json, briefs_to_json
from inspector.core.model import Attempt, Delivery, Outcome, Trigger, Verification
from tests.factories import attempt, delivery, response, verdict

REFUSED = response(status=500)
MISMATCH = Verification(Outcome.MISMATCH, "no")


@pytest.mark.parametrize(
    ("record", "short"),
    [
        (
            delivery(id=7, received_at_us=5, duplicate_of=3),
            Brief(7, Kind.DELIVERY, 7, 5, failed=False, duplicate_of=3),
        ),
        (
            delivery(id=7, received_at_us=5, verification=MISMATCH),
            Brief(7, Kind.DELIVERY, 7, 5, failed=True, duplicate_of=None),
        ),
        (
            delivery(id=7, received_at_us=5, verification=MISMATCH, handshake="answered"),
            Brief(7, Kind.DELIVERY, 7, 5, failed=False, duplicate_of=None),
        ),
        (
            attempt(id=8, delivery_id=7, started_at_us=6, trigger=Trigger.RETRY, result=REFUSED),
            Brief(8, Kind.ATTEMPT, 7, 6, failed=True, duplicate_of=None),
        ),
        (
            attempt(id=8, delivery_id=7, started_at_us=6, trigger=Trigger.REPLAY),
            Brief(8, Kind.REPLAY, 7, 6, failed=False, duplicate_of=None),
        ),
        (
            verdict(id=9, delivery_id=7, checked_at_us=6, verification=MISMATCH),
            Brief(9, Kind.VERDICT, 7, 6, failed=False, duplicate_of=None),
        ),
    ],
)
def test_what_is_left_of_a_record(record: Delivery | Attempt, short: Brief) -> None:
    assert brief(record) == short


NUMBERS = st.integers(0, 2**63 - 1)
BRIEFS = st.builds(
    Brief, NUMBERS, st.sampled_from(Kind), NUMBERS, NUMBERS, st.booleans(), st.none() | NUMBERS
)


@given(st.lists(BRIEFS))
def test_over_the_wire_and_back(briefs: list[Brief]) -> None:
    assert briefs_from_json(json.loads(json.dumps(briefs_to_json(briefs)))) == briefs


@pytest.mark.parametrize("spoilt", [[], [1], [1, "rumour", 1, 1, False, None], [1, "verdict", 1]])
def test_what_is_no_brief(spoilt: list[object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        briefs_from_json({"briefs": [spoilt]})

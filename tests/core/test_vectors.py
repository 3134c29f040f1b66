"""Signatures made and judged by libraries nobody here wrote; see tests/vectors/README.md."""

from collections import Counter
from typing import Any

import pytest

from inspector import providers
from inspector.core.model import Outcome
from tests.signatures import CASES, judged

BUILT_IN = providers.load()


def test_copy_is_whole() -> None:
    assert Counter(case["class"] for case in CASES) == {"core": 209, "policy": 6}
    assert len({case["provider"] for case in CASES}) == 49
    assert {case["provider"] for case in CASES} <= set(BUILT_IN)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_our_files_agree(case: dict[str, Any]) -> None:
    """What other libraries call valid is verified, and nothing else is."""
    found = judged(case)

    assert (found.outcome is Outcome.VERIFIED) == (case["expect"] == "valid"), found.detail


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("signature_header_missing", Outcome.MISSING),
        ("token_missing", Outcome.MISSING),
        ("authorization_missing", Outcome.MISSING),
        ("signature_block_missing", Outcome.MISSING),
        ("timestamp_header_missing", Outcome.MISSING),
        ("signature_header_empty", Outcome.MALFORMED),
        ("header_unparsable", Outcome.MALFORMED),
        ("timestamp_not_a_number", Outcome.MALFORMED),
        ("timestamp_empty_and_signed_as_empty", Outcome.MALFORMED),
        ("timestamp_one_day_old", Outcome.STALE),
        ("timestamp_just_outside_tolerance", Outcome.STALE),
        ("iat_too_old", Outcome.STALE),
        ("created_too_old:ed25519", Outcome.STALE),
        ("timestamp_changed", Outcome.MISMATCH),
        ("wrong_secret", Outcome.MISMATCH),
        ("wrong_public_key", Outcome.MISMATCH),
        ("body_bit_flipped", Outcome.MISMATCH),
        ("body_emptied", Outcome.MISMATCH),
        ("signature_hex_upper_case", Outcome.MISMATCH),
        ("url_query_added", Outcome.MISMATCH),
    ],
)
def test_reason_has_its_outcome(reason: str, outcome: Outcome) -> None:
    """Why a case is invalid decides which verdict it gets."""
    cases = [case for case in CASES if case["reason"] == reason]

    assert cases
    assert {judged(case).outcome for case in cases} == {outcome}


def test_no_verdict_tells_a_secret() -> None:
    """No sentence holds the secret, or a signature that would have been right."""
    for case in CASES:
        found = judged(case)

        assert not case["secret"] or case["secret"] not in found.detail
        for _name, value in case["headers"]:
            assert len(value) < 16 or value not in found.detail

"""Signatures made and judged by libraries nobody here wrote; see tests/vectors/README.md."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider
from inspector.core.verification import verify
from tests.signatures import CASES, REFERENCE, TABLES

BUILT_IN = providers.load()


def judged(provider: Provider, case: Mapping[str, Any]) -> Verification:
    _, _, rest = case["url"].partition("://")
    _, slash, target = rest.partition("/")
    request = Request(
        method=case["method"],
        target=(slash + target).encode(),
        headers=Headers(tuple((name.encode(), value.encode()) for name, value in case["headers"])),
        body=base64.b64decode(case["body_base64"]),
    )
    return verify(
        provider,
        request,
        [case["secret"]],
        now_s=case["now"],
        url=case["url"],
        tolerance_s=case.get("tolerance"),
    )


def test_copy_is_whole() -> None:
    """Every scheme that needs data only is here, and all of its cases."""
    assert len(TABLES) == 47
    assert len(CASES) == 193
    assert {case["provider"] for case in CASES} <= set(TABLES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_reference_table_agrees(case: dict[str, Any]) -> None:
    """The schema expresses the scheme: what other libraries call valid is verified, and nothing else is."""
    found = judged(REFERENCE[case["provider"]], case)

    assert (found.outcome is Outcome.VERIFIED) == (case["expect"] == "valid"), found.detail


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["provider"] in BUILT_IN],
    ids=[case["id"] for case in CASES if case["provider"] in BUILT_IN],
)
def test_built_in_provider_agrees(case: dict[str, Any]) -> None:
    """So do the product's own files."""
    found = judged(BUILT_IN[case["provider"]], case)

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
    assert {judged(REFERENCE[case["provider"]], case).outcome for case in cases} == {outcome}


def test_no_verdict_tells_a_secret() -> None:
    """No sentence holds the secret, or a signature that would have been right."""
    for case in CASES:
        found = judged(REFERENCE[case["provider"]], case)

        assert case["secret"] not in found.detail
        for _name, value in case["headers"]:
            assert len(value) < 16 or value not in found.detail
